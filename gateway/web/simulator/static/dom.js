// Making elements, and telling the server what the visitor does.

const SVG = "http://www.w3.org/2000/svg";
const NUMBER = /(\d{4}[ \u00a0]\d{4}[ \u00a0]\d{4})/;

/** An element with properties and children; text is only ever text. */
export function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** One of the page's icons. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A text as paragraphs, each running its own way, with tracking numbers marked. */
export function words(text) {
  return text.split("\n").map((line) =>
    el("p", {}, ...line.split(NUMBER).map((part) =>
      NUMBER.test(part) ? el("bdi", { className: "number", dir: "ltr" }, part) : part)));
}

/** The hour and minute of an ISO time, here. */
export function hour(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** The person that the visitor is. */
export function person() {
  return document.querySelector("[name=person]:checked");
}

/** Post something to the simulator. The header proves that its own page sent it. */
export async function post(path, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) body.append(name, value);
  }
  return fetch(path, { method: "POST", body, headers: { "X-Guichet-Simulator": "1" } });
}

/** Do something on a device of the person's; the page looks for what follows at once. */
export async function act(name, fields = {}) {
  const answer = await post(`do/${name}`, { person: person().value, ...fields });
  if (!answer.ok) complain(`The simulator refused this (${answer.status}).`);
  document.dispatchEvent(new CustomEvent("acted"));
}

/** Say what went wrong, at the foot of the page; nothing takes it away again. */
export function complain(text) {
  const trouble = document.getElementById("trouble");
  trouble.hidden = !text;
  trouble.textContent = text;
}

/** Scroll a list to its end, when something new stands there. */
export function toEnd(list) {
  list.scrollTop = list.scrollHeight;
}
