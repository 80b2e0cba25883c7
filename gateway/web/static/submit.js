// The form in a browser with JavaScript: the same two pages, without losing the chosen files.

import { keep } from "./draft.js";
import { solve } from "./effort.js";
import { list } from "./files.js";
import { locate } from "./place.js";
import { suggest } from "./suggest.js";

const main = document.querySelector("main");
let written = null;
// Whether the form is on its way to be read back.
let asking = false;

// Put another page's content into this one; files move along, because no server keeps them.
function swap(content) {
  const files = main.querySelector("#files");
  files?.replaceWith(files.cloneNode());
  main.replaceChildren(...content);
  const place = main.querySelector("#files");
  if (files) place?.replaceWith(files);
  scrollTo(0, 0);
  const first = main.querySelector("[autofocus]") ?? main.querySelector("h1");
  first.tabIndex = -1;
  first.focus();
}

async function readBack(event) {
  event.preventDefault();
  // A second click would put the page to read in place of the form that one goes back to.
  if (asking) return;
  asking = true;
  const form = event.target;
  const data = new FormData(form);
  data.delete("files");
  const answer = await fetch(form.action, { method: "POST", body: data })
    .then((found) => found.text())
    .catch(() => null);
  asking = false;
  // Without the network the browser says so itself, and the words stay in the draft.
  if (answer === null) return form.submit();
  const page = new DOMParser().parseFromString(answer, "text/html");
  const before = Array.from(main.childNodes);
  document.title = page.title;
  swap(page.querySelector("main").childNodes);
  if (main.querySelector("#send")) {
    written = before;
    history.pushState({ step: "check" }, "");
  }
  begin();
}

function goBack() {
  swap(written);
  written = null;
  list(main.querySelector("#form"));
}

// The proof of work is looked for while one reads; who is quicker waits for the rest of it.
function work(form) {
  if (!form.dataset.challenge) return;
  const proof = solve(JSON.parse(form.dataset.challenge)).catch(() => null);
  let ready = false;
  proof.then((solution) => {
    form.elements.effort.value = solution ?? "";
    ready = true;
  });
  form.addEventListener("submit", (event) => {
    if (ready || event.submitter?.name === "step") return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-disabled", "true");
    form.querySelector("#working").textContent = form.dataset.working;
    proof.then(() => form.requestSubmit(button));
  });
}

function begin() {
  const form = main.querySelector("#form");
  const send = main.querySelector("#send");
  if (form) {
    keep(form);
    list(form);
    locate(form);
    suggest(form);
    form.addEventListener("submit", readBack);
  }
  if (send) {
    list(send);
    work(send);
    send.addEventListener("submit", (event) => {
      if (event.submitter?.name !== "step" || !written) return;
      event.preventDefault();
      history.back();
    });
  }
}

addEventListener("popstate", () => {
  if (written) goBack();
});
begin();
