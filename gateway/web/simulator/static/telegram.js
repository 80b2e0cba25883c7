// The chat with the bot.

import { act, el, hour, icon, toEnd, words } from "./dom.js";

export const ID = "telegram";
export const KINDS = ["telegram", "telegram-status", "telegram-press", "telegram-edit"];

const thread = () => document.getElementById("telegram-thread");

export function setUp() {
  const file = document.getElementById("telegram-file");
  file.addEventListener("change", () => {
    if (file.files.length) act("telegram", { file: file.files[0] });
    file.value = "";
  });
}

export function reset() {
  thread()?.replaceChildren();
}

/** Show an entry; returns whether something arrived. */
export function show(entry, live) {
  const { by, id, status, text, buttons, keys } = entry.data;
  if (!thread()) return false;
  if (entry.kind === "telegram-status") {
    const small = thread().querySelector(`[data-id="${id}"] small`);
    if (small) small.textContent += status === "read" ? " ✓✓" : ` · ${status}`;
    return false;
  }
  if (entry.kind === "telegram-press") {
    const under = thread().querySelector(`[data-under="${entry.data.message}"]`);
    under?.querySelector(`[data-value="${CSS.escape(entry.data.value)}"]`)?.classList.add("pressed");
    return false;
  }
  if (entry.kind === "telegram-edit") {
    const under = thread().querySelector(`[data-under="${id}"]`);
    if (buttons.length) under?.replaceWith(keyboard(id, buttons));
    else under?.remove();
    return false;
  }
  // A key that sends a place or a number is there once, until it was used or something else is said.
  thread().querySelector(".keys")?.remove();
  const mine = by === "citizen";
  const bubble = el("li", { className: `bubble${mine ? " mine" : ""}${live ? " new" : ""}` },
    ...carried(entry.data), ...(text ? words(text) : []), el("small", {}, hour(entry.at)));
  bubble.dataset.id = id;
  thread().append(bubble);
  if (buttons?.length) thread().append(keyboard(id, buttons));
  if (keys?.length) thread().append(el("li", { className: "keys" }, ...keys.map(sending)));
  toEnd(thread());
  return !mine;
}

/** What a message holds beside its text. */
function carried({ photo, voice, document: file, name, seconds, location }) {
  if (photo) {
    // Its height is only known once it is there.
    const loaded = () => toEnd(thread());
    return [el("img", { src: `file/${photo}`, alt: "Photo", onload: loaded })];
  }
  if (voice) return [note(voice, seconds)];
  if (file) return [el("p", {}, el("a", { href: `file/${file}` }, `📄 ${name}`))];
  if (location) {
    const { latitude, longitude } = location;
    return [el("span", { className: "place" }, icon("place")), ...words(`${latitude}, ${longitude}`)];
  }
  return [];
}

function note(key, seconds) {
  const sound = new Audio(`file/${key}`);
  sound.preload = "none";
  const button = el("button", { type: "button", ariaLabel: "Play the voice note" }, icon("play"));
  button.addEventListener("click", () => (sound.paused ? sound.play() : sound.pause()));
  const length = `0:${String(seconds).padStart(2, "0")}`;
  return el("div", { className: "voice-note" }, button, el("span", { className: "wave" }), length);
}

function sending({ label, sends }) {
  const button = el("button", { type: "button", dir: "auto" }, label);
  button.addEventListener("click", () => act(`telegram-${sends}`));
  return button;
}

/** Buttons in the rows that the bot chose. */
function keyboard(message, rows) {
  const item = el("li", { className: "buttons" }, ...rows.map((row) =>
    el("div", { className: "row" }, ...row.map(({ label, value }) => {
      const button = el("button", { type: "button", dir: "auto" }, label);
      button.dataset.value = value;
      button.addEventListener("click", () => act("telegram-press", { message, value }));
      return button;
    }))));
  item.dataset.under = message;
  return item;
}
