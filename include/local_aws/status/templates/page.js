"use strict";
// Refresh the live part of the page and append new log lines, every two seconds.
const live = document.getElementById("live");
const log = document.getElementById("log");
const state = () => document.getElementById("state");
let rendered = live.innerHTML;

function showDisconnected() {
  document.body.classList.add("lost");
  state().className = "chip bad";
  state().textContent = "server does not answer";
}

async function refresh() {
  const address = new URL(location.href);
  address.searchParams.set("part", "");
  const response = await fetch(address, { cache: "no-store" });
  if (!response.ok) throw new Error(response.statusText);
  const text = await response.text();
  if (text !== rendered || document.body.classList.contains("lost")) {
    const focused = document.activeElement?.getAttribute?.("href");
    live.innerHTML = rendered = text;
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

async function appendNewLines() {
  const { group, stream, end } = log.dataset;
  const query = new URLSearchParams({ group, stream, after: end });
  const response = await fetch(`/log?${query}`, { cache: "no-store" });
  if (!response.ok) return;
  const update = await response.json();
  log.dataset.end = update.end;
  if (update.lines.length) append(update.lines);
}

async function tick() {
  try {
    if (!document.hidden) {
      await refresh();
      if (log?.dataset.stream) await appendNewLines();
      else if (log && live.querySelector("[data-logged]")) location.reload();
    }
  } catch {
    showDisconnected();
  }
  setTimeout(tick, 2000);
}

if (log) {
  log.scrollTop = log.scrollHeight;
  log.addEventListener("scroll", () => {
    document.getElementById("follow").checked = atEnd();
  });
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh().catch(showDisconnected); });
setTimeout(tick, 2000);
