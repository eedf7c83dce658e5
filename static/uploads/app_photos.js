// What is on its way from this phone, and what became of what has arrived.
import { app, handOver, made, on, say, size, slot, time, view, words } from "./app_page.js";
import * as outbox from "./outbox.js";
import * as station from "./app_station.js";

const ASKED_AT_MOST = 20; // receipts, at once
const ENDED = ["rejected", "withdrawn"];
const AGAIN = 10_000; // ms
const QUIET = 10 * 60_000; // ms between two looks at what is published, which may still be disputed

let started = () => {}; // begins to send
const asked = new Map(); // id -> when, in milliseconds
const pictures = new Map(); // id -> address of the small picture

export function mount(send) {
  started = send;
  on("pause", async () => {
    await outbox.set("paused", !(await outbox.setting("paused")));
    send();
  });
  const wish = slot("originals");
  outbox.setting("originals").then((value) => {
    wish.querySelector(`[value="${value ?? "never"}"]`).checked = true;
  });
  wish.addEventListener("change", ({ target }) => outbox.set("originals", target.value));
}

export async function show() {
  const [photos, paused] = [await outbox.photos(), await outbox.setting("paused")];
  view("photos").hidden = !photos.length;
  const waiting = photos.filter(({ state }) => state === "waiting" || state === "unplaced");
  slot("summary").textContent = waiting.length
    ? words("waits", { number: waiting.length, size: size(waiting.reduce((sum, photo) => sum + photo.size, 0)) })
    : photos.some(({ state }) => state === "done") ? words("nothing_waits") : "";
  slot("pausing").hidden = !waiting.length && !paused;
  app.querySelector("[data-do=pause]").textContent = words(paused ? "resume" : "pause");
  const list = slot("photos");
  const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const newest = [...photos].reverse();
  list.replaceChildren(...newest.map((photo) => draw(rows.get(photo.id) ?? row(photo), photo, paused)));
}

function row({ id }) {
  const made = slot("photo-row").content.firstElementChild.cloneNode(true);
  made.dataset.id = id;
  const picture = slot("thumbnail", made);
  outbox.bytes(id).then(({ thumbnail }) => {
    if (!thumbnail) return;
    pictures.set(id, URL.createObjectURL(thumbnail));
    picture.src = pictures.get(id);
    picture.hidden = false;
  });
  on("export", async () => {
    const { blob } = await outbox.bytes(id);
    if (blob) handOver(blob, `c-hasil-${id.slice(0, 8)}`);
  }, made);
  on("statement", async () => {
    const { receipt, station } = (await outbox.photos()).find((one) => one.id === id);
    // A statement may be shown to anybody, so its name does not hold the code.
    handOver(new Blob([receipt.statement], { type: "text/plain" }), `pernyataan-${station}-${id.slice(0, 8)}`);
  }, made);
  on("delete", () => (made.dataset.done ? gone(id) : sure(made, true)), made);
  on("keep", () => sure(made, false), made);
  on("really-delete", () => gone(id), made);
  on("place", () => place(id), made);
  return made;
}

function sure(row, asks) {
  slot("sure", row).hidden = !asks;
  row.querySelector(asks ? "[data-do=keep]" : "[data-do=delete]").focus();
}

async function gone(id) {
  URL.revokeObjectURL(pictures.get(id));
  pictures.delete(id);
  await outbox.remove(id);
  view("photos").querySelector("h2").focus();
}

function draw(row, photo, paused) {
  const page = photo.page ? photo.page_label : words("page_unknown");
  text("what", row, photo.station ? page : words("no_station"));
  text("where", row, [photo.station_name, photo.contest_name, size(photo.size)].filter(Boolean).join(" · "));
  text("state", row, stateOf(photo, paused));
  row.dataset.state = photo.state;
  row.toggleAttribute("data-done", photo.state === "done");
  const progress = slot("progress", row);
  progress.hidden = photo.state !== "waiting" || !photo.offset;
  progress.value = share(photo);
  progress.ariaLabel = stateOf(photo, paused);
  const receipt = slot("receipt", row);
  receipt.hidden = !photo.receipt;
  if (photo.receipt) {
    receipt.href = new URL(photo.receipt.url, location.href).pathname;
    receipt.textContent = words("receipt", { code: photo.receipt.code });
  }
  row.querySelector("[data-do=export]").hidden = photo.state === "done";
  row.querySelector("[data-do=statement]").hidden = !photo.receipt?.statement;
  const here = current();
  slot("offers", row).hidden = photo.state !== "unplaced" || !here;
  if (here) row.querySelector("[data-do=place]").textContent = words("use_here", { station: here.station.name });
  return row;
}

function text(name, row, sentence) {
  const place = slot(name, row);
  if (place.textContent !== sentence) place.textContent = sentence;
}

function share({ offset, size: all }) {
  return Math.floor((100 * (offset ?? 0)) / all);
}

function stateOf(photo, paused) {
  if (photo.state === "done") return photo.receipt.message || words("sent");
  if (photo.state === "refused") return `${words("refused")} ${photo.problem}`;
  if (photo.state === "unplaced") {
    const asks = photo.station && !photo.problem ? "which_contest" : "unplaced";
    return `${photo.problem ?? ""} ${words(asks)}`.trim();
  }
  if (paused) return words("paused");
  if (photo.active) return words("sending", { share: share(photo) });
  if (!navigator.onLine) return words("offline");
  if (photo.next_at > Date.now()) {
    return words(photo.asked_to_wait ? "asked_to_wait" : "again_at", { time: time(photo.next_at) });
  }
  return words("in_line");
}

// --- A photo that was taken before its TPS was chosen -------------------------------------------------

function current() {
  const here = station.target();
  return here?.contest ? here : null;
}

async function place(id) {
  const photo = (await outbox.photos()).find((one) => one.id === id);
  const { station: where, contest } = current();
  const page = contest.pages.find(({ tag }) => tag !== null && tag === photo.tag);
  await outbox.change(id, { ...outbox.claimOf(where, contest, page), state: "waiting", problem: "", next_at: 0, offset: 0 });
  say(words("kept"));
  started();
}

// --- What became of them ------------------------------------------------------------------------------

/** Ask for the state of what has arrived and has not come to an end; those first that were not asked for longest. */
export async function followUp() {
  const now = Date.now();
  const arrived = (await outbox.photos()).filter(({ state, receipt }) => state === "done" && !ENDED.includes(receipt.state));
  const due = arrived.filter(
    ({ id, receipt }) => now - (asked.get(id) ?? 0) > (receipt.state === "published" ? QUIET : AGAIN),
  );
  due.sort((a, b) => (asked.get(a.id) ?? 0) - (asked.get(b.id) ?? 0));
  for (const { id, receipt } of due.slice(0, ASKED_AT_MOST)) {
    asked.set(id, now);
    try {
      const response = await fetch(`/api/v1/receipts/${receipt.code}/`, { cache: "no-store" });
      if (!response.ok) continue;
      const { state, message } = await response.json();
      if (state !== receipt.state || message !== receipt.message) {
        await outbox.change(id, { receipt: { ...receipt, state, message } });
      }
    } catch {
      asked.delete(id);
      return; // no network: the next time
    }
  }
}
