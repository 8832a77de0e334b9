// Part of `inkcell serve`, never of a published site: shows what has changed where the reader is,
// and errors until they are mended.
"use strict";
{
  const panel = document.createElement("div");
  const shadow = panel.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { position: fixed; inset: auto 0 0 0; z-index: 2147483647; }
    section { max-height: 60vh; overflow: auto; padding: 1rem 1.25rem; background: #1d1f24;
      color: #f3f1ec; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
      border-top: 3px solid #e0795b; box-shadow: 0 -4px 24px rgb(0 0 0 / 0.35); }
    section.running { border-color: #6aa5d8; padding-block: 0.4rem; }
    pre { margin: 0 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
    pre:last-child, p:last-child { margin-bottom: 0; }
    p { margin: 0; }
  `);
  shadow.adoptedStyleSheets = [sheet];

  const part = (kind, role, children) => {
    const section = document.createElement("section");
    section.className = kind;
    section.setAttribute("role", role);
    section.append(...children);
    return section;
  };
  const text = (name, content) => {
    const element = document.createElement(name);
    element.textContent = content;
    return element;
  };

  const show = (state) => {
    const parts = [];
    if (state.running.length) {
      parts.push(part("running", "status", [text("p", `running: ${state.running.join(", ")}`)]));
    }
    if (state.errors.length) {
      parts.push(part("errors", "alert", state.errors.map((error) => text("pre", error))));
    }
    shadow.replaceChildren(...parts);
    if (parts.length) document.documentElement.append(panel);
    else panel.remove();
  };

  // The page as it was sent: what scripts and the reader have made of it since is not in it.
  let sent = null;
  let known = document.currentScript.dataset;
  let asked = 0;
  const refresh = async () => {
    const turn = ++asked;
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    const html = await answer?.text();
    if (!html) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    const told = page.querySelector("script[data-page]")?.dataset;
    const before = JSON.parse(known.beside), beside = JSON.parse(told?.beside ?? "{}");
    const replaced = Object.keys(before).some((path) => beside[path] && beside[path] !== before[path]);
    if (told?.page === known.page && !replaced) {
      sent ??= page;
      return;
    }
    // Of several answers the last one counts, whichever comes first.
    if (turn !== asked) return;
    // A page keeps the policy that it was loaded with.
    const loaded = (from) =>
      [...from.querySelectorAll("link[rel=stylesheet], script[src], meta[http-equiv]")]
        .map((e) => e.href || e.src || e.content);
    const listed = contents();
    if (replaced || !sent || String(loaded(page)) !== String(loaded(sent))
        || !change(document.body, sent.body, page.body) || !same(contents(), listed)) {
      location.reload();
      return;
    }
    document.title = page.title;
    sent = page;
    known = told;
  };

  // What the scripts of a page look for once, when it is loaded.
  const HELD = ".interactive, form, script";
  const KEPT = `${HELD}, .toc`;
  const held = (node) => node.matches && (node.matches(KEPT) || node.querySelector(KEPT));
  // A table of contents may say something else: its script holds the links, and where they lead.
  const contents = () => [...document.querySelectorAll(".toc a")].flatMap((link) =>
    [link, document.getElementById(decoded(link.hash.slice(1)))]);
  // An author's id may have a `%`, and stand in the link as it is.
  const decoded = (id) => {
    try {
      return decodeURIComponent(id);
    } catch {
      return id;
    }
  };
  const same = (some, others) =>
    some.length === others.length && some.every((node, n) => node === others[n]);
  const isSpace = (node) => node.nodeType === Node.TEXT_NODE && !node.data.trim();

  // Changes a part of the page where a new one differs from the one that was sent before. All else
  // stays: the browser then holds what is read in its place, and what is open or at work stays so.
  // Returns false if that cannot be done, and the page has to be loaded anew.
  const change = (live, old, fresh) => {
    if (old.isEqualNode(fresh)) return true;
    if (live.nodeName !== fresh.nodeName || (live.matches && live.matches(HELD))) {
      if (held(live) || held(fresh)) return false;
      live.replaceWith(document.importNode(fresh, true));
      return true;
    }
    if (live.nodeType !== Node.ELEMENT_NODE) {
      live.data = fresh.data;
      return true;
    }
    for (const { name } of old.attributes) if (!fresh.hasAttribute(name)) live.removeAttribute(name);
    for (const { name, value } of fresh.attributes)
      if (old.getAttribute(name) !== value) live.setAttribute(name, value);
    const here = [...live.childNodes], before = [...old.childNodes], after = [...fresh.childNodes];
    // What scripts have added stands behind what was sent.
    if (before.some((node, n) => node.nodeName !== here[n]?.nodeName)) return false;
    let start = 0, end = 0;
    const least = Math.min(before.length, after.length);
    while (start < least && before[start].isEqualNode(after[start])) start++;
    while (end < least - start && before.at(-1 - end).isEqualNode(after.at(-1 - end))) end++;
    const stop = before.length - end, added = after.slice(start, after.length - end);
    if (stop - start === added.length)
      return added.every((node, n) => change(here[start + n], before[start + n], node));
    const remove = (from, to) => here.slice(from, to).every((node) => !held(node) && (node.remove(), true));
    let at = start;
    for (const node of added) {
      // Space between blocks is everywhere the same: it leads to no other place.
      const last = isSpace(node) ? Math.min(at + 1, stop) : stop;
      const find = (fits, to) => before.findIndex((other, n) => n >= at && n < to && fits(other));
      const equal = find((other) => other.isEqualNode(node), last);
      // A heading that says something else is the same heading: a table of contents leads to it.
      const found = equal >= 0 || !/^H\d$/.test(node.nodeName) ? equal : find((other) =>
        other.nodeName === node.nodeName && !added.some((one) => one.isEqualNode(other)), stop);
      if (found >= 0) {
        if (!remove(at, found) || !change(here[found], before[found], node)) return false;
        at = found + 1;
      } else {
        if (held(node)) return false;
        live.insertBefore(document.importNode(node, true), here[at] ?? null);
      }
    }
    return remove(at, stop);
  };

  // A browser keeps six connections to a server, and each page that listens takes one.
  let source = null;
  const listen = () => {
    source?.close();
    source = document.hidden ? null : new EventSource("/_inkcell/events");
    source?.addEventListener("state", (event) => {
      show(JSON.parse(event.data));
      refresh();
    });
    source?.addEventListener("error", () => {
      show({ running: [], errors: ["no answer from `inkcell serve`: has it ended?"] });
    });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
