// Starts the page and ties its parts together.
import { by, closeMenu, element } from "./dom.js";
import { chatOf, get, look, toast } from "./api.js";
import { showChat, toEnd } from "./chat.js";
import { compose, contactOf, edit, PLACE, post, reply } from "./composer.js";
import { addCustomer, showCustomerPanel } from "./customer_panel.js";
import { choose, prepare } from "./dialog.js";
import { showFaultPanel } from "./fault_panel.js";
import { listen } from "./live.js";
import { showPeople } from "./people.js";
import { record } from "./recorder.js";
import { changed, customer, snapshot, store, takeMessages, takeState } from "./store.js";
import { phone } from "./times.js";

const narrow = window.matchMedia("(max-width: 720px)");
const view = (name) => { by("frame").dataset.view = name; };
const visible = () => document.visibilityState === "visible" && !(narrow.matches && by("frame").dataset.view === "list");

// The customer looks at the open chat while this page is visible.
let seen = "";
function watch() {
  const now = visible() && store.selected ? `${store.selected} ${store.number}` : "";
  if (seen && seen !== now) look(...seen.split(" "), false);
  if (now) look(...now.split(" "), true);
  seen = now;
}

async function open() {
  if (!store.selected) return;
  const wanted = `${store.selected} ${store.number}`;
  await snapshot(chatOf(store.selected, store.number), (told) => {
    if (wanted !== `${store.selected} ${store.number}`) return false;
    takeMessages(told.messages);
    return changed("all");
  });
}

async function select(id) {
  store.selected = id;
  store.pending = [];
  view("chat");
  takeMessages([]);
  changed("all");
  watch();
  await open().catch(() => {});
  toEnd();
  if (!narrow.matches) by("text").focus();
}

async function reload() {
  await snapshot(get("/state"), takeState);
  const options = store.numbers.map((one) => element("option", { value: one.id, text: phone(one.display) }));
  by("number").replaceChildren(...options);
  by("number").value = store.number;
  by("number").hidden = store.numbers.length < 2;
  await open();
  watch();
}

const ACTIONS = {
  reply,
  edit,
  react: (message) => post({ kind: "reaction", message_id: message.id, emoji: message.reactions.customer ? "" : "👍" }),
  press: (message, given) => post({ ...given, reply_to: message.id }, given.title || given.text),
  location: (message) => post({ ...PLACE, reply_to: message.id }, "Localização"),
  contact: (message) => post({ ...contactOf(customer()), reply_to: message.id }, "Contato"),
  link: (message) => toast(`O celular abriria: ${message.content.action?.parameters?.url || ""}`),
  list: async (message) => {
    const row = await choose(message);
    if (row) await post({ kind: "list_reply", id: row.id, title: row.title, description: row.description, reply_to: message.id }, row.title);
  },
};

function act(what, message, given) {
  closeMenu();
  Promise.resolve(ACTIONS[what](message, given)).catch(() => {});
}

function panel(shown) {
  by("panel").hidden = !shown;
  by("frame").classList.toggle("with-panel", shown);
  by("tools").setAttribute("aria-expanded", String(shown));
  changed("panel");
  (shown ? by("panel-close") : by("tools")).focus();
}

by("new-customer").addEventListener("click", () => addCustomer(select).catch(() => {}));
by("back").addEventListener("click", () => {
  view("list");
  watch();
  by("customers").querySelector('[aria-current="true"]')?.focus();
});
by("tools").addEventListener("click", () => panel(by("panel").hidden));
by("panel-close").addEventListener("click", () => panel(false));
by("panel").addEventListener("keydown", (event) => { if (event.key === "Escape") panel(false); });
by("number").addEventListener("change", () => {
  store.number = by("number").value;
  select(store.selected);
});
document.addEventListener("visibilitychange", watch);
window.addEventListener("pagehide", () => { if (seen) look(...seen.split(" "), false); });
narrow.addEventListener("change", watch);
setInterval(watch, 20000);

prepare();
compose();
record();
showPeople(select);
showChat(act);
showCustomerPanel();
showFaultPanel().catch(() => {});
listen(() => reload().catch(() => {}));
