// Takes the photos of the outbox to the server by the ticket protocol (docs/uploading.md). The page and the service
// worker both call `sendAll`; a lock lets one of them work. Only the server's own words end a photo's way: whatever
// else comes back (a hotel's log-in page, a proxy's error) means later.
import * as outbox from "./outbox.js";

const TICKETS = "/api/v1/tickets/";
const LOCK = "pemantau-kirim";
const SMALL = 64 * 1024; // bytes of the first piece
const LARGE = 1024 * 1024;
const QUICK = 2_000; // ms; a piece that took less may be followed by one twice as large
const DIRECT = 20; // s; what would take longer to send at once goes in pieces
const PATIENCE = 60_000; // ms for an answer
const PIECE_PATIENCE = 150_000; // ms for a piece
const LONGEST_WAIT = 300; // s
const WRONG_BYTES = 3; // times the server may have received other bytes than ours

const LATER = new Set([401, 403, 408, 425, 428, 429]);

/** Try again, in `seconds` if the server said so. */
class Later extends Error {
  constructor(seconds = null, everybody = false) {
    super("later");
    Object.assign(this, { seconds, everybody }); // everybody: the next photo would fare no better
  }
}

/** The server will not take this photo; `message` is its sentence. */
class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** Our offset or our ticket is out of date: ask again. */
class Restart extends Error {}

let piece = SMALL;
let speed = null; // bytes per second, as last measured

/**
 * Send what waits. Comes back with the milliseconds until something may be tried again, or null where nothing waits.
 *
 * now     does not wait for what only our own caution put off: the network has come back, somebody looks
 * prove   async (response) → value of the header `Proof`, where the server asks for a proof of work (428)
 */
export async function sendAll({ now = false, prove = null } = {}) {
  if (!navigator.locks) return run(now, prove);
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? run(now, prove) : 5_000));
}

async function run(now, prove) {
  const all = await outbox.photos();
  for (const { id } of all.filter(({ active }) => active)) await outbox.change(id, { active: false });
  const tried = new Set();
  for (;;) {
    if (await outbox.setting("paused")) return null;
    const waiting = (await outbox.photos()).filter(({ state }) => state === "waiting");
    const due = (photo) => (photo.next_at ?? 0) <= Date.now() || (now && !photo.asked_to_wait);
    const next = waiting.find((photo) => due(photo) && !tried.has(photo.id));
    if (!next) return waiting.length ? Math.max(1_000, soonest(waiting) - Date.now()) : null;
    tried.add(next.id);
    const everybodyWaits = await attempt(next, prove);
    if (everybodyWaits) {
      const left = (await outbox.photos()).filter(({ state }) => state === "waiting");
      return left.length ? Math.max(1_000, soonest(left) - Date.now()) : null;
    }
  }
}

function soonest(waiting) {
  return Math.min(...waiting.map(({ next_at }) => next_at ?? Infinity).filter(Number.isFinite), Date.now() + 60_000);
}

// One photo, as far as it goes. True where the others need not be tried now.
async function attempt(photo, prove) {
  const { blob } = await outbox.bytes(photo.id);
  if (!blob) {
    await outbox.change(photo.id, { state: "refused", problem: "" });
    return false;
  }
  await outbox.change(photo.id, { active: true });
  const way = { ...photo, offset: photo.offset ?? 0 };
  try {
    await outbox.delivered(photo.id, await deliver(way, blob, prove));
    return false;
  } catch (error) {
    if (error instanceof Refused) {
      // Only the TPS is wrong: the photo stays, and its sender chooses again.
      const state = ["unknown_station", "unknown_contest", "unknown_page"].includes(error.code) ? "unplaced" : "refused";
      await outbox.change(photo.id, { state, problem: error.message, active: false });
      return false;
    }
    if (!(error instanceof Later)) throw error;
    const came = way.offset > (photo.offset ?? 0);
    const attempts = came ? 0 : (photo.attempts ?? 0) + 1;
    const seconds = error.seconds ?? Math.min(LONGEST_WAIT, 2 ** attempts) * (0.5 + Math.random());
    await outbox.change(photo.id, {
      active: false,
      attempts,
      offset: way.offset,
      in_pieces: way.in_pieces,
      wrong_bytes: way.wrong_bytes,
      next_at: Date.now() + seconds * 1000,
      asked_to_wait: error.seconds !== null,
    });
    return error.everybody;
  }
}

// The way of one photo to its receipt. `way` remembers how far it came.
async function deliver(way, blob, prove) {
  for (let turns = 0; turns < 8; turns++) {
    try {
      if (!way.contest) await settle(way);
      const ticket = await take(way, blob, prove);
      if (ticket.receipt) return mine(ticket.receipt, way);
      if (ticket.refusal) throw new Refused(ticket.refusal);
      if (ticket.direct && !way.in_pieces && wouldTake(blob.size) < DIRECT) await sendWhole(ticket, way, blob);
      else await sendPieces(ticket, way, blob);
      return mine(await ask("POST", `${TICKETS}${ticket.ticket}/finish/`, {}, prove), way);
    } catch (error) {
      if (error instanceof Refused && error.code === "wrong_hash" && (way.wrong_bytes ?? 0) < WRONG_BYTES) {
        way.wrong_bytes = (way.wrong_bytes ?? 0) + 1;
        way.offset = 0;
        way.in_pieces = true;
      } else if (!(error instanceof Restart)) throw error;
    }
  }
  throw new Later();
}

// A receipt is one for these bytes, or it is none.
function mine(receipt, { sha256 }) {
  if (!receipt.receipt || receipt.sha256 !== sha256) throw new Later();
  const { receipt: code, url, state, message, statement } = receipt;
  return { code, url, state, message, statement };
}

// Taken where the phone did not know the TPS: what is voted on there is asked now, and the tag tells which it is.
async function settle(way) {
  const found = await answered(await reach(`/api/v1/stations/${way.station}/pages/`, {}, PATIENCE));
  const shown = ({ tag }) => tag !== null && tag === way.tag;
  const tagged = found.contests.filter(({ pages }) => pages.some(shown));
  const [contest, ...more] = tagged.length ? tagged : found.contests;
  if (!contest || more.length) throw new Refused({ code: "unknown_contest", message: "" });
  const claim = outbox.claimOf(found, contest, contest.pages.find(shown));
  await outbox.change(way.id, claim);
  Object.assign(way, claim);
}

function take(way, blob, prove) {
  const { station, contest, page, election, sha256 } = way;
  const body = { station, contest, page, election, size: blob.size, sha256, media_type: blob.type || undefined };
  return ask("POST", TICKETS, { body }, prove);
}

async function sendWhole(ticket, way, blob) {
  const started = performance.now();
  way.in_pieces = true; // if this breaks, the next try goes on in pieces
  const { method, url, headers } = ticket.direct;
  const response = await reach(url, { method, headers, body: blob, credentials: "omit" }, PIECE_PATIENCE);
  if (!response.ok) throw new Later();
  measured(blob.size, performance.now() - started);
  way.offset = blob.size;
}

async function sendPieces(ticket, way, blob) {
  way.offset = ticket.offset;
  while (way.offset < blob.size) {
    const most = Math.min(piece, ticket.chunk.most);
    const started = performance.now();
    const response = await reach(
      ticket.chunk.url ?? `${TICKETS}${ticket.ticket}/`,
      {
        method: "PATCH",
        headers: {
          "Upload-Offset": String(way.offset),
          "Content-Type": "application/partial-upload",
          ...token(),
        },
        body: blob.slice(way.offset, way.offset + most),
      },
      PIECE_PATIENCE,
    );
    const there = response.headers.get("Upload-Offset");
    if ((response.status !== 204 && response.status !== 409) || there === null) await answered(response);
    const before = way.offset;
    way.offset = Number(there);
    if (response.status === 204) measured(way.offset - before, performance.now() - started);
    await outbox.change(way.id, { offset: way.offset });
    if (await outbox.setting("paused")) throw new Later(0, true);
  }
}

function measured(bytes, milliseconds) {
  speed = (bytes * 1000) / Math.max(1, milliseconds);
  piece = milliseconds < QUICK ? Math.min(LARGE, piece * 2) : Math.max(SMALL, piece / 2);
}

function wouldTake(bytes) {
  const slow = ["slow-2g", "2g", "3g"].includes(navigator.connection?.effectiveType);
  return speed ? bytes / speed : slow ? Infinity : 0;
}

// --- Asking ---------------------------------------------------------------------------------------

async function ask(method, url, { body } = {}, prove = null, proof = null) {
  const headers = { "Content-Type": "application/json", ...token(), ...(proof ? { Proof: proof } : {}) };
  const response = await reach(url, { method, headers, body: JSON.stringify(body ?? {}) }, PATIENCE);
  if (response.status === 428 && prove && !proof) return ask(method, url, { body }, prove, await prove(response));
  return answered(response);
}

async function reach(url, how, patience) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    return await fetch(url, { credentials: "same-origin", cache: "no-store", ...how, signal: stop.signal });
  } catch {
    piece = Math.max(SMALL, piece / 4);
    throw new Later(null, true); // no network, or one that breaks
  } finally {
    clearTimeout(timer);
  }
}

async function answered(response) {
  const said = await response.json().catch(() => null);
  if (response.ok && said) return said;
  const { status } = response;
  const refusal = said?.error;
  if (status === 404 && refusal?.code === "unknown_ticket") throw new Restart();
  if (status === 409 && response.headers.has("Upload-Offset")) throw new Restart();
  if (refusal?.code && status >= 400 && status < 500 && status !== 409 && !LATER.has(status)) throw new Refused(refusal);
  const seconds = Number(response.headers.get("Retry-After"));
  throw new Later(seconds > 0 ? seconds : null, status === 429 || status >= 502);
}

// Somebody who has signed in needs the token of their session; a service worker cannot read it and leaves the photo
// to the page.
function token() {
  const found = self.document?.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
  return found ? { "X-CSRFToken": found[1] } : {};
}
