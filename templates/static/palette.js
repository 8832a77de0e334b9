// Light, dark, or as the system is: what the reader chose, and it is remembered. Stands in the
// head and is waited for, so that no page is shown in the wrong palette first.
"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "palette", PALETTES = ["light", "dark"];
  // A browser may keep its storage closed; then the choice holds for the page.
  const remember = (choice) => {
    try {
      localStorage.setItem(KEY, choice);
    } catch {}
  };
  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {}
  };

  // The colours that a browser draws around the page: those of its two metas, or of the chosen one.
  const metas = [...document.querySelectorAll("meta[name=theme-color]")];
  const colours = metas.map((meta) => meta.content);

  const apply = (choice) => {
    const chosen = PALETTES.indexOf(choice);
    root.dataset.palette = chosen < 0 ? "system" : choice;
    document.querySelector("meta[name=color-scheme]").content = chosen < 0 ? "light dark" : choice;
    metas.forEach((meta, n) => (meta.content = colours[chosen < 0 ? n : chosen]));
    show();
  };
  const show = () => {
    const button = document.querySelector(`.palette [value="${root.dataset.palette}"]`);
    if (button) button.checked = true;
  };

  apply(remembered());
  document.addEventListener("DOMContentLoaded", show);
  // Back from another page of the site, or from its cache, where the reader chose otherwise.
  addEventListener("pageshow", () => apply(remembered()));
  addEventListener("storage", ({ key, newValue }) => key === KEY && apply(newValue));
  document.addEventListener("change", ({ target }) => {
    if (!target.closest(".palette")) return;
    remember(target.value);
    apply(target.value);
  });
})();
