// Writing: Enter sends, Shift+Enter breaks the line; attachments; replies and edits.
import { by, closeMenu, element, icon, toggleMenu, words } from "./dom.js";
import { send, upload } from "./api.js";
import { changed, store } from "./store.js";

let replying = null;
let editing = null;
let serial = 0;

function grow() {
  const box = by("text");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 150)}px`;
  by("send").hidden = !box.value.trim();
  by("voice").hidden = !by("send").hidden;
}

function quote(message, label) {
  by("quote").hidden = !message;
  by("quote-text").textContent = message ? `${label}: ${message.text}` : "";
}

function stop() {
  replying = editing = null;
  quote(null);
}

export function reply(message) {
  stop();
  replying = message;
  quote(message, "Respondendo");
  by("text").focus();
}

export function edit(message) {
  stop();
  editing = message;
  quote(message, "Editando");
  by("text").value = message.text;
  grow();
  by("text").focus();
}

// A bubble with a clock stands in until the simulator has taken the message.
export async function post(message, text) {
  const waiting = {
    id: `pending-${++serial}`, kind: "text", direction: "in", status: "pending", at_ms: Date.now(),
    text: text || message.text || "…", content: null, reactions: {}, context_id: "",
    becomes: message.kind.endsWith("_reply") ? "interactive" : message.kind,
  };
  const quiet = ["edit", "reaction"].includes(message.kind);
  if (!quiet) {
    store.pending.push(waiting);
    changed("pending");
  }
  const given = replying ? { reply_to: replying.id, ...message } : message;
  stop();
  try {
    await send(store.selected, store.number, given);
  } finally {
    const waits = store.pending.includes(waiting);
    store.pending = store.pending.filter((one) => one !== waiting);
    if (waits) changed("pending");
  }
}

async function submit(event) {
  event?.preventDefault();
  const box = by("text");
  const text = box.value;
  if (!text.trim()) return;
  const message = editing ? { kind: "edit", message_id: editing.id, text } : { kind: "text", text };
  box.value = "";
  grow();
  box.focus();
  try {
    await post(message, text);
  } catch {
    if (!box.value) box.value = text;
    grow();
  }
}

async function file(accept, kind) {
  const picker = element("input", { type: "file", accept });
  picker.addEventListener("change", async () => {
    const picked = picker.files[0];
    if (!picked) return;
    const id = await upload(picked, picked.name);
    await post({ kind, media_id: id, mime_type: picked.type || undefined, filename: picked.name }, picked.name);
  });
  picker.click();
}

export const PLACE = { kind: "location", latitude: -23.5503, longitude: -46.6339, name: "Praça da Sé", address: "São Paulo, SP" };

export function contactOf(one) {
  const person = { name: { formatted_name: one.name, first_name: one.name }, phones: [{ phone: `+${one.phone}`, wa_id: one.phone, type: "CELL" }] };
  return { kind: "contacts", contacts: [person] };
}

const ATTACHMENTS = [
  ["image", "Foto", "Picture", () => file("image/*", "image")],
  ["file", "Documento", "Document", () => file("", "document")],
  ["pin", "Localização", "Location", () => post(PLACE, "Localização")],
  ["person", "Meu contato", "My contact", () => post(contactOf(store.customers.get(store.selected)), "Contato")],
  ["poll", "Enquete", "Poll (unsupported)", () => post({ kind: "unsupported", subtype: "poll" }, "Enquete")],
];

export function compose() {
  by("composer").addEventListener("submit", submit);
  by("text").addEventListener("input", grow);
  by("text").addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    submit(event);
  });
  by("quote-close").addEventListener("click", () => { stop(); by("text").focus(); });
  by("attach").addEventListener("click", () => toggleMenu(by("attach"), by("attachments")));
  for (const [drawn, portuguese, english, attach] of ATTACHMENTS) {
    const press = () => { closeMenu(true); Promise.resolve(attach()).catch(() => {}); };
    by("attachments").append(element("button", { type: "button", onclick: press }, icon(drawn), ...words(portuguese, english)));
  }
}
