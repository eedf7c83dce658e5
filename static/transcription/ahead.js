// Reading without waiting: the next two photos are here before one asks for them, what was read leaves by itself, and
// for some seconds it can be taken back (`u`). Without this every photo is a page, and every entry a form that is sent.
import { mount as mountCrops } from "./crops.js";
import { entriesOf, toldIn } from "./entries.js";
import { mount as mountPicture } from "./picture.js";
import { mount as mountTyping } from "./typing.js";

const AHEAD = 2;
const AGAIN = 15_000; // ms until it is asked again whether there is a photo

const page = document.querySelector("[data-module=ahead]");
const { tasks, reader, undo } = page.dataset;
const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
const slots = Object.fromEntries([...page.querySelectorAll("[data-slot]")].map((one) => [one.dataset.slot, one]));
const entries = entriesOf(reader, token, toldIn(page));

const first = taskOf(page.querySelector("[data-lease]"));
let ahead = [];
let shown = null; // { element, pristine, lease, entry }, of which `element` is on the page
let undoable = null; // the task before it, as long as its entry has not left

// --- Tasks ---

function taskOf(element) {
  const { lease, entry, page: url } = element.dataset;
  return { pristine: element, lease, entry, url };
}

/** The same address for another lease. */
function of(url, lease) {
  return url.replace(first.lease, lease);
}

function show(task) {
  task.element = task.pristine.cloneNode(true);
  (page.querySelector("[data-lease]") ?? slots.none).replaceWith(task.element);
  shown = task;
  history.replaceState(null, "", task.url);
  for (const form of task.element.querySelectorAll("[data-module=typing]")) mountTyping(form);
  for (const picture of task.element.querySelectorAll(".picture")) mountPicture(picture);
  mountCrops(task.element);
  if (!task.element.querySelector("[data-module=typing]")) task.element.querySelector("h1")?.focus();
}

async function asked(url, options = {}) {
  const response = await fetch(url, { headers: { "X-CSRFToken": token }, ...options });
  if (!response.ok) throw new Error(response.status);
  return response.status === 204 ? null : response;
}

let filling = null;
/** Has two tasks ready, with their pictures; says whether there is one. */
function fill() {
  filling ??= filled().finally(() => (filling = null));
  return filling;
}

async function filled() {
  const mine = await (await asked(tasks)).json();
  const known = () => [shown, undoable, ...ahead].map((task) => task?.lease);
  const waiting = mine.tasks.filter(({ id }) => !known().includes(id) && !entries.has(of(first.entry, id)));
  while (ahead.length < AHEAD) {
    const next =
      waiting.shift() ?? (await (await asked(`${tasks}?ahead=true`, { method: "POST" }))?.json());
    if (!next) break;
    const html = await (await asked(of(first.url, next.id))).text();
    const element = document.adoptNode(
      new DOMParser().parseFromString(html, "text/html").querySelector("[data-lease]"),
    );
    for (const image of element.querySelectorAll(".picture img")) new Image().src = image.src;
    ahead.push(taskOf(element));
  }
  return ahead.length > 0;
}

async function next() {
  if (!ahead.length) {
    page.querySelector("[data-lease]")?.replaceWith(slots.none);
    slots.none.hidden = false;
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

// --- Entries ---

function readingIn(form) {
  const problem = new FormData(form).get("masalah");
  if (problem) return { problem };
  const numbers = {};
  for (const box of form.querySelectorAll("input[inputmode]")) {
    const key = box.name.replace("angka-", "");
    const mark = form.elements[`tanda-${key}`].value;
    if (!mark && !/^[0-9]{1,3}$/.test(box.value.trim())) return null; // the server says what is wrong
    numbers[key] = mark || Number(box.value);
  }
  return { page: Number(form.elements.halaman.value), numbers };
}

let isLeaving = false;
page.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !shown || !form.matches("[data-sends=entry]")) return;
  const reading = readingIn(form);
  if (!reading || isLeaving) return;
  event.preventDefault();
  if (event.submitter?.name === "berhenti") {
    // What is on its way first: afterwards nothing is held any more.
    isLeaving = true;
    const leave = () => setTimeout(() => form.requestSubmit(event.submitter)); // not while this event is on its way
    entries.flush(true).then(leave);
    return;
  }
  slots.lost.hidden = true;
  const before = { task: shown, values: [...new FormData(form)] };
  entries.add(shown.entry, reading, undo * 1000);
  offer(before);
  next();
});

// --- Taking back ---

let offered = 0;
function offer(before) {
  undoable = { ...before.task, values: before.values };
  clearTimeout(offered);
  slots.undo.hidden = undo === "0";
  offered = setTimeout(() => {
    slots.undo.hidden = true;
    undoable = null;
  }, undo * 1000);
}

function takeBack() {
  const isHere = undoable && entries.has(undoable.entry);
  clearTimeout(offered);
  slots.undo.hidden = true;
  if (!isHere) return; // it has left
  const { values, ...task } = undoable;
  entries.drop(task.entry);
  undoable = null;
  if (shown) ahead.unshift(shown);
  show(task);
  for (const [name, value] of values) {
    const field = task.element.querySelector(`[name="${name}"]:not([type=hidden], [type=radio])`);
    if (field) field.value = value;
  }
  task.element.querySelector("input[inputmode]")?.focus();
}

slots.undo.querySelector("button").addEventListener("click", takeBack);
document.addEventListener("keydown", (event) => {
  if (event.key !== "u" || event.ctrlKey || event.metaKey || event.altKey || slots.undo.hidden) return;
  event.preventDefault();
  takeBack();
});

// --- The beginning ---

if (entries.has(first.entry)) {
  entries.flush(true).then(() => next());
} else {
  show(first);
  entries.flush(true);
  fill().catch(() => {});
}
addEventListener("online", () => (shown ? fill().catch(() => {}) : next()));
