// `p` leads to what may be wrong with the photo, from wherever one is but a text or a list.
import { whileThere } from "./while_there.js";

const WRITTEN_IN = "textarea, select, input:not([inputmode=numeric], [type=radio])";

/** Opens the list of problems; says whether there is one. */
export function openProblem(reader) {
  const problem = reader.querySelector(".reader__problem");
  if (!problem) return false;
  problem.open = true;
  problem.querySelector("input[type=radio]").focus();
  problem.scrollIntoView({ block: "center" });
  return true;
}

export function mount(reader) {
  whileThere(reader, document, "keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.matches(WRITTEN_IN)) return;
    if (event.key.toLowerCase() === "p" && openProblem(reader)) event.preventDefault();
  });
}

for (const reader of document.querySelectorAll(".reader:not([data-lease])")) mount(reader);
