// The case desk: the newest cases, and what an administration says of them.

import { complain, el, icon, post } from "./dom.js";

const LANGUAGES = {
  ar: "Arabic", "ary-Arab": "Darija", "ary-Latn": "Darija, Latin letters", "zgh-Tfng": "Tamazight",
  "zgh-Latn": "Tamazight, Latin letters", fr: "French", es: "Spanish", en: "English",
};
const STATUSES = ["in_progress", "answered", "awaiting_citizen", "closed", "inadmissible", "reopened"];
// Of these the citizen hears in words that are always the same.
const WORDLESS = ["in_progress", "reopened"];

const ANSWERS = JSON.parse(document.body.dataset.answers);
const list = document.getElementById("cases");
const rows = new Map();

/** Show these cases, newest first. What somebody types into a row stays. */
export function show(cases) {
  if (!cases.length) return;
  for (const one of cases) {
    const known = rows.get(one.number);
    const seen = JSON.stringify(one);
    if (known?.seen === seen) continue;
    const row = known?.row ?? make(one);
    fill(row, one);
    rows.set(one.number, { row, seen });
  }
  // Only what stands elsewhere is moved: a field that is moved while one types loses the focus.
  cases.forEach((one, n) => {
    const { row } = rows.get(one.number);
    if (list.children[n] !== row) list.insertBefore(row, list.children[n] ?? null);
  });
  while (list.children.length > cases.length) list.lastElementChild.remove();
}

function make(one) {
  const select = el("select", { ariaLabel: "New status", name: "status" },
    ...STATUSES.map((status) => el("option", { value: status }, status.replace("_", " "))));
  const label = "Message to the citizen";
  const message = el("input", { name: "message", dir: "auto", ariaLabel: label, placeholder: label });
  const form = el("form", {}, select, message, el("button", {}, "Tell the citizen"));
  const row = el("li", { className: "fresh" },
    el("span", { className: "case-number" }), el("span", { className: "case-text" }),
    el("span", { className: "case-office" }), el("span", { className: "pill" }), form);
  const suggest = () => {
    message.disabled = WORDLESS.includes(select.value);
    message.value = message.disabled ? "" : suggestion(one.language, select.value);
  };
  select.addEventListener("change", suggest);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change(row, one.number, select, message);
  });
  select.value = "answered";
  suggest();
  return row;
}

function fill(row, one) {
  row.querySelector(".case-number").replaceChildren(icon(one.channel), one.spaced);
  row.querySelector(".case-text").replaceChildren(
    one.text || "(no words: a file or a recording)", el("small", {}, LANGUAGES[one.language] ?? one.language));
  row.querySelector(".case-office").textContent = one.administration ?? "in triage";
  const pill = row.querySelector(".pill");
  pill.textContent = pill.dataset.status = one.status.replace("_", " ");
}

/** What an administration might say, in the citizen's language. */
function suggestion(language, status) {
  const said = ANSWERS[language] ?? ANSWERS[language.split("-")[0]] ?? ANSWERS.fr;
  return said[status] ?? "";
}

async function change(row, number, select, message) {
  row.querySelector(".problem")?.remove();
  const answer = await post(`case/${number}`, { status: select.value, message: message.value });
  if (answer.status === 422) {
    row.append(el("p", { className: "problem", role: "alert" }, (await answer.json()).problem));
  } else if (!answer.ok) {
    complain(`The desk refused this (${answer.status}).`);
  }
  document.dispatchEvent(new CustomEvent("acted"));
}
