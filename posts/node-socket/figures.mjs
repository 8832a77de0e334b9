/**
 * Figures of this post alone: exchanges over time, and bytes against delay.
 */

import { arrow, drawing, label, labelled, rounded } from "./drawings.mjs";

/**
 * One panel a way: the client's line and the server's, time running down. Messages are dots where
 * they come to be, answers with news are in colour.
 *
 * @param {number[]} arrivals seconds at which messages come to be
 * @param {{name: string, exchanges: {asked?: number, answered: number, news: number}[]}[]} ways
 * @param {number} from the first second that is shown
 * @param {number} to the last
 */
export function lanes(arrivals, ways, from, to) {
  const [left, top, scale, wide] = [38, 54, 6.4, 130];
  const y = (second) => rounded(top + (second - from) * scale);
  const body = [];
  for (let second = from; second <= to; second += 10) {
    body.push(label(left - 4, y(second) + 4, `${second} s`, "soft", "end"));
  }
  ways.forEach(({ name, exchanges }, index) => {
    const [client, server] = [left + index * wide + 28, left + index * wide + 106];
    body.push(
      label((client + server) / 2, 15, name, "name"),
      label(client, 36, "client", "soft"),
      label(server, 36, "server", "soft"),
      `<path class="life" d="M${client} 42V${y(to)}M${server} 42V${y(to)}"/>`,
    );
    for (const { asked, answered, news } of exchanges) {
      const atOnce = asked === answered;
      if (asked >= from && asked < to) {
        // A question that waits follows the answer before it.
        const at = y(asked) + (atOnce || asked === from ? 0 : 11);
        body.push(arrow(client, at, server, at + 6, "soft"));
      }
      if (answered < from || answered >= to) continue;
      const at = y(answered) + (atOnce ? 11 : 0); // an answer follows its question
      body.push(arrow(server, at, client, at + 6, news ? "accent" : "soft"));
    }
    for (const at of arrivals.filter((second) => second >= from && second < to)) {
      body.push(`<circle class="head" cx="${server}" cy="${y(at)}" r="4.5"/>`);
    }
  });
  return drawing(left + wide * ways.length + 12, y(to) + 16, body);
}

/**
 * Bytes (on a logarithmic axis) against mean delay.
 *
 * @param {{name: string, delay: number, bytes: number}[]} points those of polling come first, and
 *   are joined
 */
export function tradeoff(points) {
  const [left, right, top, bottom] = [64, 400, 20, 260];
  const [widest, least, most] = [16, 1e3, 1e6];
  const x = (delay) => rounded(left + (delay / widest) * (right - left));
  const y = (bytes) =>
    rounded(bottom - (Math.log10(bytes / least) / Math.log10(most / least)) * (bottom - top));
  const lines = [`<path class="arrow" d="M${left} ${top}V${bottom}H${right}"/>`];
  const [scales, dots, names] = [[], [], []];
  for (const [bytes, text] of [[1e3, "1 kB"], [1e4, "10 kB"], [1e5, "100 kB"], [1e6, "1 MB"]]) {
    if (bytes > least) lines.push(`<path class="life" d="M${left} ${y(bytes)}H${right}"/>`);
    scales.push(label(left - 6, y(bytes) + 4, text, "soft", "end"));
  }
  for (let delay = 0; delay <= widest; delay += 4) {
    scales.push(label(x(delay), bottom + 18, `${delay} s`, "soft"));
  }
  const polls = points.filter(({ name }) => name.startsWith("polling"));
  const line = polls.map(({ delay, bytes }) => `${x(delay)} ${y(bytes)}`).join("L");
  lines.push(`<path class="arrow" d="M${line}"/>`);
  for (const { name, delay, bytes } of points) {
    const look = name.startsWith("polling") ? "" : "accent";
    dots.push(`<circle class="head ${look}" cx="${x(delay)}" cy="${y(bytes)}" r="4.5"/>`);
    // The curve falls: above and to the right is room, at the right edge below and to the left.
    names.push(
      delay > 0.75 * widest
        ? label(x(delay) + 6, y(bytes) + 21, name, look, "end")
        : label(x(delay) + 9, y(bytes) - 9, name, look, "start"),
    );
  }
  return drawing(right + 24, bottom + 30, [...scales, ...labelled(lines, names), ...dots]);
}
