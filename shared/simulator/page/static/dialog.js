// One dialog for everything that asks; resolves to its form's values, or null.
import { by, element, words } from "./dom.js";

export function ask(title, body, ok = ["OK", ""]) {
  const dialog = by("dialog");
  by("dialog-title").replaceChildren(...title);
  by("dialog-body").replaceChildren(...body);
  by("dialog-ok").replaceChildren(...(ok[1] ? words(...ok) : [ok[0]]));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const form = by("dialog-form");
    const submitted = (event) => {
      event.preventDefault();
      dialog.close("ok");
    };
    form.addEventListener("submit", submitted);
    dialog.addEventListener("close", () => {
      form.removeEventListener("submit", submitted);
      resolve(dialog.returnValue === "ok" ? new FormData(form) : null);
    }, { once: true });
  });
}

export const input = (label, name, options = {}) =>
  element("label", {}, ...words(...label), element("input", { name, ...options }));

export function check(label, name) {
  return element("label", { class: "check" }, element("input", { type: "checkbox", name }), element("span", {}, ...words(...label)));
}

export function prepare() {
  by("dialog-cancel").addEventListener("click", () => by("dialog").close(""));
}

export async function choose(message) {
  const rows = element("div", { class: "rows" });
  const all = [];
  for (const section of message.content.action.sections) {
    if (section.title) rows.append(element("h3", { text: section.title }));
    for (const row of section.rows) {
      const radio = element("input", { type: "radio", name: "row", value: all.length, required: true });
      rows.append(element("label", {}, radio, element("span", { text: row.title }), row.description ? element("small", { text: row.description }) : null));
      all.push(row);
    }
  }
  const given = await ask([message.content.action.button], [rows], ["Enviar", "Send"]);
  return given && all[Number(given.get("row"))];
}
