// Keeps #live as the server shows it: asks every two seconds, swaps it only when it changed.
"use strict";

const EVERY_MS = 2000;
const connection = document.getElementById("connection");
let shown = null;

function atEnd(list) {
  return list && list.scrollHeight - list.scrollTop - list.clientHeight < 40;
}

function toEnd() {
  const list = document.getElementById("timeline");
  if (list) list.scrollTop = list.scrollHeight;
}

function swap(fresh) {
  const live = document.getElementById("live");
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  const timeline = document.getElementById("timeline");
  const stay = timeline && !atEnd(timeline) ? timeline.scrollTop : null;
  const open = [...live.querySelectorAll("details[open]")].map((element) => element.id);
  live.replaceChildren(...fresh.getElementById("live").childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (stay === null) toEnd();
  else document.getElementById("timeline").scrollTop = stay;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = fresh.title;
  document.dispatchEvent(new Event("page:changed"));
}

async function refresh() {
  try {
    const response = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!response.ok) throw new Error(String(response.status));
    const text = await response.text();
    if (text !== shown) {
      if (shown !== null) swap(new DOMParser().parseFromString(text, "text/html"));
      shown = text;
    }
    connection.textContent = "ao vivo · live";
    connection.classList.remove("lost");
  } catch {
    connection.textContent = "sem conexão · offline";
    connection.classList.add("lost");
  }
}

async function follow() {
  if (!document.hidden) await refresh();
  setTimeout(follow, EVERY_MS);
}

document.addEventListener("page:refresh", refresh);
toEnd();
follow();
