// What a phone keeps: photos on their way, TPS it has seen, a few settings. In IndexedDB, so that it survives reload,
// crash, update and an empty battery. Whoever keeps a photo here may say so once `keep` has come back, not before.
const NAME = "pemantau";
const VERSION = 1;
const STATIONS_KEPT = 60;

/** No room left on the phone; the photo is not kept. */
export class NoRoom extends Error {}

const told = new BroadcastChannel("pemantau-outbox");
const listeners = new Set();
let opening = null;

/** Calls `listener()` after each change, whichever tab or worker made it. */
export function listen(listener) {
  listeners.add(listener);
}
told.onmessage = () => listeners.forEach((listener) => listener());

function changed() {
  told.postMessage(null);
  listeners.forEach((listener) => listener());
}

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("photos", { keyPath: "id" });
      database.createObjectStore("bytes"); // apart: progress is written often, they never
      database.createObjectStore("stations", { keyPath: "station" });
      database.createObjectStore("settings");
    };
    request.onsuccess = () => {
      // A newer release wants to change the stores: it must not have to wait for this page to be closed.
      request.result.onversionchange = () => forget(request.result);
      request.result.onclose = () => forget();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  }).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

function forget(database) {
  database?.close();
  opening = null;
}

// Runs `work(stores…)` in one transaction and comes back with what its request found, once all is on the disk.
async function within(names, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, mode, { durability: "strict" });
    const request = work(...names.map((name) => transaction.objectStore(name)));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = (event) => {
      const error = transaction.error ?? event.target.error;
      reject(error?.name === "QuotaExceededError" ? new NoRoom() : error);
    };
  });
}

// --- Photos -----------------------------------------------------------------------------------

/** Keep a photo: its claim (`photo`, with an `id`), its bytes, and a small picture for the list. Throws `NoRoom`. */
export async function keep(photo, blob, thumbnail) {
  // As plain bytes: blobs in IndexedDB have troubled the browsers of older iPhones.
  const kept = { bytes: await blob.arrayBuffer(), type: blob.type, thumbnail: await thumbnail?.arrayBuffer() };
  await within(["photos", "bytes"], "readwrite", (photos, bytes) => {
    photos.add(photo);
    bytes.add(kept, photo.id);
  });
  changed();
}

/** All photos, oldest first. */
export async function photos() {
  const all = await within(["photos"], "readonly", (store) => store.getAll());
  return all.sort((a, b) => a.taken_at - b.taken_at);
}

/** `{ blob, thumbnail }` of a photo; `blob` is null after the receipt. */
export async function bytes(id) {
  const kept = await within(["bytes"], "readonly", (store) => store.get(id));
  return {
    blob: kept?.bytes ? new Blob([kept.bytes], { type: kept.type }) : null,
    thumbnail: kept?.thumbnail ? new Blob([kept.thumbnail], { type: "image/jpeg" }) : null,
  };
}

/** Change fields of a photo that is still here; a photo that was deleted meanwhile does not come back. */
export async function change(id, fields) {
  await within(["photos"], "readwrite", (store) => {
    store.get(id).onsuccess = ({ target }) => target.result && store.put({ ...target.result, ...fields });
  });
  changed();
}

/** What a photo is said to show, with the words for it; empty where its TPS is not chosen yet. */
export function claimOf(station, contest, page) {
  return {
    station: station?.station ?? null,
    station_name: station ? [station.name, station.village].filter(Boolean).join(", ") : "",
    election: station?.election,
    contest: contest?.code ?? null,
    contest_name: contest?.name ?? "",
    page: page?.number ?? null,
    page_label: page?.label ?? "",
  };
}

/** The receipt is there: keep it, and let the bytes go. */
export async function delivered(id, receipt) {
  await within(["photos", "bytes"], "readwrite", (photos, bytes) => {
    photos.get(id).onsuccess = ({ target }) =>
      target.result && photos.put({ ...target.result, state: "done", active: false, receipt });
    bytes.get(id).onsuccess = ({ target }) =>
      target.result && bytes.put({ thumbnail: target.result.thumbnail }, id);
  });
  changed();
}

export async function remove(id) {
  await within(["photos", "bytes"], "readwrite", (photos, bytes) => {
    photos.delete(id);
    bytes.delete(id);
  });
  changed();
}

// --- TPS and settings ---------------------------------------------------------------------------

/** What `/api/v1/stations/<code>/pages/` says of a TPS, and when it was looked at. The oldest make room. */
export function keepStation(station) {
  return within(["stations"], "readwrite", (store) => {
    store.put({ ...station, seen_at: Date.now() });
    store.getAll().onsuccess = ({ target }) => {
      const old = target.result.sort((a, b) => b.seen_at - a.seen_at).slice(STATIONS_KEPT);
      for (const { station: code } of old) store.delete(code);
    };
  });
}

/** All TPS this phone has seen, the last one first. */
export async function stations() {
  const all = await within(["stations"], "readonly", (store) => store.getAll());
  return all.sort((a, b) => b.seen_at - a.seen_at);
}

export function setting(name) {
  return within(["settings"], "readonly", (store) => store.get(name));
}

export async function set(name, value) {
  await within(["settings"], "readwrite", (store) => store.put(value, name));
  changed();
}
