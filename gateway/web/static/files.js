// Lists the chosen files; those chosen later join the earlier ones, as one photographs.

const language = document.documentElement.lang;
// Browsers have no figures for Tamazight; Morocco writes Western digits in Arabic too.
const locale = language.startsWith("zgh") ? "fr" : language;

function size(bytes) {
  const [count, unit] = bytes < 1e6 ? [Math.ceil(bytes / 1e3), "kilobyte"] : [bytes / 1e6, "megabyte"];
  const how = { style: "unit", unit, numberingSystem: "latn", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale, how).format(count);
}

// What was chosen in an input so far; the input moves from page to page, and its files with it.
const chosenIn = new WeakMap();

export function list(form) {
  const input = form.querySelector("#files");
  if (!chosenIn.has(input)) {
    chosenIn.set(input, new DataTransfer());
    input.addEventListener("change", () => add(input));
    for (const name of ["dragenter", "dragover"])
      input.addEventListener(name, () => input.classList.add("dropping"));
    for (const name of ["dragleave", "drop"])
      input.addEventListener(name, () => input.classList.remove("dropping"));
  }
  if (input.files.length && !chosenIn.get(input).files.length) add(input);
  else show(input);
}

function add(input) {
  for (const file of input.files) chosenIn.get(input).items.add(file);
  show(input);
}

function show(input) {
  const { files } = chosenIn.get(input);
  const shown = input.form.querySelector(".chosen");
  input.files = files;
  shown.replaceChildren(...Array.from(files, (file, place) => row(input, shown, file, place)));
  const total = Array.from(files).reduce((sum, file) => sum + file.size, 0);
  if (total <= input.form.dataset.megabytes * 1048576) return;
  const told = document.createElement("li");
  told.className = "error";
  told.textContent = shown.dataset.large;
  shown.append(told);
}

function row(input, shown, file, place) {
  const item = document.createElement("li");
  const name = document.createElement("bdi");
  name.textContent = file.name;
  const told = document.createElement("span");
  told.append(name, ` · ${size(file.size)}`);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "plain";
  remove.textContent = shown.dataset.remove;
  remove.setAttribute("aria-label", `${shown.dataset.remove}: ${file.name}`);
  remove.addEventListener("click", () => {
    chosenIn.get(input).items.remove(place);
    show(input);
    input.focus();
  });
  item.append(told, remove);
  return item;
}
