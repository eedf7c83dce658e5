// The sending page: finds out where it is, shows it, and keeps the outbox moving. Without what it needs (an old browser,
// no secure connection) it stays hidden, and the page's plain form does the work.
import { app, language, made, on, slot, view } from "./app_page.js";
import * as photos from "./app_photos.js";
import * as station from "./app_station.js";
import * as outbox from "./outbox.js";
import { sendAll } from "./sender.js";
import * as taking from "./taking.js";

const RECENT = 5;
const FOLLOW_UP = 60_000; // ms

let timer = null;
let registration = null;

const code = location.pathname.match(/^\/(?:kirim|t)\/(\d{13})\/?$/)?.[1];

async function mount() {
  await outbox.set("language", language); // the first thing that would fail where nothing can be kept
  if (app.dataset.role !== "find") {
    station.mount();
    taking.mount(kept);
  }
  photos.mount(() => send(true));
  outbox.listen(redraw);
  if (code) await place();
  else if (app.dataset.role !== "find") await choose();
  app.hidden = false;
  redraw();
  for (const [name, where] of [["online", window], ["visibilitychange", document], ["pageshow", window]]) {
    where.addEventListener(name, () => document.hidden || send(true));
  }
  addEventListener("offline", redraw);
  setInterval(() => document.hidden || photos.followUp(), FOLLOW_UP);
  send(true);
  await register();
}

// --- Which TPS --------------------------------------------------------------------------------------

async function place() {
  const told = document.getElementById("tps");
  const found = told ? JSON.parse(told.textContent) : await known();
  if (found === null) return unknown();
  if (!found) return choose();
  await station.show(found);
  const plain = document.querySelector("[data-plain]");
  const [chosen] = plain?.querySelector("[type=file]")?.files ?? [];
  plain?.remove();
  if (chosen) taking.consider(chosen, station.target());
}

// The network first: how many photos there are changes. Else what the phone knows. False: there is no such TPS.
async function known() {
  return (await asked()) ?? guessed(code);
}

async function asked() {
  try {
    const answer = await fetch(`/api/v1/stations/${code}/pages/`, { signal: AbortSignal.timeout?.(5_000) });
    if (answer.status === 404) return false;
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

// A TPS that was seen before; or one beside such a TPS, where the same is voted on.
async function guessed(wanted) {
  const all = await outbox.stations();
  const same = all.find((one) => one.station === wanted);
  if (same) return same;
  const near = all.find((one) => one.region === wanted.slice(0, 10));
  if (!near) return null;
  const contests = near.contests.map((contest) => ({
    ...contest,
    unsorted: 0,
    pages: contest.pages.map((page) => ({ ...page, photos: 0 })),
  }));
  return { ...near, station: wanted, name: `TPS ${wanted.slice(10)}`, contests };
}

// The address names it, and that is enough to send a photo by and by (sender.js).
function unknown() {
  const named = { station: code, name: `TPS ${code.slice(10)}`, village: "", region: code.slice(0, 10), contests: [] };
  view("unknown").hidden = false;
  slot("unknown-name").textContent = named.name;
  slot("unknown-code").textContent = code;
  on("take", () => taking.take({ station: named }), view("unknown"));
  on("choose", () => taking.choose({ station: named }), view("unknown"));
  addEventListener("online", async () => {
    const found = !view("unknown").hidden && (await asked());
    if (!found) return;
    view("unknown").hidden = true;
    await station.show(found);
  });
}

function choose() {
  view("choose").hidden = view("other").hidden = false;
  on("take", () => taking.take({}), view("other"));
  on("by-code", byCode, view("other"));
  return recent();
}

async function byCode(event) {
  event.preventDefault();
  const typed = document.getElementById("kode-tps").value.trim().toLowerCase();
  const digits = typed.replace(/[\s.-]/g, "");
  const wanted = /^\d{13}$/.test(digits) ? digits : null;
  if (!typed) return;
  if (wanted) return location.assign(`/kirim/${wanted}/`);
  const { find } = await import("./known.js");
  const found = find(typed, await outbox.stations());
  list(slot("known"), found);
  slot("known").hidden = !found.length;
  slot("not-known").hidden = Boolean(found.length);
}

async function recent() {
  const found = (await outbox.stations()).slice(0, RECENT);
  view("recent").hidden = !found.length;
  list(slot("recent"), found);
}

function list(place, found) {
  place.replaceChildren(
    ...found.map(({ station: its, name, village }) => {
      const link = made("a", { href: `/kirim/${its}/` }, made("span", { textContent: `${name}, ${village}` }));
      return made("li", {}, link);
    }),
  );
}

// --- Sending ----------------------------------------------------------------------------------------

async function kept() {
  navigator.storage?.persist?.().catch(() => {}); // asked when there is something to lose
  wake();
  send(true);
}

// The browser is to send what waits, should this page be closed: it forgets that as soon as nothing waits, or is paused.
function wake() {
  registration?.sync?.register("kirim").catch(() => {});
}

async function send(now = false) {
  clearTimeout(timer);
  const before = await arrived();
  const next = await sendAll({ now, prove }).catch((error) => (console.warn(error), 30_000));
  clearTimeout(timer);
  if (next !== null) {
    timer = setTimeout(send, next);
    wake();
  }
  photos.followUp();
  if (code && (await arrived()) > before) {
    const found = await asked();
    if (found) await station.renew(found);
  }
}

// In alarm mode the server asks strangers for a little work first. That is seldom: the module comes when it is asked for.
async function prove(response) {
  const proof = await import("./proof.js");
  return proof.prove(response);
}

async function arrived() {
  return (await outbox.photos()).filter(({ state }) => state === "done").length;
}

let drawing = false;
let stale = false; // something changed while it was being drawn

async function redraw() {
  stale = true;
  if (drawing) return;
  drawing = true;
  while (stale) {
    stale = false;
    if (slot("offline")) slot("offline").hidden = navigator.onLine;
    await station.refresh().then(photos.show).catch((error) => console.warn(error));
  }
  drawing = false;
}

async function register() {
  if (!navigator.serviceWorker) return;
  registration = await navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/" }).catch(() => null);
  const waits = (await outbox.photos()).some(({ state }) => state === "waiting");
  if (waits && !(await outbox.setting("paused"))) wake();
  // Where the app is installed, browsers let it look now and then.
  registration?.periodicSync?.register("kirim", { minInterval: 15 * 60_000 }).catch(() => {});
}

if (app && self.isSecureContext && self.indexedDB && self.crypto?.subtle && self.HTMLDialogElement && self.BroadcastChannel) {
  mount().catch((error) => {
    console.warn(error); // the plain form is still there
    app.hidden = true;
  });
}
