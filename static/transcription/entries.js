// What was read and is not sent yet, kept in the browser: it survives a lost connection, a reload and a closed tab.
// The server takes the same entry twice as once, so whatever is uncertain is sent again.
const SOONEST = 3_000; // ms until a failed one is tried again; doubles up to
const LATEST = 60_000;
const SIGNED_OUT = ["sign_in_first", "stale_form", "not_allowed"]; // their entry is theirs yet

/** The readings of one person in this browser. `says({ waiting, signedOut, paused, problem })` is told whenever that
 * changes; `{ leaves }`, the key of an entry that can no longer be taken back; `{ elsewhere }`, the address of one that
 * another tab has.
 */
export function entriesOf(reader, token, says) {
  // Each under a key of its own: another tab's are neither lost nor brought back by what this one writes, though each
  // may see the other's a moment late.
  const place = `bacaan-${reader}/`;
  const memory = {}; // where the browser keeps nothing: they are sent as long as the page lives
  const all = () =>
    [...Object.entries({ ...localStorage }), ...Object.entries(memory)]
      .filter(([key]) => key.startsWith(place))
      .map(([, kept]) => JSON.parse(kept))
      .sort((one, other) => one.since - other.since);
  function keep(entry) {
    const kept = JSON.stringify(entry);
    try {
      localStorage.setItem(entry.key, kept);
    } catch {
      memory[entry.key] = kept;
    }
  }
  function forget(key) {
    localStorage.removeItem(key);
    delete memory[key];
  }
  let pause = SOONEST;
  let timer = 0;

  const added = new Set(); // keys of this page's own
  const refused = new Set(); // keys of those that were tried in vain
  const underway = {};
  function send(entry) {
    underway[entry.key] ??= post(entry).finally(() => delete underway[entry.key]);
    return underway[entry.key];
  }

  async function post(entry) {
    if (!all().some(({ key }) => key === entry.key)) return; // another tab has sent it, or took it back
    // It may arrive even if no answer does: from here on no tab takes it back.
    keep({ ...entry, left: true });
    says({ leaves: entry.key });
    const response = await fetch(entry.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(entry.reading),
      keepalive: true, // the page may be on its way out
      signal: AbortSignal.timeout(LATEST),
    });
    if (response.status === 429) pause = Math.max(pause, 1000 * Number(response.headers.get("Retry-After")) || 0);
    if (response.status >= 500 || response.status === 429) throw new Error(response.status);
    const { id, error } = await response.json(); // whatever a proxy says instead is no answer
    if (SIGNED_OUT.includes(error?.code)) throw new Error("signed out");
    if (error?.code === "paused") throw new Error("paused"); // it is theirs yet, for when they go on
    if (!id && !error) throw new Error("no answer of ours");
    if (error) says({ problem: error.message });
    forget(entry.key);
  }

  /** Sends what is due; all of it with `everything`, `but` for one. Resolves when it was tried. */
  async function flush(everything = false, but = null) {
    clearTimeout(timer);
    // Nobody takes back what was tried already: it waits for nothing any more.
    const due = all().filter(({ key, due, left }) => (everything && key !== but) || left || due <= Date.now());
    const tried = await Promise.allSettled(due.map(send));
    const failed = tried.filter(({ status }) => status === "rejected");
    const [signedOut, paused] = ["signed out", "paused"].map((why) => failed.some(({ reason }) => reason.message === why));
    due.forEach(({ key }, at) => (tried[at].status === "rejected" ? refused.add(key) : refused.delete(key)));
    pause = failed.length ? Math.min(LATEST, pause * 2) : SOONEST;
    says({ waiting: all().some(({ key }) => refused.has(key)) && !signedOut && !paused, signedOut, paused });
    const next = Math.min(...all().map((entry) => entry.due));
    clearTimeout(timer);
    if (next === Infinity) return;
    timer = setTimeout(flush, failed.length ? pause * (0.5 + Math.random()) : Math.max(0, next - Date.now()));
  }

  addEventListener("online", () => flush());
  addEventListener("pagehide", () => flush(true));
  addEventListener("storage", ({ key, newValue }) => {
    if (!key?.startsWith(place)) return;
    const entry = JSON.parse(newValue);
    if (!entry || entry.left) says({ leaves: key });
    if (entry) says({ elsewhere: entry.url });
  });
  // A phone may end a page that it does not show, without a word.
  document.addEventListener("visibilitychange", () => document.hidden && flush(true));
  return {
    /** Keeps an entry and sends it when `delay` ms are over; earlier ones now. Returns the key it is known by. One of
     * the same address that this page added before goes; of another page's the server takes the first. */
    add(url, reading, delay) {
      const since = Date.now();
      const key = `${place}${since}-${Math.random()}`;
      for (const other of all()) if (other.url === url && added.has(other.key)) forget(other.key);
      added.add(key);
      keep({ key, url, reading, since, due: since + delay });
      flush(true, key);
      return key;
    },
    /** Takes it back, if it has not left; says whether it was there. */
    drop(key) {
      const isHere = all().some((entry) => entry.key === key && !entry.left);
      if (isHere) forget(key);
      return isHere;
    },
    isKept: (url) => all().some((entry) => entry.url === url),
    flush,
  };
}

/** Shows in the page's slots what `says` is told. */
export function toldIn(page) {
  const [waits, again, lost] = ["waiting", "again", "lost"].map((name) => page.querySelector(`[data-slot=${name}]`));
  lost.querySelector("button").addEventListener("click", () => {
    lost.hidden = true;
    lost.querySelector("ul").replaceChildren();
  });
  return ({ waiting, signedOut, paused, problem }) => {
    if (paused) location.assign(again.querySelector("a").href); // that page says what it means
    if (waiting !== undefined) waits.hidden = !waiting;
    if (signedOut !== undefined) again.hidden = !signedOut;
    if (problem === undefined) return;
    lost.hidden = false;
    const line = document.createElement("li");
    line.textContent = problem;
    lost.querySelector("ul").append(line);
  };
}

// On pages beside the reader's, too, what was kept leaves.
for (const page of document.querySelectorAll("[data-module=entries]")) {
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
  entriesOf(page.dataset.reader, token, toldIn(page)).flush(true);
}
