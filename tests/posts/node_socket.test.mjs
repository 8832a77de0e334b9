// The modules beside the post on WebSocket and socket.io.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { afterEach, test } from "node:test";

const posts = new URL("../../posts/node-socket/", import.meta.url);
const load = (name) => import(new URL(name, posts).href);
const { drawing, grid, sequence } = await load("drawings.mjs");
const { lanes, tradeoff } = await load("figures.mjs");
const { recordPackets } = await load("packets.mjs");
const { tap } = await load("tap.mjs");

/** Whether the elements of an SVG are closed in the order they were opened. */
function assertWellFormed(svg) {
  const open = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close) assert.equal(open.pop(), name);
    else if (!self) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(svg, /NaN|undefined/);
}

const running = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

async function listening(server) {
  running.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

test("a tap passes every byte on, both ways, and keeps a copy", async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  // It answers when all has been said, on a connection that is closed by halves.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => socket.end(Buffer.concat(chunks).reverse()));
  });
  const relay = await tap(await listening(server));
  running.unshift(relay);
  const client = connect({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
  client.end(all);
  const received = [];
  for await (const chunk of client) received.push(chunk);
  const reversed = Buffer.from(all).reverse();
  assert.deepEqual(Buffer.concat(received), reversed);
  assert.deepEqual(relay.up, all);
  assert.deepEqual(relay.down, reversed);
  relay.clear();
  assert.equal(relay.up.length + relay.down.length, 0);
});

test("closing a tap ends the connections through it", async () => {
  const server = createServer((socket) => socket.on("error", () => {}));
  const relay = await tap(await listening(server));
  const client = connect(relay.port, "127.0.0.1");
  await once(client, "connect");
  const ended = once(client, "close");
  client.resume();
  await relay.close();
  await ended;
});

test("packets have a client's name, a direction, and no ids", async () => {
  const require = createRequire(new URL("package.json", posts));
  const { Server } = require("socket.io");
  const { io } = require("socket.io-client");
  const http = createHttpServer();
  const server = new Server(http);
  const packets = recordPackets(server);
  const port = await listening(http);
  running.unshift(server);
  const options = { transports: ["websocket"], reconnection: false, auth: { name: "ann" } };
  const socket = io(`http://127.0.0.1:${port}`, options);
  server.on("connection", (peer) => peer.on("ask", (text, done) => done(`${text}!`)));
  assert.equal(await socket.emitWithAck("ask", "well"), "well!");
  assert.deepEqual(
    packets.map(({ client, sent, text }) => [client, sent, text]),
    [
      ["ann", false, '40{"name":"ann"}'],
      ["ann", true, '40{"sid":"…"}'],
      ["ann", false, '420["ask","well"]'],
      ["ann", true, '430["well!"]'],
    ],
  );
  socket.disconnect();
});

test("a sequence diagram has a line for everybody and a text for every message", () => {
  const svg = sequence(
    ["a", "b"],
    [
      { from: "a", to: "b", text: 'is <1> & "2"?' },
      { from: "b", to: "a", text: "yes", soft: true },
      { from: "b", to: "b", text: "a remark" },
    ],
  ).toSvg();
  assertWellFormed(svg);
  assert.equal(svg.match(/class="life"/g).length, 2);
  assert.equal(svg.match(/class="arrow/g).length, 2);
  assert.match(svg, /is &lt;1&gt; &amp; "2"\?/);
});

test("an arrow points to whom the message is for", () => {
  const tips = (from, to) => {
    const svg = sequence(["a", "b"], [{ from, to, text: "" }], { gap: 100, margin: 20 }).toSvg();
    return /translate\((\d+) [\d.]+\) rotate\(([\d.]+)\)/.exec(svg).slice(1);
  };
  assert.deepEqual(tips("a", "b"), ["120", "0.0"]);
  assert.deepEqual(tips("b", "a"), ["20", "180.0"]);
});

test("a message from somebody who is not in the diagram is an error", () => {
  assert.throws(() => sequence(["a"], [{ from: "a", to: "c", text: "" }]), /"c"/);
});

test("a grid has a large dot exactly where something is the case", () => {
  const svg = grid(["x", "y"], { "one <row>": { x: 2, y: 0 }, other: { x: false, y: true } }).toSvg();
  assertWellFormed(svg);
  assert.equal(svg.match(/r="7"/g).length, 2);
  assert.equal(svg.match(/r="1.5"/g).length, 2);
});

test("lanes show the exchanges and arrivals of their span only", () => {
  const exchanges = [
    { asked: 10, answered: 10, news: 0 },
    { asked: 20, answered: 20, news: 1 },
    { asked: 70, answered: 70, news: 1 },
  ];
  const svg = lanes([15, 65], [{ name: "polling", exchanges }], 0, 60).toSvg();
  assertWellFormed(svg);
  assert.equal(svg.match(/<circle/g).length, 1);
  assert.equal(svg.match(/class="arrow/g).length, 4);
  assert.equal(svg.match(/class="arrow accent"/g).length, 1);
});

test("the trade-off puts more bytes higher and more delay further right", () => {
  const points = [
    { name: "polling, 1 s", delay: 0.5, bytes: 1e5 },
    { name: "polling, 10 s", delay: 5, bytes: 1e4 },
    { name: "WebSocket", delay: 0, bytes: 2e3 },
  ];
  const svg = tradeoff(points).toSvg();
  assertWellFormed(svg);
  const dots = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map((dot) => dot.slice(1).map(Number));
  assert.ok(dots[0][0] < dots[1][0] && dots[2][0] < dots[0][0]);
  assert.ok(dots[0][1] < dots[1][1] && dots[1][1] < dots[2][1]);
});

test("the trade-off's names stand clear of its curve", () => {
  const ways = [[0.26, 280e3], [0.5, 140e3], [1, 70e3], [2.4, 28e3], [5.1, 14e3], [15.6, 5.3e3]];
  const points = ways.map(([delay, bytes], n) => ({ name: `polling, ${n} s`, delay, bytes }));
  const svg = tradeoff(points).toSvg();
  const curve = [...svg.matchAll(/d="M([^"]*)"/g)].at(-1)[1].split("L");
  const corners = curve.map((corner) => corner.split(" ").map(Number));
  const names = [...svg.split("</g>")[1].matchAll(/<text class="" x="(.*?)" y="(.*?)" text-anchor="(.*?)"/g)];
  assert.equal(names.length, points.length);
  for (const [, x, y, anchor] of names) {
    const left = Number(x) - (anchor === "end" ? 84 : 0); // about as wide as a name is, 14 px high
    for (const [[x1, y1], [x2, y2]] of corners.slice(1).map((to, n) => [corners[n], to]))
      for (let along = 0; along <= 1; along += 0.01) {
        const [at, height] = [x1 + along * (x2 - x1), y1 + along * (y2 - y1)];
        const hit = at > left && at < left + 84 && height > y - 11 && height < Number(y) + 3;
        assert.ok(!hit, `the curve runs through the name at ${x}, ${y}`);
      }
  }
});

test("drawings follow the reader's light and dark, and have room for names in lines", () => {
  const messages = [{ from: "a", to: "a", text: "a remark" }];
  const svg = sequence(["a"], messages).toSvg();
  assertWellFormed(svg);
  assert.match(drawing(10, 20, []).toSvg(), /viewBox="0 0 10 20"/);
  assert.match(svg, /prefers-color-scheme: dark/);
  const painted = svg.replace(/<mask.*?<\/mask>/s, "");
  assert.equal(painted.match(/a remark/g).length, 1);
  assert.match(svg, /<mask id="room".*a remark.*<\/mask><g mask="url\(#room\)">\s*<path class="life"/s);
});

test("the ground of a drawing is not seen on paper, and makes it readable where the dark is not known", () => {
  const svg = drawing(10, 20, []).toSvg();
  assert.doesNotMatch(svg, /<rect/);
  const [light, dark] = svg.split("@media (prefers-color-scheme: dark)");
  assert.match(dark, /background: none;/);
  const numbers = (hex) => hex.match(/../g).map((digits) => parseInt(digits, 16));
  const [red, green, blue, alpha] = numbers(/background: #([0-9a-f]{8});/.exec(light)[1]);
  const on = (page) =>
    numbers(page).map((below, n) => below + (alpha / 255) * ([red, green, blue][n] - below));
  for (const page of ["fcfbf8", "ffffff"]) // of the theme, and a printer's
    for (const [n, below] of numbers(page).entries()) assert.ok(Math.abs(on(page)[n] - below) <= 4);
  assert.ok(Math.min(...on("16181c")) > 200); // the theme's dark page
});
