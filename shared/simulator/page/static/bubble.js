// One message as a bubble.
import { element, icon, toggleMenu, words } from "./dom.js";
import { content } from "./content.js";
import { store } from "./store.js";
import { time } from "./times.js";

const TICKS = {
  pending: ["clock", "clock", "Enviando"],
  sent: ["tick", "", "Enviada"],
  delivered: ["ticks", "", "Entregue"],
  read: ["ticks", "read", "Lida"],
};

function stamp(message) {
  const line = element("div", { class: "stamp" });
  if (message.edited) line.append(element("span", { text: "editada" }));
  line.append(element("time", { datetime: new Date(message.at_ms).toISOString(), text: time(message.at_ms) }));
  const tick = message.direction === "in" && TICKS[message.status];
  if (tick) {
    const drawn = icon(tick[0], `tick ${tick[1]}`, tick[2]);
    drawn.dataset.status = message.status;
    line.append(drawn);
  }
  return line;
}

function cited(message) {
  if (!message.context_id) return null;
  const target = store.messages.get(message.context_id);
  return element("div", { class: "cited", text: target ? target.text : "Mensagem anterior" });
}

function actions(message, act) {
  const button = element(
    "button",
    { type: "button", class: "icon small more", "aria-label": "Opções da mensagem / Message options", "aria-haspopup": "true", "aria-expanded": "false" },
    icon("more"),
  );
  const menu = element("div", { class: "menu", hidden: true });
  const entry = (portuguese, english, what) =>
    menu.append(element("button", { type: "button", onclick: () => act(what, message) }, ...words(portuguese, english)));
  entry("Responder", "Reply", "reply");
  entry(message.reactions.customer ? "Tirar reação" : "Reagir 👍", message.reactions.customer ? "Remove reaction" : "React", "react");
  if (message.direction === "in" && message.kind === "text") entry("Editar", "Edit", "edit");
  button.addEventListener("click", () => {
    const line = button.closest(".line");
    line.classList.toggle("early", line.offsetTop - line.parentElement.scrollTop < 220);
    toggleMenu(button, menu);
  });
  return element("div", { class: "holder" }, button, menu);
}

export function bubble(message, { turn, act }) {
  if (message.kind === "system") return element("div", { class: "note", text: message.text });
  const reactions = Object.values(message.reactions).filter(Boolean);
  const body = element(
    "div",
    { class: `bubble${reactions.length ? " reacted" : ""}` },
    cited(message),
    ...content(message, act),
    stamp(message),
    reactions.length ? element("span", { class: "reactions", text: reactions.join(" ") }) : null,
  );
  const options = { class: `line ${message.direction}${turn ? " turn" : ""}`, "data-id": message.id };
  return element("div", options, body, message.status === "pending" ? null : actions(message, act));
}
