// A case by keys: `a`, `t`, `p` and `u` go to what one may say, figures choose in the question at hand and lead to the next,
// Enter sends once all is chosen. Without it there is a page of forms. On the page before it, the first box is at hand.

const VERDICTS = { a: "accept", t: "reject", p: "rehome", u: "reopen" };
const WRITTEN_IN = "textarea, select, input:not([type=radio])";

const reader = document.querySelector(".reader");
const formOf = (verdict) => reader.querySelector(`[data-verdict=${verdict}]`);
let form = formOf("accept");

/** The questions of the form at hand: its radio buttons by name, and the TPS where a photo is moved. */
function questions() {
  const names = new Set([...form.querySelectorAll("input[type=radio]")].map(({ name }) => name));
  return [...names].map((name) => [...form.querySelectorAll(`input[type=radio][name="${name}"]`)]);
}

const isAnswered = (question) => question.some(({ checked }) => checked);

function at() {
  const asked = questions();
  return asked.find((question) => question.includes(document.activeElement)) ?? asked.find((one) => !isAnswered(one));
}

function goTo(verdict) {
  const next = formOf(verdict);
  if (!next) return;
  form = next;
  const folded = form.closest("details");
  if (folded) folded.open = true;
  const box = form.querySelector("#tps");
  const first = box ?? (questions().find((one) => !isAnswered(one)) ?? questions()[0])[0];
  first.focus();
  form.scrollIntoView({ block: "nearest" });
}

function choose(place) {
  const question = at();
  const radio = question?.[place - 1];
  if (!radio) return;
  radio.checked = true;
  const asked = questions();
  const next = asked.slice(asked.indexOf(question) + 1).find((one) => !isAnswered(one));
  (next?.[0] ?? form.querySelector("button")).focus();
}

function pressed(key) {
  if (key in VERDICTS) goTo(VERDICTS[key]);
  else if (form && /^[1-9]$/.test(key)) choose(Number(key));
  else if (form && key === "Enter" && document.activeElement.type === "radio") form.requestSubmit(form.querySelector("button"));
  else return false;
  return true;
}

if (form || formOf("reject")) {
  form ??= formOf("reject");
  reader.querySelector("[data-slot=keys]").hidden = matchMedia("(pointer: coarse)").matches;
  reader.addEventListener("focusin", ({ target }) => (form = target.closest("[data-verdict]") ?? form));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches(WRITTEN_IN)) return;
    if (pressed(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
  });
} else {
  reader.querySelector(".numbers input, [name=masalah]")?.focus();
}
