// What is inside a bubble, by kind.
import { element, icon } from "./dom.js";
import { store } from "./store.js";

const MEDIA = "/simulator/api/media/";
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f){1,9}$/u;

function text(said) {
  const big = [...said].length <= 6 && EMOJI_ONLY.test(said);
  return element("div", { class: `words${big ? " big" : ""}`, dir: "auto", text: said });
}

function card(drawn, name, more) {
  const told = element("div", { dir: "auto" }, element("b", { text: name }), element("span", { text: more }));
  return element("div", { class: "file" }, icon(drawn), told);
}

function media(message) {
  const { kind, content } = message;
  const caption = content.caption ? text(content.caption) : null;
  const named = content.filename || content.link || "";
  // Only what was uploaded here can be shown; others name files that we never saw.
  const ours = message.direction === "in" && content.url?.endsWith(`/graph/media/${content.id}`);
  const file = (drawn, name) => card(drawn, name, named);
  if (kind === "image" || kind === "sticker") {
    const alt = content.caption || "Imagem";
    const picture = ours ? element("img", { src: MEDIA + content.id, alt }) : file("image", "Imagem");
    return [picture, caption];
  }
  if (kind === "audio") {
    const player = element("audio", { controls: true, preload: "metadata", src: MEDIA + content.id });
    return [ours ? player : file("mic", "Mensagem de voz")];
  }
  return [file(kind === "video" ? "image" : "file", kind === "video" ? "Vídeo" : "Documento"), caption];
}

function location(message) {
  const { latitude, longitude, name, address } = message.content;
  const place = name || "Localização";
  const where = address || `${latitude}, ${longitude}`;
  return [card("pin", place, where)];
}

function contacts(message) {
  return message.content.map((one) => card("person", one.name?.formatted_name || "Contato", one.phones?.[0]?.phone || ""));
}

const choice = (label, press) => element("button", { type: "button", onclick: press, text: label });

function choices(message, act) {
  const { type, action = {} } = message.content;
  const reply = (given) => act("press", message, given);
  if (type === "button") {
    return action.buttons.map((one) => choice(one.reply.title, () => reply({ kind: "button_reply", ...one.reply })));
  }
  if (type === "list") return [choice(action.button, () => act("list", message))];
  if (type === "location_request_message") return [choice("Enviar localização", () => act("location", message))];
  if (type === "request_contact_info") return [choice("Compartilhar contato", () => act("contact", message))];
  return type === "cta_url" ? [choice(action.parameters?.display_text || "Abrir", () => act("link", message))] : [];
}

function interactive(message, act) {
  const { header, body, footer, button_reply: pressed, list_reply: chosen } = message.content;
  const reply = pressed || chosen;
  if (reply) return [text(reply.title)];
  const parts = [];
  if (header?.text) parts.push(element("div", { class: "title", dir: "auto", text: header.text }));
  parts.push(text(body?.text || message.text));
  if (footer?.text) parts.push(element("div", { class: "footer", text: footer.text }));
  const offered = choices(message, act);
  return offered.length ? [...parts, element("div", { class: "choices" }, ...offered)] : parts;
}

function template(message, act) {
  const { name, language } = message.content;
  const known = store.templates.find((one) => one.name === name && one.language === language?.code);
  const pressed = (label) => act("press", message, { kind: "button", text: label, payload: label });
  const offered = (known?.buttons || []).map((label) => choice(label, () => pressed(label)));
  return [text(message.text), offered.length ? element("div", { class: "choices" }, ...offered) : null];
}

const KINDS = { image: media, audio: media, video: media, document: media, sticker: media, location, contacts, interactive, template };

export function content(message, act) {
  const make = KINDS[message.kind];
  if (!make || !message.content || message.edited) return [text(message.text || message.kind)];
  try {
    return make(message, act);
  } catch {
    return [text(message.text || message.kind)];
  }
}
