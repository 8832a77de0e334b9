// Finds posts: reads a query as the index was made (generator/render/search_terms.py) and asks
// for those parts of it (generator/assemble/search.py) that the query's terms are in. No page is
// touched here; whoever calls says how a file is read.
import { stem } from "./stemmer.js";

const SYLLABLES = "\\u3041-\\u30ff\\u3131-\\u318e\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7a3";
const LETTERS = "0-9a-z\\u00df-\\u024f\\u0370-\\u03ff\\u0400-\\u04ff";
const TOKEN = new RegExp(
  "[0-9]*(?<script>(?:[a-z]|\\\\[a-z]+)[_^](?:\\{[ -z|~]{1,12}\\}|\\\\[a-z]+|[0-9a-z]+))" +
  "|(?<command>\\\\[a-z]+)" +
  `|(?<run>[${SYLLABLES}]+)` +
  `|(?<word>[${LETTERS}]+)(?:['’]s(?![${LETTERS}]))?`, "g");
const KINDS = ["script", "command", "run", "word"];
const SCALE = 32;

// A text in which case and accents make no difference; as long as before.
export const fold = (text) =>
  text.replace(/[\u00c0-\u024f\u1e00-\u1eff]/g, (c) => c.normalize("NFD")[0]).toLowerCase();

const script = (token) => token.replace(/[ {}]/g, "");
const stemOf = (word) => (/^[a-z]{3,}$/.test(word) ? stem(word) : word);

// The tokens of a folded text: kind, text and where it begins.
export function* tokens(text) {
  for (const found of text.matchAll(TOKEN)) {
    const kind = KINDS.find((name) => found.groups[name] !== undefined);
    const token = found.groups[kind];
    yield { kind, token, start: found.index + found[0].indexOf(token) };
  }
}

export function* termsOf(text) {
  for (const { kind, token } of tokens(fold(text))) {
    if (kind === "run") {
      for (let start = 0; start < token.length; start++) yield token.slice(start, start + 2);
    } else if (kind === "word") yield stemOf(token);
    else if (kind === "command") yield token;
    else {
      yield script(token);
      yield* termsOf(token.replace(/[_^{}]/g, " "));
    }
  }
}

// Which shard a term stands in.
export const shardOf = (term, count) => {
  const first = term.charCodeAt(0);
  const second = term.length > 1 && first < 0x3041 ? term.charCodeAt(1) : 0;
  return ((Math.imul(31 * first + second, 2654435761) >>> 0) >>> 16) % count;
};

// --- Hangul -------------------------------------------------------------------------------------

// The syllables that one which is being typed may become, as a pattern: of 하 those from 하 to 핳,
// of ㅎ those from 하 to 힣; of any other only itself.
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const becomes = (syllable) => {
  const code = syllable.charCodeAt(0) - 0xac00;
  const initial = INITIALS.indexOf(syllable);
  const range = (from, length) =>
    `[${String.fromCharCode(0xac00 + from)}-${String.fromCharCode(0xac00 + from + length - 1)}]`;
  if (initial >= 0) return range(588 * initial, 588);
  return code >= 0 && code < 11172 && code % 28 === 0 ? range(code, 28) : syllable;
};

// 고유값 and 고윳값 are one word, as are 꼭지점 and 꼭짓점: whoever writes either finds both.
const SIOT = 19;
const respelled = (run) => run.replace(/[가-힣](?=[값점])/g, (syllable) => {
  const code = syllable.charCodeAt(0), final = (code - 0xac00) % 28;
  return String.fromCharCode(final === SIOT ? code - SIOT : final ? code : code + SIOT);
});

// 경사하강법 and 경사 하강법 are both right: where at least two syllables stand on either side, there
// may be a space. `last` is a pattern for the last one.
const spaced = (run, last) =>
  run.length > 1 ? run[0] + [...run.slice(1, -1)].join(" ?") + last : run;

const PARTICLE = /(?:에서|으로|까지|부터|처럼|[은는이가을를의에로와과도만])$/;

// --- a query ------------------------------------------------------------------------------------

// What is looked for: one `atom` a token, and the pattern by which it is found in a text.
const atomsOf = (query) => {
  const atoms = [...tokens(fold(query.normalize("NFC")))].map(({ kind, token }) => {
    if (kind === "run") return { kind, token, pattern: token };
    return { kind, token: kind === "script" ? script(token) : token, stem: stemOf(token) };
  });
  // What ends the query may be only the beginning of what its reader means.
  if (atoms.length) atoms.at(-1).open = !/\s$/.test(query);
  return atoms.filter(({ token }) => !/^[ㄱ-ㆎ]+$/.test(token));
};

// Does a word or a piece of a formula in a text match an atom?
const fits = (atom, kind, token) =>
  kind === "word"
    ? atom.kind === "word" &&
      (stemOf(token) === atom.stem || (atom.prefix && token.startsWith(atom.prefix)))
    : atom.kind === (kind === "script" ? "script" : "command") &&
      (kind === "script" ? script(token) : token).startsWith(atom.token) &&
      (atom.open || script(token) === atom.token);

// Where a text has what is looked for: [start, end, number of the atom], in order.
export const hits = (text, atoms) => {
  const found = [], folded = fold(text);
  atoms.forEach(({ kind, pattern }, number) => {
    if (kind !== "run") return;
    for (const match of folded.matchAll(new RegExp(pattern, "g")))
      found.push([match.index, match.index + match[0].length, number]);
  });
  for (const { kind, token, start } of tokens(folded)) {
    atoms.forEach((atom, number) => {
      if (kind === "script" && atom.kind !== "script") {
        // In x_i there is an x, and a command in \lambda_2.
        for (const [from, to, n] of hits(token.replace(/[_^{}]/g, " "), [atom]))
          found.push([start + from, start + to, number + n]);
      } else if (kind !== "run" && fits(atom, kind, token)) {
        found.push([start, start + token.length, number]);
      }
    });
  }
  return found.sort((one, other) => one[0] - other[0] || other[1] - one[1]);
};

// `read(name)` gives the text of a file of the index, as a promise.
export const makeSearch = (read) => {
  const asked = {};
  const once = (name) => (asked[name] ??= read(name).catch((error) => {
    delete asked[name];
    throw error;
  }));
  const index = async () => JSON.parse(await once("index.json"));

  // The lines of the shard of all terms that begin as this one, as [term, postings].
  const lines = async (term) => {
    const { shards } = await index();
    const number = shardOf(term, shards.length);
    return once(`${number}.txt?${shards[number]}`);
  };

  // The posts that have one of the terms that a pattern describes: number to what it counts.
  const having = async (beginning, pattern, factor = 1, into = new Map()) => {
    const text = await lines(beginning);
    for (const [, postings] of text.matchAll(new RegExp(`^(?:${pattern}) (.*)$`, "gm"))) {
      let number = 0;
      for (const entry of postings.split(" ")) {
        number += Math.floor(entry / SCALE);
        into.set(number, Math.max(into.get(number) ?? 0, factor * (entry % SCALE)));
      }
    }
    return into;
  };

  const both = (one, other) =>
    new Map([...one].filter(([n]) => other.has(n)).map(([n, w]) => [n, Math.min(w, other.get(n))]));

  // Of a run of syllables every two that touch; `last` is a pattern for the last one. With `space`
  // the first of them is enough where a space may stand behind it (see `spaced`).
  const havingRun = async ([run, last], space) => {
    if (run.length === 1) return having(run, `${run}.?`);
    let found;
    for (let start = 0; start + 1 < run.length; start++) {
      const end = start + 2 === run.length ? last : run[start + 1];
      const may = space && start > 0 && start + 2 < run.length ? "?" : "";
      const next = await having(run[start], run[start] + end + may);
      found = found ? both(found, next) : next;
    }
    return found;
  };

  const havingOne = async (runs, space) => {
    const found = await Promise.all(runs.map((run) => havingRun(run, space)));
    return new Map(found.flatMap((posts) => [...posts]));
  };

  const spellings = (run) =>
    [...new Set([run, respelled(run)])].map((spelled) => [spelled, spelled.at(-1)]);

  // A run as it is, or as it may go on; and without its particle, which counts less, for posts may
  // have every two of its syllables by chance. If none of them is in a post: the last, which all
  // others begin with.
  const havingSyllables = async (atom) => {
    const { token } = atom, ways = [spellings(token)];
    if (atom.open && token.length > 1) ways.push([[token, becomes(token.at(-1))]]);
    const noun = token.length > 2 ? token.replace(PARTICLE, "") : token;
    const bare = noun.length > 1 && noun !== token ? spellings(noun) : null;
    if (bare) ways.push(bare);
    let way;
    for (way of ways) if ((await havingOne(way, false)).size) break;
    const used = bare && way !== bare ? [way, bare] : [way];
    atom.pattern = used.flat().map(([run, last]) => spaced(run, last)).join("|");
    const [found, less = []] = await Promise.all(used.map((each) => havingOne(each, true)));
    return new Map([...[...less].map(([number, weight]) => [number, weight / 2]), ...found]);
  };

  const havingWord = async (atom) => {
    const { token } = atom;
    const found = await having(atom.stem, atom.stem);
    if (!atom.open || token.length < 2) return found;
    // A word that is being typed: every one that begins so; if there is none, without its last
    // letters, for a term is a stem: `convergi` may become `converging`, whose stem is `converg`.
    atom.prefix = token;
    await having(token, `${token}.*?`, 0.5, found);
    const least = atom.stem === token ? token.length / 2 : atom.stem.length;
    for (let end = token.length - 1; !found.size && end >= Math.max(4, least); end--) {
      atom.prefix = token.slice(0, end);
      await having(token, `${atom.prefix}.*?`, 0.5, found);
    }
    return found;
  };

  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const havingPiece = ({ token, open }) =>
    having(token, escape(token) + (open && token.length > 2 ? ".*?" : ""));

  return {
    // Names of the posts that a query finds, the best first, and its atoms, for `show`; `some` are
    // those that have any of it, if none of the others turns out to have all.
    async find(query) {
      const atoms = atomsOf(query);
      const { posts } = await index();
      const found = await Promise.all(atoms.map((atom) =>
        atom.kind === "run" ? havingSyllables(atom)
          : atom.kind === "word" ? havingWord(atom) : havingPiece(atom)));
      const scores = new Map();
      for (const map of found) {
        const rare = Math.log(1 + (posts.length - map.size + 0.5) / (map.size + 0.5));
        for (const [number, weight] of map) {
          const [had, score] = scores.get(number) ?? [0, 0];
          scores.set(number, [had + 1, score + rare * weight]);
        }
      }
      // Those that have all of it; if there are none, those that have the most.
      const most = Math.max(0, ...[...scores.values()].map(([had]) => had));
      const best = [...scores].sort(([one, [m, a]], [other, [n, b]]) => n - m || b - a || one - other);
      const some = best.map(([number]) => posts[number]);
      const names = some.slice(0, best.filter(([, [had]]) => had === most).length);
      return { atoms, all: most === atoms.length, names, some };
    },
  };
};

// --- what is shown of a post --------------------------------------------------------------------

const BEFORE = 50;
const LENGTH = 180;

// Does something looked for stand right behind what stands before it in the query, as in no_grad?
const isRow = ([, end, number], i, found) =>
  found[i + 1]?.[2] === number + 1 && found[i + 1][0] - end <= 1;

// The part of a text in which the most of what is looked for stands, and its marks.
const excerpt = (text, found) => {
  let best = 0, most = -1;
  found.forEach(([start], i) => {
    const near = found.slice(i).filter(([, end]) => end <= start + LENGTH - BEFORE);
    const kinds = new Set(near.map(([, , number]) => number)).size + near.some(isRow) / 2;
    if (kinds > most) [best, most] = [start, kinds];
  });
  let from = Math.max(0, best - BEFORE), to = Math.min(text.length, from + LENGTH);
  // Words are not cut, where there are spaces; nor is a pair of UTF-16.
  if (from > 0) from = text.lastIndexOf(" ", from) + 1 || from;
  if (from < best - 2 * BEFORE) from = best - BEFORE;
  if (to < text.length) to = Math.max(text.lastIndexOf(" ", to), to - 20);
  // Nor is a formula, but for one that is looked for, or too long to be left out.
  const inFormula = (at) => text.slice(0, at).split("$").length % 2 === 0;
  if (from > 0 && inFormula(from)) {
    const end = text.indexOf("$", from) + 1;
    if (end && end <= best) from = end + (text[end] === " ");
  }
  if (to < text.length && inFormula(to)) {
    const start = text.lastIndexOf("$", to - 1);
    if (start > from + LENGTH / 2 && !found.some(([at]) => at > start && at < to)) to = start;
  }
  // It ends neither in what opens nor in half a compound.
  if (to < text.length)
    to = from + text.slice(from, to).search(/(?:\s\S*-)?[\s([{“‘«〈《「『【]*$/);
  if (/[\udc00-\udfff]/.test(text[from])) from += 1;
  if (/[\udc00-\udfff]/.test(text[to] ?? "")) to -= 1;
  const marks = found.filter(([start, end]) => start >= from && end <= to)
    .map(([start, end]) => [start - from, end - from]);
  return { text: text.slice(from, to), marks, cut: [from > 0, to < text.length] };
};

// A post as a list of results shows it; null if it only seemed to have what is looked for.
export const show = (post, atoms, all) => {
  const title = { text: post.title, marks: hits(post.title, atoms) };
  const tags = post.tags.map((text) => ({ text, marks: hits(text, atoms) }));
  const seen = new Set([title, ...tags].flatMap(({ marks }) => marks.map(([, , n]) => n)));
  let best = null;
  for (const [id, heading, text] of post.passages) {
    const inHeading = hits(heading, atoms), inText = hits(text, atoms);
    const kinds = new Set([...inHeading, ...inText].map(([, , number]) => number));
    kinds.forEach((number) => seen.add(number));
    const score = 4 * kinds.size + 2 * (inHeading.length > 0) + (inText.length > 0)
      + 3 * inText.some(isRow);
    if (!best || score > best.score)
      best = { score, id, heading: { text: heading, marks: inHeading }, text, inText };
  }
  // Two syllables each stand somewhere in the post, but not all in a row.
  const missed = atoms.some(({ kind, token }, number) =>
    kind === "run" && token.length > 2 && !seen.has(number));
  if (all ? missed : !seen.size) return null;
  const { id = "", heading = { text: "", marks: [] }, text = "", inText = [] } = best ?? {};
  return {
    title, tags, heading, excerpt: excerpt(text, inText),
    address: post.address, section: id && `${post.address}#${encodeURIComponent(id)}`,
    language: post.language,
  };
};
