// The list of customers, newest activity first.
import { by, element } from "./dom.js";
import { store, headOf, onChange } from "./store.js";
import { brief, phone } from "./times.js";

const initials = (name) => [...name.trim()][0]?.toUpperCase() || "?";
const typing = (head) => head && head.typing_until_ms > Date.now();

export const avatar = (one) => {
  const tone = Number(one.id.slice(1)) % 6 || 0;
  return element("span", { class: `avatar tone-${tone}`, "aria-hidden": "true", text: initials(one.name) });
};

function entry(one, select) {
  const head = headOf(one);
  const last = head?.last;
  const said = last ? last.text || last.kind : "Nenhuma mensagem ainda";
  const line = typing(head)
    ? element("span", { class: "last typing", text: "digitando…" })
    : element("span", { class: "last", text: said });
  const side = element("span", { class: "side" });
  if (last) side.append(element("span", { text: brief(last.at_ms) }));
  if (head?.unread) {
    side.append(element("span", { class: "badge", text: head.unread, "aria-label": `${head.unread} não lidas` }));
  }
  const known = one.hidden ? `Número oculto · @${one.username}` : phone(one.phone) || "sem telefone";
  return element(
    "li", {},
    element(
      "button",
      { type: "button", class: "person", "data-id": one.id, "aria-current": one.id === store.selected ? "true" : "false", onclick: () => select(one.id) },
      avatar(one),
      element("span", {}, element("b", { text: one.name }), line, element("span", { class: "phone", text: known })),
      side,
    ),
  );
}

export function showPeople(select) {
  let planned = false;
  const draw = () => {
    planned = false;
    const list = by("customers");
    const focused = document.activeElement?.closest?.(".person")?.dataset.id;
    const newest = (one) => headOf(one)?.last?.at_ms || one.created_ms;
    const ordered = [...store.customers.values()].sort((a, b) => newest(b) - newest(a));
    list.replaceChildren(...ordered.map((one) => entry(one, select)));
    if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    const waiting = ordered.reduce((sum, one) => sum + (headOf(one)?.unread || 0), 0);
    document.title = `${waiting ? `(${waiting}) ` : ""}Celular simulado · Atende`;
  };
  onChange((what) => {
    if (!["people", "all"].includes(what) || planned) return;
    planned = true;
    requestAnimationFrame(draw);
  });
}
