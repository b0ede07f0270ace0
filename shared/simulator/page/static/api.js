// The control API; every failure is told in the toast and thrown.
import { by } from "./dom.js";

const PREFIX = "/simulator/api";
let hiding;

export function toast(text) {
  const shown = by("toast");
  shown.textContent = text;
  shown.hidden = !text;
  clearTimeout(hiding);
  hiding = setTimeout(() => { shown.hidden = true; }, 8000);
}

export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(PREFIX + path, options);
  } catch (error) {
    toast("Sem conexão com o simulador. / The simulator can't be reached.");
    throw error;
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const reason = told.error || `HTTP ${answer.status}`;
  toast(`Não deu certo: ${reason}`);
  throw new Error(reason);
}

const person = (id) => `/customers/${encodeURIComponent(id)}`;

export const get = (path) => call("GET", path);
export const send = (id, number, message) => call("POST", `${person(id)}/messages`, { number, ...message });
export const chatOf = (id, number) => get(`${person(id)}/chat?number=${encodeURIComponent(number)}&limit=300`);
export const change = (id, values) => call("PATCH", person(id), values);
export const newNumber = (id) => call("POST", `${person(id)}/number`, {});
export const closeWindow = (id, number) => call("POST", `${person(id)}/window`, { number });

// Looking at a chat lapses by itself, so that a closed browser reads nothing.
export function look(id, number, open) {
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ number, open, seconds: 45 }),
    keepalive: true,
  };
  fetch(`${PREFIX}${person(id)}/open`, options).catch(() => {});
}

export async function upload(blob, filename) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  const mime = blob.type || "application/octet-stream";
  return (await call("POST", "/media", { mime_type: mime, data: btoa(text), filename })).id;
}
