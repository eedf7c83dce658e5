// Reading without waiting: the next two photos are here before one asks for them, what was read leaves by itself, and
// for some seconds it can be taken back (`u`). Without this every photo is a page, and every entry a form that is sent.
import { mount as mountCrops } from "./crops.js";
import { entriesOf, toldIn } from "./entries.js";
import { mount as mountPicture } from "./picture.js";
import { mount as mountTyping } from "./typing.js";

const AHEAD = 2;
const AGAIN = 15_000; // ms until it is asked again whether there is a photo

const page = document.querySelector("[data-module=ahead]");
const { tasks, start, reader, undo, over } = page.dataset;
const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
const slots = Object.fromEntries([...page.querySelectorAll("[data-slot]")].map((one) => [one.dataset.slot, one]));
const says = toldIn(page);
const entries = entriesOf(reader, token, says);

const first = taskOf(page.querySelector("[data-lease]"));
let ahead = [];
let shown = null; // { pristine, element, lease, entry, url, values }, of which `element` is on the page
let undoable = null; // the task before it with its entry's `key`, as long as that has not left

// --- Tasks ---

function taskOf(element) {
  const { lease, entry, page: url } = element.dataset;
  return { pristine: element, lease, entry, url };
}

/** The same address for another lease. */
function of(url, lease) {
  return url.replace(first.lease, lease);
}

/** Shows a task, with what was typed in it before. */
function show(task) {
  task.element = task.pristine.cloneNode(true);
  (page.querySelector("[data-lease]") ?? slots.none).replaceWith(task.element);
  shown = task;
  history.replaceState(null, "", task.url);
  for (const [name, value] of task.values ?? []) {
    const field = task.element.querySelector(`[name="${name}"]:not([type=hidden], [type=radio])`);
    if (field) field.value = value;
  }
  for (const form of task.element.querySelectorAll("[data-module=typing]")) mountTyping(form);
  for (const picture of task.element.querySelectorAll(".picture")) mountPicture(picture);
  mountCrops(task.element);
  if (!task.element.contains(document.activeElement)) task.element.querySelector("input[inputmode], h1")?.focus();
}

function typedIn(task) {
  const form = task.element.querySelector("[data-module=typing]");
  return form ? [...new FormData(form)] : [];
}

async function asked(url, options = {}) {
  const response = await fetch(url, { headers: { "X-CSRFToken": token }, ...options });
  if (!response.ok) throw new Error(response.status);
  return response.status === 204 ? null : response;
}

async function held() {
  const mine = await (await asked(tasks)).json();
  if (String(mine.reader) !== reader) {
    location.replace(start);
    throw new Error("somebody else has signed in meanwhile");
  }
  return mine.tasks.map(({ id }) => id);
}

let filling = null;
/** Has two tasks ready, with their pictures; says whether there is one. */
function fill() {
  filling ??= filled().finally(() => (filling = null));
  return filling;
}

async function filled() {
  const mine = await held();
  ahead = ahead.filter(({ lease }) => mine.includes(lease)); // the time of others is over
  const known = [shown, undoable, ...ahead].map((task) => task?.lease);
  const waiting = mine.filter((id) => !known.includes(id) && !entries.isKept(of(first.entry, id)));
  while (ahead.length < AHEAD) {
    const id = waiting.shift() ?? (await (await asked(`${tasks}?ahead=true`, { method: "POST" }))?.json())?.id;
    if (!id) break;
    const html = await (await asked(of(first.url, id))).text();
    const element = document.adoptNode(new DOMParser().parseFromString(html, "text/html").querySelector("[data-lease]"));
    for (const image of element.querySelectorAll(".picture img")) new Image().src = image.src;
    ahead.push(taskOf(element));
  }
  return ahead.length > 0;
}

async function next() {
  if (!ahead.length) {
    page.querySelector("[data-lease]")?.replaceWith(slots.none);
    slots.none.hidden = false;
    slots.none.focus();
    shown = null;
    const found = await fill().catch(() => false);
    if (shown) return; // the last one was taken back meanwhile
    if (!found) {
      setTimeout(() => shown || next(), AGAIN);
      return;
    }
  }
  show(ahead.shift());
  fill().catch(() => {}); // without a network there is nothing new
}

// The photo on the page went to others: what is typed now would be in vain.
function isOver(task) {
  if (task !== shown) return;
  says({ problem: over });
  next();
}

page.addEventListener("leaseover", () => isOver(shown));
document.addEventListener("visibilitychange", async () => {
  if (document.hidden || !shown) return;
  const task = shown;
  const mine = await held().catch(() => null);
  if (mine && !mine.includes(task.lease)) isOver(task);
});

// --- Entries ---

function readingIn(form) {
  const problem = new FormData(form).get("masalah");
  if (problem) return { problem };
  const numbers = {};
  for (const box of form.querySelectorAll("input[name^=angka-]")) {
    const key = box.name.replace("angka-", "");
    const mark = form.elements[`tanda-${key}`].value;
    if (!mark && !/^[0-9]{1,3}$/.test(box.value.trim())) return null; // the server says what is wrong
    numbers[key] = mark || Number(box.value);
  }
  const tps = writtenTps(form);
  return tps && { page: Number(form.elements.halaman.value), numbers, tps };
}

/** Which TPS is written on the form, as `transcription/header_form.py` says; null where that is not whole. */
function writtenTps(form) {
  const villages = form.querySelector("[data-villages]").dataset.villages.split(" ");
  const [place, number] = [form.elements.desa, form.elements.tps].map(({ value }) => Number(value.trim()));
  if (place === villages.length + 1) return "desa_lain";
  if (form.elements["tanda-desa"].value || form.elements["tanda-tps"].value) return "tidak_terbaca";
  const code = villages[place - 1];
  return code && number > 0 ? code + String(number).padStart(3, "0") : null;
}

let isLeaving = false;
page.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !shown || !form.matches("[data-sends=entry]")) return;
  const reading = readingIn(form);
  if (!reading || isLeaving) return;
  event.preventDefault();
  const stop = form.querySelector("[name=berhenti]");
  if (stop && (event.submitter === stop || event.submitter?.dataset.asked === stop.name)) {
    // What is on its way first: afterwards nothing is held any more. The sums were looked at already.
    isLeaving = true;
    for (const button of [stop, form.elements.sesuai]) {
      const said = document.createElement("input");
      Object.assign(said, { type: "hidden", name: button.name, value: button.value });
      form.append(said);
    }
    entries.flush(true).then(() => form.submit());
    return;
  }
  const task = { ...shown, values: typedIn(shown) };
  offer({ ...task, key: entries.add(shown.entry, reading, undo * 1000) });
  next();
});

// --- Taking back ---

let offered = 0;
function offer(task) {
  undoable = task;
  clearTimeout(offered);
  slots.undo.hidden = undo === "0";
  offered = setTimeout(withdrawOffer, undo * 1000);
}

function withdrawOffer() {
  clearTimeout(offered);
  slots.undo.hidden = true;
  undoable = null;
}

function takeBack() {
  const task = undoable;
  withdrawOffer();
  if (!task || !entries.drop(task.key)) return; // it has left
  if (shown) ahead.unshift({ ...shown, values: typedIn(shown) });
  show(task);
}

slots.undo.querySelector("button").addEventListener("click", takeBack);
document.addEventListener("keydown", (event) => {
  const isAsked = event.key.toLowerCase() === "u" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isAsked || event.repeat || slots.undo.hidden) return;
  event.preventDefault();
  takeBack();
});

// --- The beginning ---

if (entries.isKept(first.entry)) {
  entries.flush(true).then(next);
} else {
  show(first);
  entries.flush(true);
  fill().catch(() => {});
}
addEventListener("online", () => (shown ? fill().catch(() => {}) : next()));
