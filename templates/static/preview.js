// Shows what a reference leads to beside it, while the pointer or the focus is on it.
(() => {
  let box, owner, timer, wanted;
  const pages = { [location.pathname]: document };
  const on = (name, act) => document.addEventListener(name, act);
  const hide = () => {
    clearTimeout(timer);
    box?.remove();
    box = owner = wanted = null;
  };
  const wait = (time, act, value) => {
    clearTimeout(timer);
    timer = setTimeout(act, time, value);
  };
  const read = async (link) => {
    const text = await (await fetch(link.href)).text();
    const page = (pages[link.pathname] = new DOMParser().parseFromString(text, "text/html"));
    // A page without formulas has no style sheet for them.
    for (const sheet of page.querySelectorAll("link[rel=stylesheet]"))
      if (!document.querySelector(`link[href="${sheet.getAttribute("href")}"]`))
        document.head.append(document.importNode(sheet));
    return page;
  };
  const show = async (link) => {
    if (link === owner) return;
    wanted = link;
    const page = pages[link.pathname] || (await read(link).catch(() => null));
    if (wanted !== link || !page) return;
    const target = page.getElementById(decodeURIComponent(link.hash.slice(1)));
    // A footnote in the margin is beside its reference already.
    if (!target || getComputedStyle(target).position === "absolute") return;
    const whole = target.closest(".rows, li, figure, .statement:not(.proof)") || target;
    if (whole.contains(link)) return;
    hide();
    const copy = whole.cloneNode(true);
    for (const e of copy.querySelectorAll(".back, .footnote-backref, .row-numbers, .anchor")) e.remove();
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
    const above = at.top - 9, below = innerHeight - at.bottom - 9;
    const height = Math.min(own.height, Math.max(above, below));
    if (height < own.height) box.style.maxHeight = height + "px";
    const top = above < height ? at.bottom + 8 : at.top - height - 8;
    const most = document.documentElement.clientWidth - own.width - 8;
    box.style.top = scrollY + top + "px";
    box.style.left = Math.max(8, Math.min(at.left, most)) + "px";
  };
  const link = (event) => event.target.closest?.("a.reference, .footnote-ref a");
  on("pointerover", (e) => e.pointerType !== "touch" && link(e) && wait(120, show, link(e)));
  on("pointerout", (e) => link(e) && wait(250, hide));
  on("focusin", (e) => link(e) && show(link(e)));
  on("focusout", hide);
  on("keydown", (e) => e.key === "Escape" && hide());
})();
