/**
 * Recorded requests as the arrows of a sequence diagram.
 */

const SECRET = ["code", "code_verifier", "token", "access_token", "refresh_token"];
const NAMED = ["active", "code_challenge", "iss", "state", ...SECRET];
const PAGES = /\/(interaction|auth)\/./; // between the question and the code

/**
 * @param {{from: string, to: string, text: string, named: string[], answer?: boolean}[]} notes of a
 *   `Network`
 * @returns {import("./drawings.mjs").Arrow[]} those that carry what a thief would want have an
 *   accent; the pages of login and consent are one remark
 */
export function arrows(notes) {
  const made = [];
  for (const [index, { from, to, text, named, answer }] of notes.entries()) {
    if (PAGES.test(text) || (answer && PAGES.test(notes[index - 1].text) && text === "200")) {
      if (!made.at(-1)?.remark) {
        made.push({ from: "auth", to: "auth", text: "login, consent", soft: true, remark: true });
      }
      continue;
    }
    const told = named.filter((name) => NAMED.includes(name));
    made.push({
      from,
      to,
      // What a redirect carries is named once, by the request that follows it.
      text: told.length > 0 && !text.includes("→") ? `${text}: ${told.join(", ")}` : text,
      soft: Boolean(answer),
      accent: told.some((name) => SECRET.includes(name)),
    });
  }
  return made;
}
