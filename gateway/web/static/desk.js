// The desk by keyboard. Everything here is also a plain link, form or browser key.

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-list] a")];

/** Go `by` rows along from the one that has the focus. */
function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

function help() {
  const dialog = document.getElementById("help");
  if (dialog?.open) dialog.close();
  else dialog?.showModal();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  n: () => document.querySelector("[rel=next]")?.click(),
  "/": () => document.getElementById("q")?.select(),
  "?": help,
};

// After "g", a letter leads to the link that carries it.
let going = false;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  if (going) {
    going = false;
    const link = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  going = key === "g";
  const act = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (act) {
    event.preventDefault();
    act();
  }
});

// On a phone the queues are a strip: the one that one is in stands in the middle of it.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What is being written outlives an accident: a reload, a session that ended. It stays in this tab
// and goes when the page that follows says that it was taken, or one logs out.
const SENT = "draft sent";
if (document.querySelector("main .note[role=status]")) {
  sessionStorage.removeItem(sessionStorage.getItem(SENT));
}
sessionStorage.removeItem(SENT);

for (const field of document.querySelectorAll("textarea[data-draft]")) {
  const name = `draft ${location.pathname} ${field.name}`;
  field.value ||= sessionStorage.getItem(name) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
  field.form.addEventListener("submit", () => sessionStorage.setItem(SENT, name));
}
