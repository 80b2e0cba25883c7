// The phone that texts.

import { el, hour, toEnd, words } from "./dom.js";

export const ID = "sms";
export const KINDS = ["sms", "sms-status"];

const thread = () => document.getElementById("sms-thread");

export function setUp() {}

export function reset() {
  thread()?.replaceChildren();
}

/** Show an entry; returns whether something arrived. */
export function show(entry, live) {
  const { by, sid, text, status } = entry.data;
  if (!thread()) return false;
  if (entry.kind === "sms-status") {
    const small = thread().querySelector(`[data-sid="${CSS.escape(sid)}"] small`);
    if (small) small.textContent = `${small.dataset.hour} · ${status}`;
    return false;
  }
  const mine = by === "citizen";
  const small = el("small", {}, `${hour(entry.at)} · ${status ?? (mine ? "sending" : "")}`);
  small.dataset.hour = hour(entry.at);
  const bubble = el("li", { className: `bubble${mine ? " mine" : ""}${live ? " new" : ""}` }, ...words(text), small);
  bubble.dataset.sid = sid;
  thread().append(bubble);
  toEnd(thread());
  return !mine;
}
