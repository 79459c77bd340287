"use strict";
// The server draws the page; this asks for its live part again, and for what a log has gained.
const live = document.getElementById("live");
const log = document.getElementById("log");
const state = () => document.getElementById("state");
let drawn = live.innerHTML;

function lost() {
  document.body.classList.add("lost");
  state().className = "chip bad";
  state().textContent = "not answering";
}

async function redraw() {
  const address = new URL(location.href);
  address.searchParams.set("part", "");
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  if (text !== drawn || document.body.classList.contains("lost")) {
    const focused = document.activeElement?.getAttribute?.("href");
    live.innerHTML = drawn = text;
    if (focused) live.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  document.body.classList.remove("lost");
}

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function append(lines) {
  const follow = document.getElementById("follow").checked;
  const rows = document.createDocumentFragment();
  for (const [time, text] of lines) {
    const row = document.createElement("div");
    const stamp = document.createElement("time");
    stamp.textContent = time;
    row.append(stamp, text);
    rows.append(row);
  }
  document.getElementById("nothing")?.remove();
  log.append(rows);
  while (log.childElementCount > 5000) log.firstElementChild.remove();
  if (follow) log.scrollTop = log.scrollHeight;
}

async function grow() {
  const { group, stream, end } = log.dataset;
  const query = new URLSearchParams({ group, stream, after: end });
  const answer = await fetch(`/log?${query}`, { cache: "no-store" });
  if (!answer.ok) return;
  const told = await answer.json();
  log.dataset.end = told.end;
  if (told.lines.length) append(told.lines);
}

async function tick() {
  try {
    if (!document.hidden) {
      await redraw();
      if (log?.dataset.stream) await grow();
      else if (log && live.querySelector("[data-logged]")) location.reload();
    }
  } catch {
    lost();
  }
  setTimeout(tick, 2000);
}

if (log) {
  log.scrollTop = log.scrollHeight;
  log.addEventListener("scroll", () => {
    document.getElementById("follow").checked = atEnd();
  });
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) redraw().catch(lost); });
setTimeout(tick, 2000);
