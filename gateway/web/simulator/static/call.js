// The phone that calls: says what the TwiML says, and gives it keys and recordings.

import { act, el, icon, toEnd, words } from "./dom.js";
import * as microphone from "./microphone.js";

export const ID = "voice";
export const KINDS = ["call"];

// How fast captions appear, in milliseconds a word: faster than speech, slow enough to follow.
const A_WORD = 70;

const at = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

let waiting = [];
let speaking = null;
let began = null;
let recording = null;

export function setUp() {
  at("call-dial").addEventListener("click", () => {
    act("call", { answer: at("call").dataset.state === "ringing" ? "1" : "" });
  });
  at("call-end").addEventListener("click", hangUp);
  at("call-wait").addEventListener("click", () => act("wait"));
  at("call-aloud").addEventListener("click", aloud);
  at("rec").addEventListener("click", () => (recording ? stop("#") : start()));
  at("keypad").addEventListener("click", ({ target }) => {
    if (target.dataset.key) press(target.dataset.key);
  });
  at("speech").addEventListener("submit", (event) => {
    event.preventDefault();
    act("speak", { text: event.target.elements.text.value });
    event.target.reset();
  });
  setInterval(tick, 250);
}

export function reset() {
  if (!at("call")) return;
  silence();
  recording = null;
  at("captions").replaceChildren();
  state("idle", "Press the green button to call");
}

/** Show an entry; returns whether the telephone rings. */
export function show(entry, live) {
  const { what } = entry.data;
  if (!at("call") || !DO[what]) return false;
  if (what === "dialling" || what === "ringing" || what === "ended" || what === "key") skip();
  if (live && !calm && what !== "ended" && what !== "key") queue(entry);
  else DO[what](entry.data, entry.at, live);
  return what === "ringing";
}

const ENDINGS = { "hung up": "You hung up", "not taken": "You missed a call" };

const DO = {
  dialling() {
    at("captions").replaceChildren();
    state("dialling", "Calling…");
  },
  ringing() {
    at("captions").replaceChildren();
    state("ringing", "Guichet is calling you");
  },
  connected(_, when) {
    began = Date.parse(when);
    state("connected", "0:00");
  },
  say: ({ text, language }) => caption(text, "", language),
  play({ url }) {
    const item = caption("♪ A recorded announcement", "note");
    if (!url) return;
    const button = el("button", { type: "button" }, icon("play"), " Play");
    button.addEventListener("click", () => new Audio(url).play());
    item.append(" ", button);
  },
  pause: () => {},
  gather({ speech }) {
    listen(true, speech);
  },
  record(data) {
    listen(false, false);
    at("call").dataset.state = "recording";
    at("call").dataset.language = data.language;
    at("call").dataset.longest = data.seconds;
    at("recorder").hidden = false;
    at("call-wait").hidden = false;
    at("rec-time").textContent = "0:00";
    caption(data.beep ? "♪ beep — speak now" : "Speak now", "note");
  },
  recorded({ file, seconds }) {
    at("recorder").hidden = true;
    const item = caption(`You spoke for ${seconds} s `, "note");
    const button = el("button", { type: "button" }, "▶ listen");
    button.addEventListener("click", () => new Audio(`file/${file}`).play());
    item.append(button);
    quiet();
  },
  key({ key }) {
    quiet();
    caption(key, "me");
  },
  spoke({ text }) {
    quiet();
    caption(text, "me");
  },
  silence() {
    quiet();
    caption("… silence …", "note");
  },
  unknown: ({ verb }) => caption(`<${verb}> is not played here`, "note"),
  error: ({ reason }) => caption(`An application error has occurred (${reason}).`, "note"),
  ended({ why }) {
    if (recording) microphone.stop();
    recording = null;
    began = null;
    state("idle", ENDINGS[why] ?? "The call has ended");
  },
};

/** Play what was said one after the other, each for as long as it takes to read. */
function queue(entry) {
  waiting.push(entry);
  if (!speaking) next();
}

function next() {
  const entry = waiting.shift();
  if (!entry) {
    speaking = null;
    return;
  }
  DO[entry.data.what](entry.data, entry.at, true);
  const text = entry.data.what === "say" ? entry.data.text : "";
  if (text && at("call-aloud").getAttribute("aria-pressed") === "true" && window.speechSynthesis) {
    const voice = new SpeechSynthesisUtterance(text);
    voice.lang = entry.data.language;
    voice.onend = voice.onerror = next;
    speaking = voice;
    speechSynthesis.speak(voice);
    return;
  }
  speaking = setTimeout(next, text ? 250 + text.split(/\s+/).length * A_WORD : 60);
}

/** What is still waiting to be said is shown at once: somebody interrupted it. */
function skip() {
  const rest = waiting;
  silence();
  for (const entry of rest) DO[entry.data.what](entry.data, entry.at, false);
}

function silence() {
  waiting = [];
  if (typeof speaking === "number") clearTimeout(speaking);
  else if (speaking) speaking.onend = speaking.onerror = null;
  window.speechSynthesis?.cancel();
  speaking = null;
}

function caption(text, kind, language) {
  const item = el("li", { className: kind, lang: language ?? "" }, ...words(text));
  at("captions").append(item);
  toEnd(at("captions"));
  return item;
}

function state(name, text) {
  at("call").dataset.state = name;
  at("call-state").textContent = text;
  const idle = name === "idle";
  at("call-dial").hidden = !(idle || name === "ringing");
  at("call-end").hidden = idle;
  at("recorder").hidden = true;
  quiet();
}

function listen(keys, speech) {
  at("call").classList.toggle("listening", keys);
  at("call-wait").hidden = false;
  at("speech").hidden = !speech;
}

function quiet() {
  at("call").classList.remove("listening");
  at("call-wait").hidden = true;
  at("speech").hidden = true;
}

function press(key) {
  if (recording) stop(key);
  else if (at("call").dataset.state !== "idle") act("key", { key });
}

async function start() {
  const mine = (recording = { began: Infinity, heard: false });
  at("rec").classList.add("on");
  at("rec").firstElementChild.textContent = "Stop";
  if (at("rec-mic").checked) mine.heard = await microphone.start();
  // The time runs from when somebody listens; who stopped before that leaves no microphone open.
  if (recording === mine) mine.began = Date.now();
  else if (mine.heard) microphone.stop();
}

async function stop(endedBy) {
  const { began: from, heard } = recording;
  recording = null;
  at("rec").classList.remove("on");
  at("rec").firstElementChild.textContent = "Record";
  await act("record", {
    ended_by: endedBy,
    seconds: Math.max(1, Math.round((Date.now() - from) / 1000)),
    language: at("call").dataset.language,
    file: heard ? microphone.stop() : undefined,
  });
}

/** Who hangs up while recording has still said something: that is kept, as Twilio keeps it. */
async function hangUp() {
  if (recording) await stop("hangup");
  else act("hang-up");
}

function aloud() {
  const on = at("call-aloud").getAttribute("aria-pressed") !== "true";
  at("call-aloud").setAttribute("aria-pressed", String(on));
  if (!on) window.speechSynthesis?.cancel();
}

function tick() {
  if (began) at("call-state").textContent = clock(Date.now() - began);
  if (!recording) return;
  at("rec-time").textContent = clock(Date.now() - recording.began);
  if (Date.now() - recording.began > at("call").dataset.longest * 1000) stop("");
}

function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
