// The mailbox: what came, what was sent, with all headers.

import { act, el, hour, words } from "./dom.js";

export const ID = "email";
export const KINDS = ["mail"];

const at = (id) => document.getElementById(id);
let shown = null;

export function setUp() {
  at("mail-write").addEventListener("click", () => write({}));
  at("mail-reply").addEventListener("click", () => reply(shown));
  for (const back of at("mailbox").querySelectorAll("[data-back]")) {
    back.addEventListener("click", () => view("list"));
  }
  at("mail-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    if (!fields.file?.size) delete fields.file;
    act("mail", fields);
    view("list");
  });
}

export function reset() {
  at("mails")?.replaceChildren();
  if (at("mailbox")) view("list");
}

/** Show an entry; returns whether something arrived. */
export function show(entry, live) {
  if (!at("mails")) return false;
  const mail = entry.data;
  const came = mail.by === "gateway";
  const button = el("button", { type: "button", className: came ? "unread" : "sent" },
    el("small", {}, `${came ? mail.from : `To ${mail.to}`} · ${hour(entry.at)}`),
    el("b", {}, mail.subject || "(no subject)"),
    el("span", {}, mail.text.trim().split("\n")[0]));
  button.addEventListener("click", () => {
    button.classList.remove("unread");
    read(mail);
  });
  at("mails").prepend(el("li", { className: live ? "new" : "" }, button));
  return came;
}

function view(name) {
  at("mailbox").dataset.view = name;
}

function read(mail) {
  shown = mail;
  at("mail-subject").textContent = mail.subject || "(no subject)";
  at("mail-route").textContent = `${mail.from} → ${mail.to}`;
  at("mail-reply").hidden = mail.by !== "gateway";
  at("mail-headers").replaceChildren(
    ...mail.headers.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  at("mail-text").replaceChildren(...words(mail.text.trim()));
  at("mail-files").replaceChildren(...mail.files.map(({ name, key }) =>
    el("li", {}, el("a", { href: `file/${key}` }, `📎 ${name}`))));
  view("read");
}

function reply(mail) {
  const subject = /^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`;
  write({
    to: mail.reply_to.match(/<([^>]+)>/)?.[1] ?? mail.reply_to,
    subject,
    in_reply_to: mail.message_id,
    references: mail.references,
    text: `\n\n> ${mail.text.trim().replaceAll("\n", "\n> ")}`,
  });
}

function write(fields) {
  const form = at("mail-form");
  form.reset();
  for (const [name, value] of Object.entries({ in_reply_to: "", references: "", ...fields })) {
    form.elements[name].value = value;
  }
  view("write");
  form.elements[fields.text ? "text" : "subject"].focus();
  form.elements.text.setSelectionRange(0, 0);
}
