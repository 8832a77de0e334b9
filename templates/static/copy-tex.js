// A copied text has the TeX of its formulas, between dollars.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || !event.clipboardData) return;
  const range = selection.getRangeAt(0).cloneRange();
  const formula = (node) => (node.closest ? node : node.parentElement)?.closest(".katex");
  // A formula that is cut in two is copied whole.
  const first = formula(range.startContainer), last = formula(range.endContainer);
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  const copy = range.cloneContents();
  const found = copy.querySelectorAll(".katex");
  if (!found.length) return;
  for (const katex of found) {
    const tex = katex.querySelector("annotation").textContent.trim();
    const block = katex.querySelector("math").getAttribute("display");
    const shown = document.createElement(block ? "div" : "span");
    shown.style.whiteSpace = "pre";
    shown.textContent = block ? `$$\n${tex}\n$$` : `$${tex}$`;
    katex.replaceWith(shown);
  }
  copy.querySelectorAll(".row-numbers, .anchor").forEach((e) => e.remove());
  const box = document.createElement("div");
  box.style.cssText = "position:fixed;left:-9999px";
  box.append(copy);
  document.body.append(box);
  event.clipboardData.setData("text/plain", box.innerText.trim());
  event.clipboardData.setData("text/html", box.innerHTML);
  box.remove();
  event.preventDefault();
});
