// English words by their stems: Snowball's algorithm (Porter2), as the index was made with it.
// https://snowballstem.org/algorithms/english/stemmer.html
const VOWEL = /[aeiouy]/;
// A word whose end is short is made longer by an e: hop(ing) is hope.
const SHORT_END = /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$/;
// What stands before the regions in which suffixes are looked for.
const REGION = /^[^aeiouy]*[aeiouy]+[^aeiouy]/;
const PREFIX = /^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)/;

const AS_THEY_ARE = new Set("andes atlas bias cosmos howe news sky".split(" "));
const IRREGULAR = {
  early: "earli", gently: "gentl", idly: "idl", only: "onli", singly: "singl", skies: "sky",
  skis: "ski", ugly: "ugli",
};

// Suffixes and what they become, the longest first.
const table = (text) => text.split(" ").map((pair) => pair.split(":"))
  .sort((one, other) => other[0].length - one[0].length);
const STEP_2 = table(
  "anci:ance enci:ence ogi:og li: bli:ble abli:able alli:al fulli:ful lessli:less ousli:ous " +
  "entli:ent aliti:al biliti:ble iviti:ive tional:tion ational:ate alism:al ation:ate " +
  "ization:ize izer:ize ator:ate iveness:ive fulness:ful ousness:ous ogist:og");
const STEP_3 = table(
  "icate:ic ative: alize:al iciti:ic ical:ic tional:tion ational:ate ful: ness:");
const STEP_4 = table(
  "ic: ance: ence: able: ible: ate: ive: ize: iti: al: ism: ion: er: ous: ant: ent: ment: ement:");

const region = (word, from) => {
  const found = REGION.exec(word.slice(from));
  return found ? from + found[0].length : word.length;
};

export const stem = (original) => {
  if (original.length < 3 || AS_THEY_ARE.has(original)) return original;
  if (Object.hasOwn(IRREGULAR, original)) return IRREGULAR[original];
  // A y that sounds as a consonant is written Y.
  let word = original.replace(/^y/, "Y").replace(/([aeiouy])y/g, "$1Y");
  const first = PREFIX.exec(word)?.[0].length ?? region(word, 0);
  const second = region(word, first);

  // Plurals.
  let match = /(?:sses|ied|ies|us|ss|s)$/.exec(word)?.[0];
  const cut = (suffix) => word.slice(0, word.length - suffix.length);
  if (match === "sses") word = cut("es");
  else if (match === "ied" || match === "ies") word = cut(match) + (word.length > 4 ? "i" : "ie");
  else if (match === "s" && VOWEL.test(word.slice(0, -2))) word = cut("s");

  // Past and present participles.
  match = /(?:eedly|eed|ingly|edly|ed|ing)$/.exec(word)?.[0];
  const before = match ? cut(match) : "";
  if (match?.startsWith("eed")) {
    if (before.length >= first && !/^(?:succ|proc|exc)$/.test(before)) word = before + "ee";
  } else if (match === "ing" && /^[^aeiouy]y$/.test(before)) {
    word = before[0] + "ie";
  } else if (match === "ing" && /^(?:even|cann|inn|earr|herr|out)$/.test(before)) {
    // Not a participle: evening, inning.
  } else if (match && VOWEL.test(before)) {
    word = before;
    if (/(?:at|bl|iz)$/.test(word)) word += "e";
    else if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(word)) {
      if (!/^[aeo]..$/.test(word)) word = word.slice(0, -1);
    } else if (word.length === first && SHORT_END.test(word)) word += "e";
  }

  if (/.[^aeiouy][yY]$/.test(word)) word = word.slice(0, -1) + "i";

  // Suffixes that make nouns, adjectives and adverbs; only the longest is looked at.
  const replace = (pairs, from, allowed) => {
    const pair = pairs.find(([suffix]) => word.endsWith(suffix));
    if (!pair) return;
    const start = word.length - pair[0].length;
    if (start >= from && allowed(pair[0], word.slice(0, start), start))
      word = word.slice(0, start) + pair[1];
  };
  replace(STEP_2, first, (suffix, rest) =>
    suffix === "ogi" ? rest.endsWith("l") : suffix !== "li" || /[cdeghkmnrt]$/.test(rest));
  replace(STEP_3, first, (suffix, _, start) => suffix !== "ative" || start >= second);
  replace(STEP_4, second, (suffix, rest) => suffix !== "ion" || /[st]$/.test(rest));

  const start = word.length - 1;
  if (word.endsWith("e")) {
    const rest = word.slice(0, -1);
    if (start >= second || (start >= first && !SHORT_END.test(rest))) word = rest;
  } else if (word.endsWith("ll") && start >= second) word = word.slice(0, -1);

  return word.replaceAll("Y", "y");
};
