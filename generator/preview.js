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

  let shown = null;
  const refresh = async () => {
    const answer = await fetch(location.href, { cache: "no-store" });
    const html = await answer.text();
    if (html === shown) return;
    const first = shown === null;
    shown = html;
    if (first) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    // A page keeps the policy that it was loaded with.
    const assets = (from) =>
      [...from.querySelectorAll("link[rel=stylesheet], script[src], meta[http-equiv]")]
        .map((e) => e.href || e.src || e.content);
    if (String(assets(page)) !== String(assets(document))) {
      location.reload();
      return;
    }
    // Only the body is replaced: the window stays where the reader was, and what is open stays so.
    document.title = page.title;
    const open = new Set([...document.querySelectorAll("details")].flatMap((d, i) => d.open ? [i] : []));
    const palette = document.querySelector(".palette");
    document.body.replaceWith(document.adoptNode(page.body));
    document.querySelectorAll("details").forEach((d, i) => { if (open.has(i)) d.open = true; });
    if (palette) document.querySelector(".palette")?.replaceWith(palette);
  };

  let version = null;
  const source = new EventSource("/_inkcell/events");
  source.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    show(state);
    if (version === null) refresh();
    else if (state.version !== version) {
      if (state.assets !== assets) location.reload();
      else refresh();
    }
    version = state.version;
    assets = state.assets;
  });
  let assets = null;
}
