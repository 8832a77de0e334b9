/**
 * Sequence diagrams and grids as SVG, in colours for light and dark pages alike.
 *
 * @typedef {{from: string, to: string, text: string, soft?: boolean, accent?: boolean}} Arrow
 *   One message; one from a participant to itself is a remark at its line.
 *   Soft ones are dashed, those with an accent are in colour.
 */

/**
 * A drawing that a notebook shows; its colours follow the reader's.
 *
 * Safari and many feed readers show the light ones on dark pages, too. So these have a ground, of
 * a colour between paper on a screen and paper in a printer, where nobody sees it.
 */
export function drawing(width, height, body) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"
  viewBox="0 0 ${width} ${height}"><style>
svg { --ink: #1e2126; --soft: #5a5f68; --line: #b9bcc2; --accent: #b3401f; background: #fefdfbe0; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e4e2dd; --soft: #a3a7af; --line: #565b63; --accent: #f0936f; background: none; }
}
text { font: 14px system-ui, "Noto Sans KR", sans-serif; fill: var(--ink); }
.name { font-weight: 600; }
.code { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }
.soft { fill: var(--soft); }
.accent { fill: var(--accent); }
.life { stroke: var(--line); }
.arrow { stroke: var(--ink); stroke-width: 1.4; fill: none; }
.arrow.soft { stroke: var(--soft); stroke-dasharray: 4 3; fill: none; }
.arrow.accent { stroke: var(--accent); fill: none; }
.head { fill: var(--ink); }
.head.soft { fill: var(--soft); }
.head.accent { fill: var(--accent); }
.room text { fill: #000; stroke: #000; stroke-width: 5px; stroke-linejoin: round; }
</style>
${body.join("\n")}
</svg>`;
  return { toSvg: () => svg };
}

/** Text for an SVG: what is markup becomes text again. */
function escaped(text) {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
}

/** To a tenth, so that the same drawing is the same text everywhere. */
export function rounded(number) {
  return Math.round(number * 10) / 10;
}

/** One line of text; `look` is some of the style's classes. */
export function label(x, y, text, look = "", anchor = "middle") {
  const place = `x="${rounded(x)}" y="${rounded(y)}" text-anchor="${anchor}"`;
  return `<text class="${look}" ${place}>${escaped(text)}</text>`;
}

/** Lines, and on top of them labels, for which they make room; once in a drawing. */
export function labelled(lines, labels) {
  return [
    // A mask, for paint that hides the lines would be seen on another ground.
    '<mask id="room" class="room" maskUnits="userSpaceOnUse" x="0" y="0" width="100%" height="100%">',
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...labels,
    '</mask><g mask="url(#room)">',
    ...lines,
    "</g>",
    ...labels,
  ];
}

/** An arrow with its head at (x2, y2). */
export function arrow(x1, y1, x2, y2, look = "") {
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  return (
    `<path class="arrow ${look}" d="M${x1} ${y1}L${x2} ${y2}"/>` +
    `<path class="head ${look}" transform="translate(${x2} ${y2}) rotate(${angle.toFixed(1)})" ` +
    `d="M0 0L-8 -3.5V3.5Z"/>`
  );
}

/**
 * Who said what to whom, from top to bottom.
 *
 * @param {string[]} participants their names, from left to right
 * @param {Arrow[]} messages in the order they were sent
 * @param {{gap?: number, row?: number, margin?: number}} sizes between lines, between messages,
 *   and from the first line to the left edge
 */
export function sequence(participants, messages, { gap = 172, row = 36, margin = 62 } = {}) {
  const place = new Map(participants.map((name, index) => [name, margin + index * gap]));
  const width = 2 * margin + (participants.length - 1) * gap;
  const height = 44 + row * messages.length;
  const [names, lines, texts, arrows] = [[], [], [], []];
  for (const [name, x] of place) {
    names.push(label(x, 18, name, "name"));
    lines.push(`<path class="life" d="M${x} 28V${height - 6}"/>`);
  }
  messages.forEach(({ from, to, text, soft, accent }, index) => {
    for (const name of [from, to]) {
      if (!place.has(name)) throw new RangeError(`no participant is called "${name}"`);
    }
    const [x1, x2, y] = [place.get(from), place.get(to), rounded(44 + row * (index + 0.62))];
    const look = accent ? "accent" : soft ? "soft" : "";
    texts.push(label((x1 + x2) / 2, x1 === x2 ? y + 4 : y - 7, text, look));
    if (x1 !== x2) arrows.push(arrow(x1, y, x2, y, look));
  });
  return drawing(width, height, [...names, ...labelled(lines, texts), ...arrows]);
}

/**
 * A table of dots: a large one where something is the case.
 *
 * @param {string[]} names the columns
 * @param {Record<string, Record<string, unknown>>} rows name of a row to what is the case in it
 * @param {{left?: number, wide?: number, look?: string}} sizes of the names of rows, of a column,
 *   and the look of the former
 */
export function grid(names, rows, { left = 232, wide = 44, look = "code" } = {}) {
  const [top, high] = [30, 28];
  const body = names.map((name, column) =>
    label(left + (column + 0.5) * wide, 20, name, "name"),
  );
  Object.entries(rows).forEach(([title, cells], row) => {
    const middle = top + (row + 0.5) * high;
    body.push(
      `<path class="life" d="M6 ${top + row * high}H${left + names.length * wide}"/>`,
      label(8, middle + 4, title, look, "start"),
    );
    names.forEach((name, column) => {
      const centre = left + (column + 0.5) * wide;
      body.push(
        cells[name]
          ? `<circle class="head accent" cx="${centre}" cy="${middle}" r="7"/>`
          : `<circle class="head soft" cx="${centre}" cy="${middle}" r="1.5"/>`,
      );
    });
  });
  return drawing(left + names.length * wide + 6, top + Object.keys(rows).length * high + 6, body);
}
