// Taking a photo: the live camera or the phone's own, a look at what came out, and into the outbox.
import { handOver, app, made, on, say, sentences, slot, words } from "./app_page.js";
import * as camera from "./camera.js";
import * as outbox from "./outbox.js";
import { remarks } from "./page_check.js";
import { recognise, recogniseFrame } from "./recognise.js";
import { scaled } from "./scaling.js";

const LOOKS = 350; // ms between two looks at the live picture
const FEW = 6; // pages that are named one by one
const READING = 4_000; // ms; long enough to read that a photo is kept

const live = slot("camera");
const review = slot("review");
const video = slot("video");

let target = {}; // what is photographed: { station, contest, page, missing() }; {} where the TPS is not chosen yet
let lens = null; // the camera, while it runs
let lit = false;
let taken = null; // under review: { blob, recognition, address }
let pages = new Set(); // kept since the camera was opened
let readingUntil = 0;
let kept = () => {};

/** Wire the dialogs; `after(photo)` is called for each photo that is in the outbox. */
export function mount(after) {
  kept = after;
  on("shoot", shoot);
  on("close", () => live.close());
  on("torch", torch);
  on("phone-camera", () => slot("from-camera").click());
  on("use", use);
  on("again", again);
  on("zoom", ({ currentTarget: picture }) => picture.classList.toggle("review__picture--near"));
  on("export", () => handOver(taken.blob, "c-hasil"), review);
  for (const name of ["from-camera", "from-gallery"]) {
    slot(name).addEventListener("change", ({ target: input }) => {
      const [blob] = input.files;
      input.value = ""; // the same file may be chosen again
      if (blob) look(blob);
    });
  }
  slot("page").addEventListener("change", remark);
  live.addEventListener("close", stop);
  review.addEventListener("close", ended);
  addEventListener("popstate", () => review.open && review.close());
  review.addEventListener("cancel", (event) => event.preventDefault()); // nothing is decided by one key
  document.addEventListener("visibilitychange", () => {
    if (!live.open) return;
    if (document.hidden) stop();
    else begin();
  });
}

/** With the camera, live where that is possible. */
export async function take(what) {
  target = what;
  if (!(await camera.usable())) return slot("from-camera").click();
  pages = new Set();
  readingUntil = 0;
  live.showModal();
  begin();
}

/** From the photos the phone has already. */
export function choose(what) {
  target = what;
  slot("from-gallery").click();
}

/** One that was taken elsewhere, such as by the form before this page was ready. */
export function consider(blob, what) {
  target = what;
  look(blob);
}

// --- The live camera --------------------------------------------------------------------------------

async function begin() {
  says(words("camera_starts"));
  live.classList.remove("camera--closed");
  const started = await camera.start(video).catch(() => null);
  if (!live.open || document.hidden) return started?.stop();
  if (!started) {
    live.classList.add("camera--closed");
    live.querySelector("[data-do=phone-camera]").focus();
    return says(words("no_camera"));
  }
  lens = started;
  lit = false;
  showTorch();
  says(words("look_for_page"));
  watch(started);
}

function stop() {
  lens?.stop();
  lens = null;
  frame(null);
}

async function watch(mine) {
  while (lens === mine) {
    if (!review.open) {
      const seen = await recogniseFrame(video);
      if (lens !== mine) return;
      if (!review.open) frame(seen);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOKS));
  }
}

// The frame turns green on the page that is wanted, and the page is named: colour alone says nothing.
function frame(seen) {
  const page = seen && pageOf(seen.tag);
  // Of a TPS that this phone does not know no page has a name.
  const fits = target.contest ? page && (!target.page || target.page === page.number) : seen?.tag;
  slot("frame").classList.toggle("camera__frame--seen", Boolean(fits && !seen.blurred));
  if (!seen || Date.now() < readingUntil) return;
  const [first] = said(seen, target.page ?? page?.number ?? null);
  if (first?.kind === "wrong_page") says(words("other_page", { page: page.number, chosen: target.page }), true);
  else if (first) says(first.sentence, true);
  else if (page && pages.has(page.number)) says(`${words("kept_page", { page: page.number })} ${leftOver()}`.trim());
  else if (fits) says(words("is_page", { page: page?.label ?? "C.Hasil" }));
  else says(words("look_for_page"));
}

function says(sentence, warns = false) {
  const place = slot("says");
  if (place.textContent !== sentence) place.textContent = sentence;
  place.classList.toggle("camera__says--warn", warns);
}

function showTorch() {
  const [button] = live.querySelectorAll("[data-do=torch]");
  button.hidden = !lens.torch;
  button.textContent = words(lit ? "torch_off" : "torch_on");
}

async function torch() {
  lit = !lit;
  await lens?.torch(lit).catch(() => (lit = false));
  showTorch();
}

async function shoot() {
  const [button] = live.querySelectorAll("[data-do=shoot]");
  if (!lens || button.disabled) return;
  button.disabled = true;
  const blob = await lens.shoot();
  button.disabled = false;
  if (blob && live.open) look(blob);
}

// --- A look at it -----------------------------------------------------------------------------------

async function look(blob) {
  if (blob.type && !blob.type.startsWith("image/")) return say(words("not_a_picture"));
  const looked = { blob, recognition: null, address: URL.createObjectURL(blob) };
  taken = looked;
  slot("picture").src = looked.address;
  slot("picture").parentElement.classList.remove("review__picture--near");
  slot("remarks").replaceChildren();
  trouble("");
  pageChoice();
  busy(false);
  open();
  const recognition = await recognise(blob);
  if (taken !== looked) return;
  looked.recognition = recognition;
  const page = pageOf(recognition.tag);
  if (page && !target.page && !slot("page").value) slot("page").value = page.number;
  remark();
}

// As a step of its own, so that the browser's way back leads to the page and not away from the photo.
function open() {
  if (review.open) return;
  history.pushState({ review: true }, "");
  review.showModal();
}

function pageChoice() {
  const [unknown] = slot("page").options;
  const pages = target.contest?.pages ?? [];
  slot("page").replaceChildren(
    unknown,
    ...pages.map(({ number, label }) => made("option", { value: number, textContent: label })),
  );
  slot("page").value = target.page ?? "";
  slot("page-field").hidden = !target.contest;
}

function remark() {
  if (!taken?.recognition) return;
  const chosen = Number(slot("page").value) || null;
  const page = pageOf(taken.recognition.tag);
  const shown = said(taken.recognition, chosen).filter(({ action }) => !action || !taken.settled);
  const boxes = shown.map(box);
  if (!target.station) {
    boxes.unshift(made("p", { className: "soft", textContent: words("station_later") }));
  } else if (!target.contest) {
    boxes.unshift(made("p", { className: "soft", textContent: words("page_later") }));
  } else if (page && page.number === chosen) {
    boxes.unshift(made("p", { textContent: words("is_page", { page: page.label }) }));
  } else if (!taken.recognition.tag && !chosen) {
    boxes.unshift(made("p", { className: "soft", textContent: words("page_not_seen") }));
  }
  slot("remarks").replaceChildren(...boxes);
}

function box({ kind, sentence, action }) {
  const message = made("div", { className: "message message--warn" }, made("p", { textContent: sentence }));
  message.dataset.remark = kind;
  if (action) {
    const answer = (textContent, className, then) => {
      const button = made("button", { type: "button", textContent, className });
      button.addEventListener("click", () => {
        taken.settled = true;
        then();
        remark();
        review.querySelector("[data-do=use]").focus();
      });
      return button;
    };
    const yes = answer(action.yes, "button", () => (slot("page").value = action.page));
    const no = answer(action.no, "button button--quiet", () => {});
    message.append(made("div", { className: "actions" }, yes, no));
  }
  return message;
}

function again() {
  taken.decided = true;
  review.close();
  if (!live.open) slot("from-camera").click();
}

// Closed by a key that was pressed again, or by the way back: the photo is kept, and can be deleted.
function ended() {
  if (history.state?.review) history.back();
  if (taken.decided) URL.revokeObjectURL(taken.address);
  else use();
}

// --- Into the outbox --------------------------------------------------------------------------------

async function use() {
  busy(true);
  trouble("");
  const looked = taken;
  try {
    const photo = await keep(looked);
    looked.decided = true;
    if (review.open) review.close();
    else ended();
    pages.add(photo.page);
    const sentence = `${words("kept")} ${leftOver()}`.trim();
    if (!lens || !leftOver()) live.close();
    readingUntil = Date.now() + READING;
    says(sentence);
    say(sentence);
    kept(photo);
  } catch (error) {
    open();
    trouble(words(error instanceof outbox.NoRoom ? "no_room" : "not_kept"));
    console.warn(error);
  } finally {
    busy(false);
  }
}

// What is missing still, in words; what was kept since the camera was opened counts.
function leftOver() {
  const left = target.missing?.(pages) ?? [];
  return left.length ? missing(left) : "";
}

export function missing(pages) {
  const few = pages.length <= FEW;
  return words(few ? "missing" : "missing_many", {
    number: pages.length,
    pages: pages.map(({ number }) => number).join(", "),
  });
}

async function keep({ blob, recognition }) {
  const { blob: smaller, thumbnail } = await scaled(blob, await wantsOriginal());
  const hash = await crypto.subtle.digest("SHA-256", await smaller.arrayBuffer());
  const { station, contest } = target;
  const page = contest?.pages.find(({ number }) => number === Number(slot("page").value));
  const photo = {
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    taken_at: Date.now(),
    state: station ? "waiting" : "unplaced",
    ...outbox.claimOf(station, contest, page),
    tag: recognition?.tag?.id ?? null,
    sha256: Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    size: smaller.size,
  };
  await outbox.keep(photo, smaller, thumbnail);
  return photo;
}

async function wantsOriginal() {
  const wish = await outbox.setting("originals").catch(() => null);
  return wish === "always" || (wish === "wifi" && navigator.connection?.type === "wifi");
}

function busy(is) {
  const [button] = review.querySelectorAll("[data-do=use]");
  button.ready ??= button.textContent;
  button.disabled = is;
  button.textContent = is ? words("keeping") : button.ready;
}

function trouble(sentence) {
  slot("trouble").textContent = sentence;
  slot("trouble").hidden = slot("rescue").hidden = !sentence;
  if (sentence) review.scrollTo(0, 0);
}

// --- What a tag means here --------------------------------------------------------------------------

function meanings() {
  const all = target.station?.contests ?? [];
  return Object.fromEntries(
    all.flatMap(({ kind, pages }) =>
      pages.filter(({ tag }) => tag !== null).map(({ tag, number }) => [tag, { kind, page: number }]),
    ),
  );
}

function pageOf(tag) {
  return (tag && target.contest?.pages.find((page) => page.tag === tag.id)) || null;
}

function said(seen, page) {
  if (!target.contest) return remarks(seen, { kind: "", page: null }, {}, sentences);
  return remarks(seen, { kind: target.contest.kind, page }, meanings(), sentences);
}
