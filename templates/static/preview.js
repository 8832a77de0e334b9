// Shows what a reference leads to beside it, while the pointer or the focus is on it.
(() => {
  let box, owner, timer;
  const on = (name, act) => document.addEventListener(name, act);
  const hide = () => {
    clearTimeout(timer);
    box?.remove();
    box = owner = null;
  };
  const wait = (time, act, value) => {
    clearTimeout(timer);
    timer = setTimeout(act, time, value);
  };
  const show = (link) => {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target || link.pathname !== location.pathname || link === owner) return;
    const whole = target.closest(".rows, li, figure, .statement") || target;
    if (whole.contains(link)) return;
    hide();
    const copy = whole.cloneNode(true);
    copy.querySelectorAll(".back, .row-numbers, .anchor").forEach((e) => e.remove());
    for (const e of [copy, ...copy.querySelectorAll("*")])
      for (const name of ["id", "tabindex", "href"]) e.removeAttribute(name);
    owner = link;
    box = document.createElement("div");
    box.className = "preview";
    box.ariaHidden = true;
    box.append(...(copy.matches("li") ? copy.childNodes : [copy]));
    box.onpointerenter = () => clearTimeout(timer);
    box.onpointerleave = () => wait(250, hide);
    document.body.append(box);
    const at = link.getClientRects()[0], own = box.getBoundingClientRect();
    const top = at.top > own.height + 9 ? at.top - own.height - 8 : at.bottom + 8;
    const most = document.documentElement.clientWidth - own.width - 8;
    box.style.top = scrollY + top + "px";
    box.style.left = Math.max(8, Math.min(at.left, most)) + "px";
  };
  const link = (event) => event.target.closest?.("a.reference");
  on("pointerover", (e) => e.pointerType !== "touch" && link(e) && wait(120, show, link(e)));
  on("pointerout", (e) => link(e) && wait(250, hide));
  on("focusin", (e) => link(e) && show(link(e)));
  on("focusout", hide);
  on("keydown", (e) => e.key === "Escape" && hide());
})();
