// Airflow's UI has a switch for dark mode. In its frame, the page follows the switch; else the system.
(() => {
  try {
    if (window.parent === window) return;
    const root = window.parent.document.documentElement;
    const follow = () => {
      const theme = root.classList.contains("dark") ? "dark" : root.classList.contains("light") ? "light" : "";
      if (theme) document.documentElement.dataset.theme = theme;
    };
    follow();
    new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["class"] });
  } catch {
    // A frame of another origin: the system's setting applies.
  }
})();
