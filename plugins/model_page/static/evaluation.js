// The confusion matrix as a picture, and the slider of the minimum probability.
(() => {
  "use strict";
  const data = (id) => {
    const found = document.getElementById(id);
    return found ? JSON.parse(found.textContent) : null;
  };

  const matrix = data("matrix-data");
  const canvas = document.getElementById("matrix");
  if (matrix && canvas) {
    const { classes, rows, address } = matrix;
    const text = document.getElementById("matrix-cell");
    const totals = rows.map((row) => row.reduce((sum, count) => sum + count, 0) || 1);
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

    const draw = () => {
      const scale = window.devicePixelRatio || 1;
      const side = canvas.clientWidth * scale;
      canvas.width = canvas.height = side;
      const context = canvas.getContext("2d");
      const probe = document.createElement("i");
      document.body.append(probe);
      const resolve = (name) => {
        probe.style.color = `var(${name})`;
        return getComputedStyle(probe).color;
      };
      const [good, bad, track] = ["--good", "--bad", "--track"].map(resolve);
      probe.remove();
      const cell = side / classes.length;
      const gap = cell > 6 * scale ? scale : 0;
      context.fillStyle = track;
      context.globalAlpha = 0.45;
      context.fillRect(0, 0, side, side);
      rows.forEach((row, i) => row.forEach((count, j) => {
        if (!count) return;
        context.fillStyle = i === j ? good : bad;
        // A single mistake among many photos must still be seen.
        context.globalAlpha = Math.max(0.25, Math.sqrt(count / totals[i]));
        context.fillRect(j * cell, i * cell, Math.max(cell - gap, 1), Math.max(cell - gap, 1));
      }));
      context.globalAlpha = 1;
    };

    const cellAt = (event) => {
      const box = canvas.getBoundingClientRect();
      const position = (offset, length) => Math.min(classes.length - 1, Math.max(0, Math.floor((offset / length) * classes.length)));
      return [position(event.clientY - box.top, box.height), position(event.clientX - box.left, box.width)];
    };
    canvas.addEventListener("pointermove", (event) => {
      const [i, j] = cellAt(event);
      text.textContent = `${classes[i]} classified as ${classes[j]}: ${rows[i][j]} of ${totals[i]}`;
    });
    canvas.addEventListener("click", (event) => {
      const [i, j] = cellAt(event);
      if (!rows[i][j]) return;
      const query = new URLSearchParams({ truth: classes[i], label: classes[j], view: "all" });
      window.location = `${address}?${query}#photos`;
    });
    draw();
    new ResizeObserver(draw).observe(canvas);
    new MutationObserver(draw).observe(document.documentElement, { attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  const steps = data("threshold-data");
  const slider = document.getElementById("threshold");
  if (steps && slider) {
    const line = document.getElementById("threshold-line");
    const text = document.getElementById("threshold-text");
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const chip = (tone, words) => {
      const made = document.createElement("span");
      made.className = `chip ${tone}`;
      made.textContent = words;
      return made;
    };
    slider.addEventListener("input", () => {
      const step = steps[Number(slider.value)];
      const x = 44 + 426 * step.minimum;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const right = step.accuracy === null ? "no answer" : `${percent(step.accuracy)} right`;
      text.replaceChildren(`at least ${percent(step.minimum)}: `, chip("good", right), " ", chip("idle", `${percent(step.coverage)} answered`));
      slider.setAttribute("aria-valuetext", text.textContent);
    });
  }
})();
