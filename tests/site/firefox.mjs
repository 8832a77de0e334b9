// Reads pages in Firefox, as the test asks on the command line in JSON, and prints what it saw.
import puppeteer from "puppeteer-core";

const { firefox, address, paths, widths } = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox });
const problems = [];

// A page, and all that goes wrong on it.
const open = async (path, width) => {
  const page = await browser.newPage();
  const wrong = (what) => problems.push(`${path} (${width}): ${what}`);
  page.on("console", (message) => wrong(message.text()));
  page.on("pageerror", (error) => wrong(error.message));
  page.on("requestfailed", (request) => wrong(`no ${request.url()}`));
  await page.setViewport({ width, height: 800 });
  await page.goto(address + path);
  const { over, broken } = await page.evaluate(() => ({
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    broken: [...document.images].filter((i) => i.loading !== "lazy" && !i.naturalWidth).length,
  }));
  if (over > 0) wrong(`${over} pixels wider than the window`);
  if (broken) wrong(`${broken} broken pictures`);
  // What is left behind, as an icon that is still on its way, is no failure.
  page.removeAllListeners("requestfailed");
  return page;
};

for (const width of widths) {
  for (const path of paths) await (await open(path, width)).close();
}

const page = await open("", 1280);
const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light = await paper();
await page.click(".palette label:last-of-type");
const chosen = await paper();
await page.reload();
const remembered = await paper();
await page.goto(`${address}search/`);
await page.type("input[type=search]", "집합을");
const result = await page.waitForSelector("mark");
const found = await result.evaluate((mark) => mark.textContent);
await browser.close();
console.log(JSON.stringify({ problems, papers: [light, chosen, remembered], found }));
