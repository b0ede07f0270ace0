// Faults as form fields, and the control API's documentation, both from /help.
import { by, element, words } from "./dom.js";
import { call, get } from "./api.js";
import { onChange, store } from "./store.js";

const PREFIX = "/simulator/api";
let help = null;

const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);

function save(name, value) {
  call("PATCH", "/faults", { [name]: value }).catch(draw);
}

function list(one, value) {
  const boxes = one.default.map((kind) => {
    const box = element("input", { type: "checkbox", value: kind });
    box.checked = value.includes(kind);
    return box;
  });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  boxes.forEach((box) => box.addEventListener("change", () => save(one.name, chosen())));
  return element("fieldset", { "aria-label": one.pt }, ...boxes.map((box) => element("label", {}, box, box.value)));
}

function control(one, value) {
  if (Array.isArray(one.default)) return list(one, value);
  if (typeof one.default === "boolean") {
    const box = element("input", { type: "checkbox", class: "switch", role: "switch" });
    box.checked = value;
    box.addEventListener("change", () => save(one.name, box.checked));
    return box;
  }
  if (typeof one.default === "string") {
    const select = element("select", {}, ...["messages", "all"].map((text) => element("option", { value: text, text })));
    select.value = value;
    select.addEventListener("change", () => save(one.name, select.value));
    return select;
  }
  const step = one.name.endsWith("_probability") ? 0.05 : 1;
  const field = element("input", { type: "number", min: 0, max: step < 1 ? 1 : undefined, step, value });
  field.addEventListener("change", () => save(one.name, Number(field.value)));
  return field;
}

function row(one) {
  const value = store.faults[one.name];
  const made = control(one, value);
  const id = `fault-${one.name}`;
  if (made.tagName !== "FIELDSET") made.id = id;
  const label = element("label", made.id ? { for: id } : {}, one.pt, element("span", { class: "en", lang: "en" }, element("code", { text: one.name }), ` ${one.en.replaceAll("`", "")}`));
  return element("div", { class: `field${same(value, one.default) ? "" : " active"}` }, label, made);
}

function active() {
  const settings = ["scope", "drop_receipt_kinds"];
  const switches = help.faults.filter((one) => !/_(code|status)$/.test(one.name) && !settings.includes(one.name));
  return switches.filter((one) => !same(store.faults[one.name], one.default)).length;
}

function pill() {
  const count = active();
  by("faults-on").hidden = !count;
  by("faults-on").textContent = count === 1 ? "1 falha ativa" : `${count} falhas ativas`;
}

function draw() {
  if (!help) return;
  pill();
  if (by("panel").hidden) return;
  const focused = document.activeElement?.id;
  const clear = element("button", { type: "button", onclick: () => call("DELETE", "/faults").catch(() => {}) }, ...words("Desligar todas", "Switch all off"));
  by("fault-controls").replaceChildren(
    element("h3", {}, ...words("Falhas", "Faults")),
    element("p", { class: "explain" }, ...words("O que dá errado no WhatsApp, a pedido.", "What goes wrong at WhatsApp, on request.")),
    ...help.faults.map(row),
    element("div", { class: "actions" }, clear),
  );
  if (focused?.startsWith("fault-")) by(focused)?.focus();
}

function documentation() {
  const calls = help.calls.map((one) =>
    element(
      "details", {},
      element("summary", {}, element("code", { text: `${one.method} ${one.path.replace(PREFIX, "")}` })),
      element("p", { text: one.does, lang: "en" }),
      one.body ? element("pre", { text: one.body }) : null,
    ));
  const example = `curl -X PATCH ${window.location.origin}/simulator/api/faults -H 'Content-Type: application/json' -d '{"cut_next": 1}'`;
  by("api-help").replaceChildren(
    element("h3", {}, ...words("API de controle", "Control API")),
    element("p", { class: "explain" }, ...words("Tudo nesta página pode ser feito por programas.", "Everything on this page can be done by programs.")),
    element("p", { class: "explain" }, "Os caminhos começam com ", element("code", { text: PREFIX }), ". ", element("span", { class: "en", lang: "en", text: "Paths begin with it." })),
    element("pre", { text: example }),
    ...calls,
    element("details", {}, element("summary", { text: "kinds / tipos de mensagem" }), element("p", { text: help.kinds.join(", ") })),
  );
}

export async function showFaultPanel() {
  onChange((what) => { if (["all", "faults", "panel"].includes(what)) draw(); });
  help = await get("/help");
  documentation();
  draw();
}
