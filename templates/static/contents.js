// Marks in the table of contents the section that is read: the last whose heading has passed the
// upper part of the window. (CSS can say so, too; Chromium 156 loses count while it scrolls.)
(() => {
  const links = [...document.querySelectorAll(".toc a")];
  // An author's id may have a `%`, and stand in the link as it is.
  const decoded = (id) => {
    try {
      return decodeURIComponent(id);
    } catch {
      return id;
    }
  };
  const headings = links.map((link) => document.getElementById(decoded(link.hash.slice(1))));
  const passed = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) passed[isIntersecting ? "add" : "delete"](target);
    const current = headings.findLastIndex((heading) => passed.has(heading));
    links.forEach((link, n) => link.toggleAttribute("aria-current", n === current));
    links[current]?.setAttribute("aria-current", "true");
  }, { rootMargin: "10000000px 0px -60% 0px" });
  headings.forEach((heading) => heading && observer.observe(heading));

  // In the margin it is always open (style.css), and so it says, and nothing is there to press.
  const wide = matchMedia("(min-width: 84rem)");
  const details = document.querySelector(".toc details");
  const unfold = () => {
    details.open = wide.matches;
    details.firstElementChild.tabIndex = wide.matches ? -1 : 0;
  };
  if (wide.matches) unfold();
  wide.addEventListener("change", unfold);
})();
