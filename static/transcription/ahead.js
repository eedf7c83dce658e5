// Reading without waiting: the next two photos are here before one asks for them, what was read leaves by itself, and
// for some seconds it can be taken back (`u`). Without this every photo is a page, and every entry a form that is sent.
import { mount as mountCrops } from "./crops.js";
import { entriesOf, toldIn } from "./entries.js";
import { mount as mountPicture } from "./picture.js";
import { mount as mountProblem } from "./problem.js";
import { mount as mountTyping } from "./typing.js";
import { mount as mountWhichPage } from "./which_page.js";

const AHEAD = 2;
const PLACES = 4; // photos that one person may hold (`transcription/queue.py`)
const AGAIN = 15_000; // ms until it is asked again whether there is a photo
const PATIENCE = 60_000; // ms
const BOXES = /^((angka|tanda)-.*|desa|tps)$/;

const page = document.querySelector("[data-module=ahead]");
const { tasks, start, reader, undo, over, restored, elsewhere, saved } = page.dataset;
const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
const slots = Object.fromEntries([...page.querySelectorAll("[data-slot]")].map((one) => [one.dataset.slot, one]));
const told = toldIn(page);
const entries = entriesOf(reader, token, says);

function says(what) {
  if (undoable && what.leaves === undoable.key) withdrawOffer();
  if (what.elsewhere) ahead = ahead.filter(({ entry }) => entry !== what.elsewhere);
  told(what);
}

const first = taskOf(page.querySelector("[data-lease]"));
let ahead = [];
let here = first.pristine; // what is below the messages: a task, or what is said instead of one
let shown = null; // { pristine, element, lease, same, entry, url, values }, of which `element` is on the page
let undoable = null; // the task before it with its entry's `key`, as long as that has not left

// --- Tasks ---

function taskOf(element) {
  const { lease, same, entry, page: url } = element.dataset;
  return { pristine: element, lease, same, entry, url };
}

function put(element) {
  here.replaceWith(element);
  here = element;
  here.hidden = false;
}

/** Says why there is no task: `loading`, `away`, `none` or `stopped`. */
function wait(name) {
  shown = null;
  if (here === slots[name]) return;
  put(slots[name]);
  here.focus();
}

/** The same address for another lease. */
function of(url, lease) {
  return url.replace(first.lease, lease);
}

/** Shows a task, with what was typed in it before. */
function show(task) {
  task.element = task.pristine.cloneNode(true);
  put(task.element);
  scrollTo(0, 0); // what has the focus comes into view
  shown = task;
  history.replaceState(null, "", task.url);
  for (const [name, value] of task.values ?? draft(task)) {
    const field = task.element.querySelector(`[name="${name}"]:not([type=hidden], [type=radio])`);
    if (field) field.value = value;
  }
  for (const form of task.element.querySelectorAll("[data-module=typing]")) mountTyping(form);
  for (const picture of task.element.querySelectorAll(".picture")) mountPicture(picture);
  mountCrops(task.element);
  mountProblem(task.element);
  mountWhichPage(task.element);
  if (task.values) keepDraft();
  if (task.element.contains(document.activeElement)) return;
  (task.element.querySelector("input[inputmode]") ?? task.element.querySelector("h1"))?.focus();
}

function typedIn(task) {
  const form = task.element.querySelector("[data-module=typing]");
  return form ? [...new FormData(form)].filter(([name, value]) => BOXES.test(name) && value) : [];
}

// What is typed and not sent survives a reload, and the end of its time: `same` is alike for one photo under two leases.
const placeOf = (task) => `ketikan-${reader}/${task.same}`;
const draft = (task) => JSON.parse(sessionStorage.getItem(placeOf(task))) ?? [];
function keepDraft() {
  try {
    if (shown) sessionStorage.setItem(placeOf(shown), JSON.stringify(typedIn(shown)));
  } catch {
    // The browser keeps nothing: then it lives as long as the page.
  }
}
page.addEventListener("input", keepDraft);

async function asked(url, options = {}) {
  const patience = { signal: AbortSignal.timeout(PATIENCE), headers: { "X-CSRFToken": token } };
  const response = await fetch(url, { ...patience, ...options });
  if (response.ok) return response.status === 204 ? null : response;
  const { error } = await response.json().catch(() => ({}));
  // Paused, or nobody any more: that page says so. Who is typing hears it with their entry.
  if (error?.code === "paused" || (!shown && [401, 403].includes(response.status))) location.replace(start);
  throw new Error(response.status);
}

/** The task whose page is at this address. */
async function taskAt(url) {
  const html = await (await asked(url)).text();
  const element = new DOMParser().parseFromString(html, "text/html").querySelector("[data-lease]");
  return { ...taskOf(document.adoptNode(element)), url };
}

// Which page it is, is chosen here: another page would take away what can be taken back yet.
page.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-lease] a[href*='halaman=']");
  if (!link || !shown || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const task = shown;
  const chosen = await taskAt(link.href).catch(() => null);
  if (!chosen) location.assign(link.href);
  else if (task === shown) show(chosen);
});

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
    const task = await taskAt(of(first.url, id));
    for (const image of task.pristine.querySelectorAll(".picture img")) new Image().src = image.src;
    ahead.push(task);
  }
  if (!ahead.length && mine.length >= PLACES) throw new Error("what is read has to leave first");
  return ahead.length > 0;
}

let asking = 0;
async function next() {
  clearTimeout(asking);
  if (!ahead.length) {
    if (here.dataset.lease) wait("loading");
    const found = await fill().catch(() => null);
    if (shown || here === slots.stopped) return; // the last one was taken back meanwhile
    if (!found) {
      wait(found === null ? "away" : "none");
      clearTimeout(asking);
      asking = setTimeout(() => shown || here === slots.stopped || next(), AGAIN);
      return;
    }
  }
  show(ahead.shift());
  fill().catch(() => {}); // without a network there is nothing new
}

// The time of the photo on the page is over, or its reader has sent it from another tab. It may come to them once more.
async function isOver(task) {
  const { status } = await fetch(task.url, { method: "HEAD" }).catch(() => ({}));
  if (task !== shown) return;
  await next();
  notice(status === 409 ? elsewhere : shown?.same === task.same ? restored : over);
}

function notice(sentence) {
  slots.notice.querySelector("span").textContent = sentence;
  slots.notice.hidden = false;
}

slots.notice.querySelector("button").addEventListener("click", () => (slots.notice.hidden = true));
page.addEventListener("leaseover", () => isOver(shown));
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  const task = shown;
  const mine = await held().catch(() => null);
  if (!mine) return;
  ahead = ahead.filter(({ lease }) => mine.includes(lease));
  if (task && !mine.includes(task.lease)) isOver(task);
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
  const stops = stop && (event.submitter === stop || event.submitter?.dataset.asked === stop.name);
  if (entries.isKept(shown.entry)) {
    isSaved(stops);
    return;
  }
  if (stops) {
    // The sums were looked at already.
    for (const button of [stop, form.elements.sesuai]) {
      const said = document.createElement("input");
      Object.assign(said, { type: "hidden", name: button.name, value: button.value });
      form.append(said);
    }
    leave(form, reading);
    return;
  }
  slots.notice.hidden = true;
  const task = { ...shown, values: typedIn(shown) };
  offer({ ...task, key: entries.add(shown.entry, reading, undo * 1000) });
  sessionStorage.removeItem(placeOf(shown));
  next();
});

// Another tab keeps a reading of this photo: that one is sent, and can be taken back there.
async function isSaved(stops) {
  sessionStorage.removeItem(placeOf(shown));
  if (stops) wait("stopped");
  else await next();
  notice(saved);
}

// What is on its way goes first: afterwards nothing is held any more. The last one is kept here, too, in case the form
// does not arrive: then the next page sends it, and twice the same is one. Without a network it leaves as all do.
async function leave(form, reading) {
  isLeaving = true;
  const { entry } = shown;
  const last = entries.add(entry, reading, PATIENCE);
  sessionStorage.removeItem(placeOf(shown));
  await entries.flush(true, last);
  if (navigator.onLine) return form.submit();
  entries.add(entry, reading, 0);
  withdrawOffer();
  wait("stopped");
}

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

// What the server says of this photo is said where one looks: the first box has the focus, and the top may be away.
const keptWhileStopping = "stopping" in page.dataset && entries.isKept(first.entry);
for (const told of document.querySelectorAll("main > .message--warn")) {
  notice(told.textContent);
  slots.notice.hidden = keptWhileStopping; // "try again" is not for them: it leaves by itself
  told.remove();
}

if (keptWhileStopping) {
  wait("stopped");
  entries.flush(true);
} else if (entries.isKept(first.entry)) {
  wait("loading");
  entries.flush(true).then(next);
} else {
  show(first);
  entries.flush(true);
  fill().catch(() => {});
}
addEventListener("online", () => {
  if (shown) fill().catch(() => {});
  else if (here !== slots.stopped) next();
});
