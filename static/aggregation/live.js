// Keeps a page of results fresh: asks for its data every 15 seconds (unchanged, that is a 304 without a body), and where
// it has changed fetches the page itself and exchanges the parts marked with `data-live`.
const EVERY = 15_000;
const SLOWEST = 120_000; // while the server is away, or the network

const said = document.querySelector("[data-live-from]");
let tag = said.dataset.liveTag;
let pause = EVERY;
let timer = setTimeout(look, EVERY);

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch(said.dataset.liveFrom, { headers: { "If-None-Match": tag }, cache: "no-store" });
    const now = answer.headers.get("ETag");
    if (answer.ok && now !== tag && (await renew())) tag = now;
    pause = answer.ok || answer.status === 304 ? EVERY : Math.min(2 * pause, SLOWEST);
  } catch {
    pause = Math.min(2 * pause, SLOWEST);
  }
  if (!document.hidden) timer = setTimeout(look, pause);
}

async function renew() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = page.querySelector(`[data-live="${old.dataset.live}"]`);
    // Under somebody's hands nothing moves: what has the focus, or was opened, stays.
    if (!now || old.contains(document.activeElement) || old.querySelector("details[open]")) continue;
    if (now.innerHTML !== old.innerHTML) old.replaceWith(document.importNode(now, true));
  }
  return true;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
});
