// Shows how much of a large file is sent. Without it the form is sent as any other.
import { list } from "./files.js";

const form = document.querySelector("main form");
const bar = form.querySelector("progress");
const button = form.querySelector("[type=submit]");
list(form);

form.addEventListener("submit", (event) => {
  if (!form.querySelector("[type=file]").files.length) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (sent) => {
    bar.max = sent.total;
    bar.value = sent.loaded;
  });
  request.addEventListener("load", () => {
    if (request.status === 200) {
      location.replace(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.querySelector("main").focus();
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    button.disabled = false;
  });
  bar.hidden = false;
  button.disabled = true;
  request.send(new FormData(form));
});
