// `p` leads to what may be wrong with the photo, from wherever one is but a text or a list; Escape back to the boxes.
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

function closeProblem(reader) {
  const problem = reader.querySelector(".reader__problem[open]");
  if (!problem?.contains(document.activeElement)) return false;
  for (const choice of problem.querySelectorAll("input[type=radio]")) choice.checked = choice.defaultChecked;
  problem.open = false;
  (reader.querySelector("input[inputmode]") ?? reader.querySelector("summary")).focus();
  return true;
}

export function mount(reader) {
  whileThere(reader, document, "keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.matches(WRITTEN_IN)) return;
    const isDone = event.key === "Escape" ? closeProblem(reader) : event.key.toLowerCase() === "p" && openProblem(reader);
    if (isDone) event.preventDefault();
  });
}

for (const reader of document.querySelectorAll(".reader:not([data-lease])")) mount(reader);
