// What scrolls sideways is a stop of the Tab key (`tabindex`); what fits need not be one on the way.
// Which does is looked at when the key is pressed, and so costs nothing before.
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Tab") return;
  const boxes = ".body :is(pre, .table, .equation, .formula, .scroll)[tabindex]";
  for (const box of document.querySelectorAll(boxes)) {
    // What is not laid out yet may scroll.
    const known = (box.firstElementChild ?? box).checkVisibility({ contentVisibilityAuto: true });
    if (known) box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  }
});
