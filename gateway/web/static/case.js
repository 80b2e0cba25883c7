// The page of one case: who else looks at it, how many SMS an answer makes, and keys for what one
// does all day. Without it every form works the same.

const page = document.querySelector("[data-case]");
const reply = document.querySelector("#do-reply");

/** Send a form's fields somewhere and read the JSON that comes back; nothing when it fails. */
async function ask(url, fields) {
  try {
    const answer = await fetch(url, { method: "POST", body: fields });
    return answer.ok && !answer.redirected ? await answer.json() : null;
  } catch {
    return null;
  }
}

// Presence: we are still there, and so are they.

const token = page?.querySelector("[name=csrf_token]")?.value;
const EVERY = 30_000;

async function look() {
  if (document.hidden || !token) return;
  const fields = new FormData();
  fields.set("csrf_token", token);
  fields.set("version", page.dataset.version);
  const seen = await ask(page.dataset.case, fields);
  if (!seen) return;
  const others = page.querySelector("[data-others]");
  others.hidden = seen.others.length === 0;
  for (const name of others.querySelectorAll("bdi")) name.remove();
  others.prepend(...seen.others.flatMap((name, place) => {
    const shown = document.createElement("bdi");
    shown.textContent = place + 1 < seen.others.length ? `${name}, ` : `${name} `;
    return [shown];
  }));
  page.querySelector("[data-changed]").hidden = !seen.changed;
}

if (page) setInterval(look, EVERY);

// The counter below the answer, a moment after one stops typing.

const counter = reply?.querySelector("[data-counter]");
const text = reply?.querySelector("textarea");
const PAUSE = 500;
let pause;
let last = 0;

async function count() {
  const asked = ++last;
  const fields = new FormData(reply);
  fields.delete("files");
  const found = await ask(counter.dataset.counter, fields);
  // An answer that was overtaken tells of words that stand there no longer.
  if (!found || asked !== last) return;
  counter.replaceChildren();
  if (found.segments) counter.append(`${found.segments} ${counter.dataset.sms} `);
  if (found.other) {
    const warning = document.createElement("span");
    warning.className = "other";
    warning.textContent = counter.dataset.other;
    counter.append(warning);
  }
}

function countSoon() {
  clearTimeout(pause);
  pause = setTimeout(count, PAUSE);
}

if (counter) reply.addEventListener("input", countSoon);

// A template goes in where the cursor stands.

reply?.querySelector("[data-insert]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const chosen = reply.querySelector("#template").selectedOptions[0];
  if (!chosen?.dataset.text) return;
  text.setRangeText(chosen.dataset.text, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
});

// What was sent once is not sent again by a second click.

for (const form of document.querySelectorAll("form.act")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = event.submitter?.name ? "" : "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.act")) form.dataset.sent = "";
});

// Keys: Control+Enter sends, a letter goes to a form.

const keys = { r: "#reply-message", o: "#note-message", t: "#transfer summary", x: "#do-accept button" };

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.target.closest?.("form.act")?.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, select, textarea")) return;
  const there = Object.hasOwn(keys, event.key) && document.querySelector(keys[event.key]);
  if (!there) return;
  event.preventDefault();
  there.focus();
  there.scrollIntoView({ block: "center" });
});
