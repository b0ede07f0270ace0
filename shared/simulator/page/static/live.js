// The live stream, with what to do after it broke: ask for everything again.
import { by } from "./dom.js";
import { take } from "./store.js";

const CONNECTED = "Conectado";
const BROKEN = "Reconectando…";

export function listen(reload) {
  const source = new EventSource("/simulator/api/live");
  const tell = (connected) => {
    by("connection").textContent = connected ? CONNECTED : BROKEN;
    by("connection").classList.toggle("on", connected);
  };
  tell(false);
  source.addEventListener("hello", () => { tell(true); reload(); });
  source.addEventListener("reset", reload);
  for (const kind of ["message", "chat", "customer", "faults"]) {
    source.addEventListener(kind, (event) => take(kind, JSON.parse(event.data)));
  }
  source.onerror = () => {
    tell(false);
    // A refused connection ends an EventSource for good; a lost one comes back by itself.
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    setTimeout(() => listen(reload), 1500);
  };
}
