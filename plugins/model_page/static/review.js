// Keys of the review queue: 1 to 5 for a class, u not usable, s skip, z undo.
document.addEventListener("keydown", (event) => {
  "use strict";
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select")) return;
  const chosen = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!chosen || chosen.disabled) return;
  event.preventDefault();
  chosen.click();
});
