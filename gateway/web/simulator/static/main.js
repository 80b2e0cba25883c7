// The page: who the visitor is, what happened since, and which device hears of it.

import { act, complain, hour, person, post } from "./dom.js";
import * as call from "./call.js";
import * as desk from "./desk.js";
import * as mail from "./mail.js";
import * as sms from "./sms.js";
import * as telegram from "./telegram.js";
import * as wire from "./wire.js";

const DEVICES = [sms, call, telegram, mail];
// A second between looks, as long as nothing was just done; then more often, for a while.
const CALM = 1000;
const EAGER = 250;
const EAGER_FOR = 6000;

let epoch = null;
let last = 0;
let entries = [];
let eagerUntil = 0;
// When to look next; null while a look is on its way.
let timer = null;

async function look() {
  timer = null;
  try {
    const answer = await fetch(`state?since=${last}`);
    if (!answer.ok) throw new Error(answer.status);
    take(await answer.json());
    complain("");
  } catch {
    complain("The gateway does not answer. Trying again…");
  }
  timer = setTimeout(look, Date.now() < eagerUntil ? EAGER : CALM);
}

function take(state) {
  if (epoch !== null && epoch !== state.epoch) {
    // The server began anew: what is on the devices never happened to it.
    location.reload();
    return;
  }
  const first = epoch === null;
  epoch = state.epoch;
  for (const entry of state.entries) {
    last = Math.max(last, entry.seq);
    entries.push(entry);
    show(entry, !first);
  }
  desk.show(state.cases);
}

function show(entry, live) {
  if (entry.kind === "wire") {
    wire.show(entry);
    return;
  }
  if (entry.person !== person().value) return;
  for (const device of DEVICES) {
    if (device.KINDS.includes(entry.kind) && device.show(entry, live) && live) ring(device.ID);
  }
}

/** A device got something: it trembles, and on a small screen its tab says so. */
function ring(id) {
  const device = document.getElementById(id);
  device.classList.remove("rang");
  void device.offsetWidth;
  device.classList.add("rang");
  if (!device.classList.contains("chosen")) {
    document.querySelector(`[data-tab=${id}]`).classList.add("news");
  }
}

function become() {
  for (const device of DEVICES) if (document.getElementById(device.ID)) device.reset();
  for (const place of document.querySelectorAll("[data-mine]")) {
    place.textContent = person().dataset[place.dataset.mine];
  }
  for (const entry of entries) if (entry.kind !== "wire") show(entry, false);
}

function choose(tab) {
  for (const other of document.querySelectorAll("[data-tab]")) {
    other.setAttribute("aria-pressed", String(other === tab));
  }
  tab.classList.remove("news");
  for (const device of document.querySelectorAll(".device")) {
    device.classList.toggle("chosen", device.id === tab.dataset.tab);
  }
}

function sendSample(button) {
  const sample = button.closest(".sample");
  const text = sample.querySelector("p").textContent;
  const way = button.dataset.way;
  if (way === "email") act("mail", { subject: sample.dataset.subject, text });
  else act(way, { text });
  choose(document.querySelector(`[data-tab=${way}]`));
}

function tick() {
  const now = hour(new Date());
  for (const clock of document.querySelectorAll("[data-clock]")) clock.textContent = now;
}

function setUp() {
  for (const radio of document.querySelectorAll("[name=person]")) {
    radio.addEventListener("change", become);
  }
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.addEventListener("click", () => choose(tab));
  }
  for (const button of document.querySelectorAll("[data-way]")) {
    button.addEventListener("click", () => sendSample(button));
  }
  for (const button of document.querySelectorAll("[data-act]")) {
    button.addEventListener("click", () => act(button.dataset.act));
  }
  for (const form of document.querySelectorAll("form[data-do]")) setUpForm(form);
  document.getElementById("replay")?.addEventListener("submit", (event) => {
    event.preventDefault();
    post("replay", { person: person().value, dialogue: event.target.dialogue.value });
  });
  for (const button of document.querySelectorAll("[data-tongue]")) {
    button.addEventListener("click", () => speak(button));
  }
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", () => navigator.clipboard?.writeText(button.textContent));
  }
  document.addEventListener("acted", () => {
    eagerUntil = Date.now() + EAGER_FOR;
    // Another look beside the one on its way would bring the same entries again.
    if (timer === null) return;
    clearTimeout(timer);
    timer = setTimeout(look, EAGER / 2);
  });
  for (const device of DEVICES) if (document.querySelector(`#${device.ID} :not(.real).shell`)) device.setUp();
  tick();
  setInterval(tick, 10_000);
  become();
  look();
}

function setUpForm(form) {
  const field = form.elements.text;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    act(form.dataset.do, { text: field.value });
    form.reset();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

function speak(button) {
  for (const other of document.querySelectorAll("[data-tongue]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const address = `/${button.dataset.tongue}/submit`;
  document.getElementById("form").src = address;
  document.getElementById("form-link").href = address;
}

setUp();
