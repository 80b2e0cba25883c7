// The wire: each exchange between a provider and the gateway, as it travelled.

import { el, icon } from "./dom.js";

const KEPT = 60;
// The headers that prove who speaks.
const PROOF = /^(x-twilio-signature|x-telegram-bot-api-secret-token|authorization)$/i;

const list = document.getElementById("wire-list");
const shown = document.getElementById("wire-shown");
let following = true;

export function show(entry) {
  const { title, sent, answered, ms, outward, device } = entry.data;
  const [line] = sent.split("\n");
  const code = answered.split(" ")[0];
  const button = el("button", { type: "button", className: outward ? "outward" : "" },
    icon(outward ? "out" : "in"), el("b", {}, title), el("span", {}, code), el("code", {}, line));
  button.title = `${device}${ms === null ? "" : ` · ${ms} ms`}`;
  button.addEventListener("click", () => {
    following = button === list.firstElementChild.firstElementChild;
    open(button, entry.data);
  });
  list.prepend(el("li", {}, button));
  while (list.children.length > KEPT) list.lastElementChild.remove();
  const last = [line, code && `→ ${code}`, ms !== null && `· ${ms} ms`];
  document.getElementById("wire-last").textContent = last.filter(Boolean).join(" ");
  if (following) open(button, entry.data);
}

function open(button, { sent, body, answered, answer, outward }) {
  for (const other of list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  const ways = ["provider → gateway", "gateway → provider"];
  const [asking, answering] = outward ? ways.reverse() : ways;
  shown.replaceChildren(part(asking, sent, body), part(answering, answered, answer));
}

function part(title, head, body) {
  const pre = el("pre", {});
  head.split("\n").forEach((line, number) => {
    const [name, ...rest] = line.split(": ");
    const value = rest.join(": ");
    if (number === 0 || !value) pre.append(el("span", { className: "first" }, line));
    else if (PROOF.test(name)) pre.append(el("mark", {}, `${name}:`), " ", el("mark", {}, value));
    else pre.append(el("span", { className: "name" }, `${name}:`), " ", value);
    pre.append("\n");
  });
  if (body) pre.append("\n", body);
  return el("section", {}, el("h3", {}, title), head || body ? pre : el("p", { className: "none" }, "nothing"));
}
