// Which page it is, by keys: the digits of a number that stands in a page's name lead to its link, Enter follows it. The
// same number once more leads to the next page that has it. Without it there is a list of links.
import { whileThere } from "./while_there.js";

const TOGETHER = 1_500; // ms within which digits are one number
const WRITTEN_IN = "textarea, select, input";

/** Whether the number stands in a page's name, by itself or within "1 sampai 11". */
function names(label, number) {
  return [...label.matchAll(/(\d+)(?: sampai (\d+))?/g)].some(
    ([, first, last = first]) => Number(first) <= number && number <= Number(last),
  );
}

export function mount(reader) {
  const list = reader.querySelector("[data-slot=pages]");
  if (!list) return;
  reader.querySelector("[data-slot=keys]").hidden = matchMedia("(pointer: coarse)").matches;
  const links = [...list.querySelectorAll("a")];
  const having = (digits) => links.filter((link) => names(link.querySelector("span").textContent, Number(digits)));
  let typed = "";
  let last = 0;

  whileThere(list, document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches(WRITTEN_IN)) return;
    if (!/^\d$/.test(event.key)) return;
    const further = Date.now() - last < TOGETHER ? typed + event.key : event.key;
    typed = having(further).length ? further : event.key;
    last = Date.now();
    const found = having(typed);
    found[(found.indexOf(document.activeElement) + 1) % found.length]?.focus();
    event.preventDefault();
  });
}

for (const reader of document.querySelectorAll(".reader:not([data-lease])")) mount(reader);
