// Brings interactive figures to life when they come into view: Plotly's and Vega's, with the
// libraries that lie beside this script. Until then, and without it, their still form is shown.
"use strict";
(() => {
  const beside = document.currentScript.src;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const libraries = {};

  const load = (name) => (libraries[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`${name}.js`, beside);
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  }));

  // The page's own colours and letters, as they are now: each variable names those of both palettes.
  const look = () => {
    const probe = document.body.appendChild(document.createElement("i"));
    const style = getComputedStyle(probe);
    const colour = (name) => {
      probe.style.color = `var(${name})`;
      return style.color;
    };
    const found = {
      ink: colour("--ink"), soft: colour("--ink-soft"), line: colour("--line"),
      paper: colour("--paper"), font: style.getPropertyValue("--sans").trim() || "sans-serif",
    };
    probe.remove();
    return found;
  };

  // What Plotly's own default says of grounds gives way to the page; what an author chose stays.
  const plotly = async (box, figure) => {
    const { ink, line, paper, font } = look();
    const layout = structuredClone(figure.layout ?? {});
    const template = layout.template?.layout ?? {};
    if (!template.plot_bgcolor || template.plot_bgcolor.toUpperCase() === "#E5ECF6") {
      const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
      const ground = { ...axis, backgroundcolor: "rgba(0,0,0,0)" };
      layout.template = { ...layout.template, layout: {
        ...template,
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { ...template.font, color: ink, family: font },
        hoverlabel: { ...template.hoverlabel, bgcolor: paper, font: { color: ink, family: font } },
        xaxis: { ...template.xaxis, ...axis }, yaxis: { ...template.yaxis, ...axis },
        scene: { xaxis: ground, yaxis: ground, zaxis: ground },
        colorway: ["#2b7fc3", "#e96715", "#23892c", "#c24a8c", "#997aff", "#94791c", "#da63bf"],
      } };
    }
    layout.autosize = true;
    // A phone has no room for a legend beside the figure.
    if (box.clientWidth < 520) {
      layout.legend = { orientation: "h", ...layout.legend, y: layout.legend?.y ?? -0.2 };
      layout.margin = { l: 45, r: 10, ...layout.margin };
      if (layout.width > box.clientWidth) delete layout.width;
    }
    await Plotly.react(box, figure.data, layout, { responsive: true, displaylogo: false, ...figure.config });
  };

  const vega = async (box, figure) => {
    const { ink, soft, line, font } = look();
    const words = { labelColor: ink, titleColor: ink, labelFont: font, titleFont: font };
    const config = {
      background: "transparent", font,
      axis: { ...words, domainColor: soft, tickColor: soft, gridColor: line },
      legend: words, header: words, title: { color: ink, subtitleColor: soft, font },
      text: { fill: ink }, view: { stroke: line },
    };
    // The schema names the version that a figure was written for; a newer one reads it as well.
    const { $schema = "vega-lite", ...specification } = structuredClone(figure);
    const mode = $schema.includes("vega-lite") ? "vega-lite" : "vega";
    // `ast`: expressions are walked, not compiled, which the page's policy would not let happen.
    await vegaEmbed(box, specification, { actions: false, renderer: "svg", ast: true, config, mode });
  };

  const draw = { plotly, vega };

  const start = async (figure) => {
    const { library, figure: address } = figure.dataset;
    try {
      const [answer] = await Promise.all([fetch(address), load(library)]);
      const data = await answer.json();
      const box = document.createElement("div");
      const still = [...figure.children];
      figure.append(box);
      await draw[library](box, data);
      still.forEach((element) => element.remove());
      figure.classList.add("alive");
      const again = () => draw[library](box, data);
      dark.addEventListener("change", again);
      // The reader's own choice (palette.js).
      new MutationObserver(again)
        .observe(document.documentElement, { attributeFilter: ["data-palette"] });
    } catch (error) {
      // The still form stays.
      console.error(error);
    }
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        start(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll(".interactive").forEach((figure) => seen.observe(figure));
})();
