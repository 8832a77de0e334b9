// Shows what a reference leads to beside it, while the pointer or the focus is on it.
(() => {
  let box, owner, timer;
  const hide = () => {
    clearTimeout(timer);
    box?.remove();
    box = owner = null;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, 250);
  };
  const show = (link) => {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target || link.pathname !== location.pathname || link === owner) return;
    hide();
    const whole = target.closest(".rows, li, figure, section.statement, .equation") || target;
    if (whole.contains(link)) return;
    const copy = whole.cloneNode(true);
    for (const e of [copy, ...copy.querySelectorAll("[id], [tabindex], a")]) {
      e.removeAttribute("id");
      e.removeAttribute("tabindex");
      if (e.href) e.removeAttribute("href");
    }
    copy.querySelectorAll(".back, .row-numbers, .anchor").forEach((e) => e.remove());
    owner = link;
    box = document.createElement("div");
    box.className = "preview";
    box.setAttribute("aria-hidden", "true");
    box.append(...(copy.matches("li, h2, h3, h4, h5, h6") ? copy.childNodes : [copy]));
    box.onpointerenter = () => clearTimeout(timer);
    box.onpointerleave = later;
    document.body.append(box);
    const at = link.getClientRects()[0], own = box.getBoundingClientRect();
    const above = at.top > own.height + 12;
    box.style.top = scrollY + (above ? at.top - own.height - 8 : at.bottom + 8) + "px";
    box.style.left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - own.width - 8)) + "px";
  };
  const link = (event) => event.target.closest?.("a.reference");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || !link(event)) return;
    clearTimeout(timer);
    const wanted = link(event);
    if (wanted !== owner) timer = setTimeout(show, 120, wanted);
  });
  document.addEventListener("pointerout", (event) => link(event) && later());
  document.addEventListener("focusin", (event) => link(event) && show(link(event)));
  document.addEventListener("focusout", later);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
