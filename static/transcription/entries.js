// What was read and is not sent yet, kept in the browser: it survives a lost connection, a reload and a closed tab.
// The server takes the same entry twice as once, so whatever is uncertain is sent again.
const SOONEST = 3_000; // ms until a failed one is tried again; doubles up to
const LATEST = 60_000;
const SIGNED_OUT = ["sign_in_first", "stale_form", "not_allowed"]; // their entry is theirs yet

/** The readings of one person in this browser. `says({ waiting, signedOut, problem })` is told whenever that changes. */
export function entriesOf(reader, token, says) {
  const place = `bacaan-${reader}`;
  let memory = null; // where the browser keeps nothing: they are sent as long as the page lives
  const all = () => memory ?? JSON.parse(localStorage.getItem(place) ?? "[]");
  function keep(entries) {
    try {
      localStorage.setItem(place, JSON.stringify(entries));
      memory = null;
    } catch {
      memory = entries;
    }
  }
  const without = (key) => keep(all().filter((entry) => entry.key !== key));
  let pause = SOONEST;
  let timer = 0;

  async function send(entry) {
    const response = await fetch(entry.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(entry.reading),
      keepalive: true, // the page may be on its way out
      signal: AbortSignal.timeout(LATEST),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(response.status);
    const { id, error } = await response.json(); // whatever a proxy says instead is no answer
    if (SIGNED_OUT.includes(error?.code)) throw new Error("signed out");
    if (!id && !error) throw new Error("no answer of ours");
    if (error) says({ problem: error.message });
    without(entry.key);
  }

  /** Sends what is due; all of it with `everything`. Resolves when it was tried. */
  async function flush(everything = false) {
    clearTimeout(timer);
    const due = all().filter((entry) => everything || entry.due <= Date.now());
    const tried = await Promise.allSettled(due.map(send));
    const failed = tried.filter(({ status }) => status === "rejected");
    const signedOut = failed.some(({ reason }) => reason.message === "signed out");
    pause = failed.length ? Math.min(LATEST, pause * 2) : SOONEST;
    says({ waiting: failed.length > 0 && !signedOut, signedOut });
    const next = Math.min(...all().map((entry) => entry.due));
    clearTimeout(timer);
    if (next === Infinity) return;
    timer = setTimeout(flush, failed.length ? pause * (0.5 + Math.random()) : Math.max(0, next - Date.now()));
  }

  addEventListener("online", () => flush());
  addEventListener("pagehide", () => flush(true));
  // A phone may end a page that it does not show, without a word.
  document.addEventListener("visibilitychange", () => document.hidden && flush(true));
  return {
    /** Keeps an entry and sends it when `delay` ms are over; earlier ones now. Returns the key it is known by. */
    add(url, reading, delay) {
      const key = `${Date.now()} ${Math.random()}`;
      const others = all().filter((entry) => entry.url !== url);
      keep([...others.map((entry) => ({ ...entry, due: 0 })), { key, url, reading, due: Date.now() + delay }]);
      flush();
      return key;
    },
    /** Takes it back, if it has not left; says whether it was there. */
    drop(key) {
      const isHere = all().some((entry) => entry.key === key);
      without(key);
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
  return ({ waiting, signedOut, problem }) => {
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
