// What this page knows. Changes come from the live stream; listeners redraw.

export const store = {
  numbers: [], number: "", customers: new Map(), templates: [], faults: {}, defaults: {},
  selected: "", messages: new Map(), pending: [], looking: false,
};

const listeners = [];
export const onChange = (listener) => listeners.push(listener);
export const changed = (what, detail) => listeners.forEach((listener) => listener(what, detail));

export const customer = () => store.customers.get(store.selected);
export const headOf = (one) => one?.chats.find((chat) => chat.number === store.number);
export const number = () => store.numbers.find((one) => one.id === store.number);

export function takeState(state) {
  Object.assign(store, { numbers: state.numbers, templates: state.templates, faults: state.faults });
  store.number = store.numbers.some((one) => one.id === store.number) ? store.number : store.numbers[0].id;
  store.customers = new Map(state.customers.map((one) => [one.id, one]));
  if (!store.customers.has(store.selected)) store.selected = state.customers[0]?.id || "";
}

export function takeMessages(messages) {
  store.messages = new Map(messages.map((one) => [one.id, one]));
}

const ORDER = (left, right) => left.seq - right.seq;
export const shown = () => [...store.messages.values()].filter(visible).sort(ORDER).concat(store.pending);
const visible = (one) => one.visible || one.kind === "system";

// The stream may be faster than the answer to our own post: its stand-in goes then.
function settle(message) {
  const stands = (one) => one.becomes === message.kind && (message.kind !== "text" || one.text === message.text);
  const done = store.pending.find(stands);
  store.pending = store.pending.filter((one) => one !== done);
}

function takeMessage(message) {
  if (message.customer === store.selected && message.number === store.number) {
    const before = store.messages.get(message.id);
    if (!before && message.direction === "in") settle(message);
    store.messages.set(message.id, message);
    changed("message", { message, fresh: visible(message) && !(before && visible(before)) });
  }
  const head = store.customers.get(message.customer)?.chats.find((one) => one.number === message.number);
  if (head && message.visible && (!head.last || head.last.seq <= message.seq)) {
    head.last = message;
    changed("people");
  }
}

function takeChat(chat) {
  const one = store.customers.get(chat.customer);
  if (!one) return;
  one.chats = [...one.chats.filter((head) => head.number !== chat.number), chat];
  changed("people");
  if (chat.customer === store.selected) changed("head");
}

function takeCustomer(one) {
  store.customers.set(one.id, one);
  changed("people");
  if (one.id === store.selected) changed("head");
}

function takeFaults(faults) {
  store.faults = faults;
  changed("faults");
}

const TAKE = { message: takeMessage, chat: takeChat, customer: takeCustomer, faults: takeFaults };
const waiting = new Set();

export function take(kind, data) {
  waiting.forEach((since) => since.push([kind, data]));
  TAKE[kind](data);
}

// An answer may be older than events that overtook it: they are taken once more after it.
export async function snapshot(asked, keep) {
  const since = [];
  waiting.add(since);
  try {
    if (keep(await asked) === false) return;
    since.forEach(([kind, data]) => TAKE[kind](data));
  } finally {
    waiting.delete(since);
  }
}
