// What can be done with a customer: hide the number, change it, close the window.
import { by, element, words } from "./dom.js";
import { change, closeWindow, call, newNumber, toast } from "./api.js";
import { ask, check, input } from "./dialog.js";
import { customer, headOf, onChange, store } from "./store.js";
import { phone } from "./times.js";

const READS = [["page", "ao abrir"], ["auto", "sozinho"], ["never", "nunca"]];
const DAY_MS = 24 * 60 * 60 * 1000;

export async function addCustomer(select) {
  const body = [
    input(["Nome", "Name"], "name", { maxlength: 80, placeholder: "João Silva" }),
    input(["Celular (vazio: um qualquer)", "Phone (empty: any)"], "phone", { inputmode: "tel", placeholder: "55 11 98765-4321" }),
    check(["Esconder o número", "Hide the number"], "hidden"),
    check(["Tomar o número de quem o tem (reciclado)", "Take it from its holder"], "recycle"),
  ];
  const given = await ask(words("Novo cliente", "New customer"), body, ["Criar", "Create"]);
  if (!given) return;
  const wanted = { hidden: given.has("hidden"), recycle: given.has("recycle") };
  for (const name of ["name", "phone"]) if (given.get(name).trim()) wanted[name] = given.get(name).trim();
  const made = await call("POST", "/customers", wanted);
  store.customers.set(made.id, made);
  select(made.id);
}

function identity(one) {
  const pairs = [["Nome", one.name], ["Telefone", phone(one.phone) || "—"], ["ID (BSUID)", one.user_id]];
  if (one.username) pairs.push(["Usuário", `@${one.username}`]);
  const head = headOf(one);
  const left = head?.last_in_ms ? head.last_in_ms + DAY_MS - Date.now() : 0;
  pairs.push(["Janela de 24 h", left > 0 ? `aberta por ${Math.floor(left / 3600000)} h ${Math.floor(left / 60000) % 60} min` : "fechada"]);
  return element("dl", { class: "identity" }, ...pairs.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", { text: value })]));
}

function field(id, label, control) {
  control.id = id;
  return element("div", { class: "field" }, element("label", { for: id }, ...words(...label)), control);
}

function draw() {
  const one = customer();
  if (!one || by("panel").hidden) return;
  const focused = document.activeElement?.id;
  const hide = element("input", { type: "checkbox", class: "switch", role: "switch" });
  hide.checked = one.hidden;
  hide.addEventListener("change", () => change(one.id, { hidden: hide.checked }).catch(() => {}));
  const reads = element("select", {}, ...READS.map(([value, text]) => element("option", { value, text })));
  reads.value = one.reads;
  reads.addEventListener("change", () => change(one.id, { reads: reads.value }).catch(() => {}));
  const act = (id, label, what) => element("button", { type: "button", id, onclick: () => what().catch(() => {}) }, ...words(...label));
  by("customer-controls").replaceChildren(
    element("h3", {}, ...words("Este cliente", "This customer")),
    identity(one),
    field("hide-number", ["Esconder meu número", "Hide my number: the business sees only the user id"], hide),
    field("reads", ["Lê as mensagens", "Reads messages"], reads),
    element(
      "div", { class: "actions" },
      act("rename", ["Mudar nome", "Rename"], () => rename(one)),
      act("new-number", ["Trocar de número", "Change number"], () => newNumber(one.id)),
      act("close-window", ["Fechar janela", "Close window"], async () => {
        await closeWindow(one.id, store.number);
        toast("Janela de 24 h fechada: só modelos passam. / Window closed: templates only.");
      }),
    ),
  );
  if (focused && by("customer-controls").querySelector(`#${CSS.escape(focused)}`)) by(focused).focus();
}

async function rename(one) {
  const given = await ask(words("Mudar nome", "Rename"), [input(["Nome", "Name"], "name", { value: one.name, required: true, maxlength: 80 })]);
  if (given) await change(one.id, { name: given.get("name") });
}

export function showCustomerPanel() {
  onChange((what) => { if (["all", "head", "panel"].includes(what)) draw(); });
}
