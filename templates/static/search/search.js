// The page that searches: results as a reader types, all of it by keyboard alone.
"use strict";
(() => {
  const form = document.querySelector("form[role=search]");
  const field = form.elements.q;
  const status = document.querySelector("#search-status");
  const list = document.querySelector("#results");
  const more = document.querySelector("#more-results");
  const others = [...document.querySelectorAll(".elsewhere a")];
  const { index, posts, ...texts } = form.dataset;
  const PAGE = 10;
  document.querySelector(".without-script")?.remove();

  const read = async (address) => {
    // What names the parts of the index is asked for anew, and they by their digests.
    const cache = address.endsWith("/index.json") ? "no-cache" : "default";
    const answer = await fetch(address, { cache });
    if (!answer.ok) throw new Error(`${answer.status} ${address}`);
    return answer.text();
  };
  // What finds posts lies beside this script, and comes when something is looked for.
  const beside = document.currentScript.src;
  let query;
  const load = () => (query ??= import(new URL("query.js", beside)).then(
    ({ makeSearch, show }) => ({ show, ...makeSearch((name) => read(index + name)) }),
  ).catch((error) => {
    query = null;
    throw error;
  }));
  const asked = {};
  const readPost = (name) => (asked[name] ??= read(posts + encodeURIComponent(name))
    .then(JSON.parse).catch((error) => {
      delete asked[name];
      throw error;
    }));

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A text in which what was looked for is marked.
  const marked = ({ text, marks, cut = [] }) => {
    const parts = [cut[0] ? "… " : ""];
    let at = 0;
    for (const [start, end] of marks) {
      if (end <= at) continue;
      const from = Math.max(start, at);
      parts.push(text.slice(at, from), make("mark", {}, text.slice(from, end)));
      at = end;
    }
    return [...parts, text.slice(at), cut[1] ? " …" : ""];
  };

  const item = (result) => {
    const parts = [make("h2", {}, make("a", { href: result.address }, ...marked(result.title)))];
    if (result.section) {
      const link = make("a", { href: result.section }, ...marked(result.heading));
      parts.push(make("p", { className: "section" }, link));
    }
    if (result.excerpt.text)
      parts.push(make("p", { className: "excerpt" }, ...marked(result.excerpt)));
    const tags = result.tags.filter(({ marks }) => marks.length);
    if (tags.length) {
      const shown = tags.map((tag) => make("li", {}, ...marked(tag)));
      parts.push(make("ul", { className: "found-tags" }, ...shown));
    }
    const here = result.language === document.documentElement.lang;
    return make("li", here ? {} : { lang: result.language }, ...parts);
  };

  let turn = 0;
  let rest = [];
  let found = null;
  let count = 0;

  // Ten more results; those that only seemed to have what is looked for are passed over.
  const showMore = async (mine, focus) => {
    const { show } = await load();
    const wanted = [];
    while (wanted.length < PAGE && rest.length) {
      const names = rest.splice(0, PAGE - wanted.length);
      const read = await Promise.all(names.map(readPost));
      if (mine !== turn) return;
      const shown = read.map((post) => show(post, found.atoms, found.all)).filter(Boolean);
      count -= names.length - shown.length;
      wanted.push(...shown);
      if (!count) {
        rest = found.some;
        count = rest.length;
        found = { ...found, all: false, some: [] };
      }
    }
    const items = wanted.map(item);
    if (focus) list.append(...items);
    else list.replaceChildren(...items);
    more.hidden = !rest.length;
    status.textContent = count ? texts[count === 1 ? "one" : "some"].replace("{n}", count) : texts.none;
    if (focus) items[0]?.querySelector("a").focus();
  };

  const clear = () => {
    list.replaceChildren();
    more.hidden = true;
  };

  const search = async () => {
    const mine = ++turn, wanted = field.value.trim();
    const address = new URL(location.href);
    if (wanted) address.searchParams.set("q", wanted);
    else address.searchParams.delete("q");
    try {
      history.replaceState(null, "", address);
    } catch {
      // Safari takes only so many in half a minute.
    }
    for (const link of others) link.search = address.search;
    // A letter of a syllable that is being typed says nothing yet.
    if (/^[ㄱ-ㆎ]*$/.test(wanted)) {
      clear();
      status.textContent = "";
      return;
    }
    try {
      // The space behind a word says that it is finished.
      const { find } = await load();
      const answer = await find(field.value);
      if (mine !== turn) return;
      found = answer;
      rest = answer.names;
      count = rest.length;
      await showMore(mine, false);
    } catch (error) {
      if (mine !== turn) return;
      console.error(error);
      clear();
      status.textContent = texts.failed;
    }
  };

  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 120);
  });
  more.addEventListener("click", () => showMore(turn, true));

  // Enter and the arrow down lead to the results, arrows through them, Escape back to the field.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    await search();
    list.querySelector("a")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const stops = [field, ...list.querySelectorAll("a"), ...(more.hidden ? [] : [more])];
    const at = stops.indexOf(target);
    if (at < 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const next = step ? stops[at + step] : key === "Escape" && at > 0 ? field : null;
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  // An address with a query shows its results; what was typed before this script came counts, too.
  field.value ||= new URLSearchParams(location.search).get("q") ?? "";
  if (field.value) search();
  if (!location.hash) field.focus({ preventScroll: true });
})();
