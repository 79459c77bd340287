// Sends a photo to the endpoint and shows the likeliest classes.
(() => {
  "use strict";
  const drop = document.getElementById("drop");
  if (!drop) return;
  const input = document.getElementById("photo");
  const preview = document.getElementById("preview");
  const answer = document.getElementById("answer");

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const say = (text, className = "empty") => answer.replaceChildren(element("p", className, text));

  const show = (found) => {
    const bars = element("div", "bars");
    for (const guess of found.guesses) {
      const bar = element("span", "bar");
      const fill = document.createElement("i");
      fill.style.width = `${100 * guess.probability}%`;
      bar.append(fill);
      bars.append(element("span", "name", guess.label), bar, element("span", "number", `${(100 * guess.probability).toFixed(1)} %`));
    }
    const best = element("p", "", "");
    best.append(element("b", "wrap", found.guesses[0].label));
    answer.replaceChildren(best, bars, element("p", "soft small", `package ${found.package}, ${found.milliseconds} ms`));
  };

  const classify = async (file) => {
    if (!file) return;
    if (file.size > Number(drop.dataset.largest)) return say(`${file.name} has ${file.size} bytes, more than the endpoint takes.`, "problem");
    preview.src = URL.createObjectURL(file);
    preview.hidden = false;
    preview.alt = file.name;
    say("The endpoint is asked …");
    try {
      const response = await fetch(drop.dataset.address, {
        method: "POST",
        headers: { "X-CSRF-Token": drop.dataset.token, Accept: "application/json", "Content-Type": "application/octet-stream" },
        body: file,
      });
      const found = await response.json();
      if (response.ok) show(found);
      else say(found.detail, "problem");
    } catch (error) {
      say(`The page's server did not answer: ${error.message}`, "problem");
    }
  };

  input.addEventListener("change", () => classify(input.files[0]));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); classify(event.dataTransfer.files[0]); });
})();
