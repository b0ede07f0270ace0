// The open chat: head, lines, and staying at the end of it.
import { by, element } from "./dom.js";
import { bubble } from "./bubble.js";
import { customer, headOf, number, onChange, shown, store } from "./store.js";
import { day, dayOf, phone } from "./times.js";

const APART_MS = 5 * 60 * 1000;
let act = () => {};
let waking;

function head() {
  const one = customer();
  const business = number();
  if (!one || !business) return;
  const chat = headOf(one);
  const left = (chat?.typing_until_ms || 0) - Date.now();
  const line = by("chat-line");
  by("chat-name").textContent = business.name;
  line.classList.toggle("typing", left > 0);
  line.textContent = left > 0 ? "digitando…" : [`${one.hidden ? "Número oculto · c" : "C"}elular de ${one.name}`, phone(business.display)].join(" · ");
  clearTimeout(waking);
  if (left > 0) waking = setTimeout(head, left + 50);
}

function atEnd() {
  const lines = by("lines");
  return lines.scrollHeight - lines.scrollTop - lines.clientHeight < 90;
}

function toEnd() {
  by("lines").scrollTop = by("lines").scrollHeight;
}

function empty() {
  return element(
    "p", { class: "empty" },
    "Escreva a primeira mensagem deste cliente. ",
    element("span", { class: "en", lang: "en", text: "Write this customer's first message: the agent answers here." }),
  );
}

// Bubbles that didn't change stay in place: nothing loses its focus or stops playing.
const kept = new Map();

function drawn(message, turn) {
  const old = kept.get(message.id);
  if (old && old.message === message && old.turn === turn) return old.node;
  let node = old?.node;
  if (node && old.turn === turn && (node.contains(document.activeElement) || node.querySelector("audio"))) {
    node.querySelector(".stamp")?.replaceWith(bubble(message, { turn, act }).querySelector(".stamp"));
  } else {
    node = bubble(message, { turn, act });
  }
  kept.set(message.id, { message, turn, node });
  return node;
}

function place(nodes) {
  const lines = by("lines");
  const wanted = new Set(nodes);
  [...lines.children].filter((child) => !wanted.has(child)).forEach((child) => child.remove());
  nodes.forEach((node, at) => {
    if (lines.children[at] !== node) lines.insertBefore(node, lines.children[at] || null);
  });
}

function separator(ms) {
  const id = dayOf(ms);
  if (!kept.has(id)) kept.set(id, { node: element("span", { class: "day" }) });
  kept.get(id).node.textContent = day(ms);
  return kept.get(id).node;
}

function draw() {
  const stay = !atEnd();
  const top = by("lines").scrollTop;
  const nodes = [];
  let before = null;
  for (const message of shown()) {
    const newDay = !before || dayOf(before.at_ms) !== dayOf(message.at_ms);
    if (newDay) nodes.push(separator(message.at_ms));
    const turn = newDay || before.direction !== message.direction || message.at_ms - before.at_ms > APART_MS;
    nodes.push(drawn(message, turn));
    before = message;
  }
  place(nodes.length ? nodes : [empty()]);
  by("lines").scrollTop = stay ? top : by("lines").scrollHeight;
}

function announce(message) {
  if (message.direction !== "out" || !message.visible) return;
  by("announce").textContent = `${number().name}: ${message.text}`;
}

export function showChat(handler) {
  act = handler;
  onChange((what, detail) => {
    if (what === "all" || what === "head" || what === "message") head();
    if (what === "all") kept.clear();
    if (what === "all" || what === "pending" || what === "message") draw();
    if (what === "pending") toEnd();
    if (what === "message" && detail.fresh) announce(detail.message);
  });
  new ResizeObserver(() => { if (store.selected && atEnd()) toEnd(); }).observe(by("lines"));
}

export { toEnd };
