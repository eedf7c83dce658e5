// What was read and is not sent yet, kept in the browser: it survives a lost connection, a reload and a closed tab.
// The server takes the same entry twice as once, so whatever is uncertain is sent again.
const SOONEST = 3_000; // ms until a failed one is tried again; doubles up to
const LATEST = 60_000;

/** The readings of one person in this browser. `says({ waiting, problem })` is told whenever that changes. */
export function entriesOf(reader, token, says = () => {}) {
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
  const without = (url) => keep(all().filter((entry) => entry.url !== url));
  let pause = SOONEST;
  let timer = 0;

  async function send(entry) {
    const response = await fetch(entry.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(entry.reading),
      keepalive: true, // the page may be on its way out
    });
    if (response.ok) return without(entry.url);
    if (response.status >= 500 || response.status === 429) throw new Error(response.status);
    const { error } = await response.json();
    says({ problem: error.message });
    if ([401, 403].includes(response.status)) throw new Error(response.status); // signed out: it is theirs yet
    without(entry.url);
  }

  /** Sends what is due; all of it with `all`. Resolves when it was tried. */
  async function flush(everything = false) {
    clearTimeout(timer);
    const due = all().filter((entry) => everything || entry.due <= Date.now());
    const tried = await Promise.allSettled(due.map(send));
    const failed = tried.filter(({ status }) => status === "rejected").length;
    pause = failed ? Math.min(LATEST, pause * 2) : SOONEST;
    const next = Math.min(...all().map((entry) => entry.due));
    says({ waiting: failed });
    if (next < Infinity) timer = setTimeout(flush, failed ? pause * (0.5 + Math.random()) : Math.max(0, next - Date.now()));
  }

  addEventListener("online", () => flush());
  addEventListener("pagehide", () => flush(true));
  // A phone may end a page that it does not show, without a word.
  document.addEventListener("visibilitychange", () => document.hidden && flush(true));
  return {
    /** Keeps an entry and sends it when `delay` ms are over. */
    add(url, reading, delay) {
      keep([...all().filter((entry) => entry.url !== url), { url, reading, due: Date.now() + delay }]);
      if (!delay) return flush();
      clearTimeout(timer);
      timer = setTimeout(flush, delay);
    },
    drop: without,
    has: (url) => all().some((entry) => entry.url === url),
    flush,
  };
}

/** Shows in the page's `waiting` and `lost` what `says` is told. */
export function toldIn(page) {
  const [waits, lost] = ["waiting", "lost"].map((name) => page.querySelector(`[data-slot=${name}]`));
  return ({ waiting, problem }) => {
    if (waiting !== undefined) waits.hidden = !waiting;
    if (problem === undefined) return;
    lost.hidden = false;
    lost.querySelector("[data-slot=sentence]").textContent = problem;
  };
}

// On pages beside the reader's, too, what was kept leaves.
for (const page of document.querySelectorAll("[data-module=entries]")) {
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
  entriesOf(page.dataset.reader, token, toldIn(page)).flush(true);
}
