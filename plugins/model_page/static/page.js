// Small improvements of pages that also work without this script.
(() => {
  "use strict";
  const framed = window.parent !== window;

  // Links to Airflow's own pages: the frame's sandbox forbids to navigate the window around it. The
  // address of Airflow's router is changed instead.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link || !framed || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    try {
      window.parent.history.pushState({}, "", link.href);
      window.parent.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    } catch {
      window.location = link.href;
    }
  });

  // A form that changes something is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    // After the browser has read the form: a disabled button would not send its value.
    window.setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  });

  // Parts that change by themselves are fetched again while the page is visible.
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const seconds = Number(part.dataset.refresh);
    const load = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(part.dataset.source, { headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = fresh.getElementById(part.id);
        if (found) part.replaceChildren(...found.childNodes);
        if (found && !found.dataset.refresh) window.clearInterval(timer);
      } catch {
        // The network is away; the next attempt may succeed.
      }
    };
    const timer = window.setInterval(load, seconds * 1000);
  }
})();
