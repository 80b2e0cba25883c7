// What was sent need not be kept on this device any longer; and a receipt can be printed.

import { clear } from "./draft.js";

clear();
const print = document.querySelector("#print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
