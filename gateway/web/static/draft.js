// Keeps what is being written on this device until it is sent: never how to reach its writer.

const KEY = "guichet.draft";
const FIELDS = ["message", "kind", "city", "administration"];
const DAYS = 7;

export function clear() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to clear.
  }
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && Date.now() - kept.at < DAYS * 86400000 ? kept.fields : null;
  } catch {
    return null;
  }
}

function write(form) {
  const data = new FormData(form);
  const fields = Object.fromEntries(FIELDS.map((name) => [name, data.get(name) ?? ""]));
  try {
    if (fields.message) localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), fields }));
    else clear();
  } catch {
    // Full or forbidden: then the words are on the page only.
  }
}

export function keep(form) {
  const kept = read();
  const notice = form.querySelector("#kept");
  if (kept && !form.elements.message.value) {
    for (const name of FIELDS) if (kept[name]) form.elements[name].value = kept[name];
    notice.hidden = false;
    notice.querySelector("span").textContent = notice.dataset.kept;
  }
  notice.querySelector("button").addEventListener("click", () => {
    clear();
    for (const name of FIELDS) {
      const field = form.elements[name];
      if (field instanceof RadioNodeList) for (const one of field) one.checked = false;
      else field.value = "";
    }
    notice.hidden = true;
    form.elements.message.focus();
  });
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => write(form), 400);
  });
}
