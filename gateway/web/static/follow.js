// Lists the files chosen on the page of a case, so that one can be taken out again.
import { list } from "./files.js";

const input = document.getElementById("files");
if (input) list(input.form);
