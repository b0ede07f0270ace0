// Turns every <time> into an age in words, kept fresh; without it the full instant is shown.
"use strict";

const words = new Intl.RelativeTimeFormat("pt-BR", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("pt-BR", { dateStyle: "short", timeStyle: "medium" });

function age(at) {
  const seconds = Math.round((at - Date.now()) / 1000);
  if (Math.abs(seconds) < 60) return words.format(Math.min(seconds, 0), "second");
  if (Math.abs(seconds) < 3600) return words.format(Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 86400) return words.format(Math.round(seconds / 3600), "hour");
  return exact.format(at);
}

function freshen() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    const text = age(at);
    if (element.textContent !== text) element.textContent = text;
    element.title = exact.format(at);
  }
}

document.addEventListener("page:changed", freshen);
setInterval(freshen, 5000);
freshen();
