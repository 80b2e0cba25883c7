// Names the administrations that the words point to, once one stops typing for a moment.

const PAUSE = 900;

export function suggest(form) {
  const { message, administration } = form.elements;
  const box = form.querySelector("#suggested");
  const chips = box.querySelector("ul");
  let timer, asked;

  async function ask() {
    const text = message.value.trim();
    if (text === asked || text.split(/\s+/).length < 3) return;
    asked = text;
    const answer = await fetch(form.dataset.suggest, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrf_token.value },
      body: JSON.stringify({ text }),
    }).catch(() => null);
    if (answer?.ok && text === message.value.trim()) show(await answer.json());
  }

  function show(found) {
    box.hidden = !found.length;
    chips.replaceChildren(...found.map(chip));
    mark();
  }

  function chip({ slug, label }) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.value = slug;
    button.textContent = label;
    button.addEventListener("click", () => {
      administration.value = administration.value === slug ? "" : slug;
      administration.dispatchEvent(new Event("input", { bubbles: true }));
      mark();
    });
    item.append(button);
    return item;
  }

  function mark() {
    for (const button of chips.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.value === administration.value));
  }

  message.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  administration.addEventListener("change", mark);
  if (message.value) ask();
}
