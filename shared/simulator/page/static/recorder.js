// Voice notes: recorded where the browser can, a short sample tone where it can't.
import { by, icon } from "./dom.js";
import { toast, upload } from "./api.js";
import { post } from "./composer.js";

let recorder = null;
let ticking;

function show(recording) {
  by("recording").hidden = !recording;
  by("text").hidden = recording;
  by("voice").replaceChildren(icon(recording ? "send" : "mic"));
  by("voice").setAttribute("aria-label", recording ? "Enviar áudio / Send the voice note" : "Gravar áudio / Record a voice note");
}

function count(startMs) {
  const seconds = Math.floor((Date.now() - startMs) / 1000);
  by("recording-time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

async function note(blob) {
  const id = await upload(blob, "audio");
  await post({ kind: "audio", media_id: id, mime_type: blob.type, voice: true }, "Áudio…");
}

// One second of a quiet tone as WAV.
function sample() {
  const rate = 8000;
  const view = new DataView(new ArrayBuffer(44 + rate));
  const put = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  put(0, "RIFF"); put(8, "WAVEfmt "); put(36, "data");
  view.setUint32(4, 36 + rate, true); view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true);
  view.setUint32(40, rate, true);
  for (let at = 0; at < rate; at += 1) view.setUint8(44 + at, 128 + 40 * Math.sin((at * 2 * Math.PI * 330) / rate));
  return new Blob([view], { type: "audio/wav" });
}

async function start() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    recorder = new MediaRecorder(stream);
  } catch {
    toast("Sem microfone: vai um áudio de exemplo. / No microphone: a sample is sent.");
    await note(sample());
    return;
  }
  const parts = [];
  const mine = recorder;
  mine.send = true;
  mine.addEventListener("dataavailable", (event) => parts.push(event.data));
  mine.addEventListener("stop", () => {
    stream.getTracks().forEach((track) => track.stop());
    clearInterval(ticking);
    recorder = null;
    show(false);
    if (mine.send && parts.length) note(new Blob(parts, { type: mine.mimeType })).catch(() => {});
  });
  mine.start();
  show(true);
  const startMs = Date.now();
  count(startMs);
  ticking = setInterval(() => count(startMs), 500);
}

export function record() {
  by("voice").addEventListener("click", () => {
    if (recorder) recorder.stop();
    else start().catch(() => {});
  });
  by("recording-cancel").addEventListener("click", () => {
    if (!recorder) return;
    recorder.send = false;
    recorder.stop();
  });
}
