// A tab that is chosen is chosen in every set that has one of the same `:sync:`.
document.addEventListener("change", ({ target }) => {
  const key = target.dataset?.sync;
  if (!key) return;
  // What stands above may get longer or shorter: the reader's tab stays where it was.
  const top = () => target.nextElementSibling.getBoundingClientRect().top;
  const before = top();
  for (const other of document.querySelectorAll(".tabs > [data-sync]")) {
    if (other.dataset.sync === key) other.checked = true;
  }
  scrollBy({ top: top() - before, behavior: "instant" });
});
