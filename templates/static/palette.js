// Light, dark, or as on the device: what the reader chose. Stands on every page, before all styles.
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

  // The colours around the page: those of its two metas, or of the chosen one.
  const metas = [...document.querySelectorAll("meta[name=theme-color]")];
  const colours = metas.map((meta) => meta.content);

  const apply = (choice) => {
    const chosen = PALETTES.indexOf(choice);
    const palette = chosen < 0 ? "system" : choice;
    // To say the same again would have the whole page styled again.
    if (palette !== root.dataset.palette) {
      root.dataset.palette = palette;
      document.querySelector("meta[name=color-scheme]").content = chosen < 0 ? "light dark" : choice;
      metas.forEach((meta, n) => (meta.content = colours[chosen < 0 ? n : chosen]));
    }
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
