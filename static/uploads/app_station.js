// One TPS: which contest, which pages are there from anybody, and the buttons that take a photo of one.
import { app, made, on, slot, view, words } from "./app_page.js";
import * as outbox from "./outbox.js";
import { choose, missing, take } from "./taking.js";

let station = null; // as /api/v1/stations/<code>/pages/ says it
let own = []; // this phone's photos of it

export function mount() {
  on("take", () => take(target()), view("station"));
  on("choose", () => choose(target()), view("station"));
  on("other-contest", () => go(null));
  addEventListener("popstate", () => station && draw());
}

/** Show it. What is known of it is kept for times without a network. */
export async function show(found) {
  station = found;
  view("station").hidden = false;
  await outbox.keepStation(found).catch(() => {});
  await refresh();
}

export async function refresh() {
  if (!station) return;
  own = (await outbox.photos().catch(() => [])).filter((photo) => photo.station === station.station);
  draw();
}

/** The same TPS, as the server sees it now. */
export async function renew(found) {
  if (station?.station !== found.station) return;
  station = found;
  await outbox.keepStation(found);
  draw();
}

/** What the next photo is of; a page only where it was asked for. */
export function target(page = null) {
  if (!station) return null; // none is chosen yet
  return { station, contest: contest(), page, missing: without };
}

function contest() {
  const [only, ...more] = station.contests;
  if (!more.length) return only;
  const wanted = new URLSearchParams(location.search).get("pemilihan");
  return station.contests.find(({ code }) => code === wanted);
}

function go(code) {
  const address = new URL(location.href);
  if (code) address.searchParams.set("pemilihan", code);
  else address.searchParams.delete("pemilihan");
  history.pushState(null, "", address);
  draw();
  (code ? app.querySelector("[data-do=take]") : slot("contest-list").querySelector("a"))?.focus();
}

function draw() {
  slot("title").textContent = `${station.name}, ${station.village}`;
  slot("code").textContent = station.station;
  slot("other").search = `wilayah=${station.region}`;
  const shown = contest();
  slot("contests").hidden = Boolean(shown);
  slot("contest").hidden = !shown;
  if (!shown) return drawContests();
  const several = station.contests.length > 1;
  slot("contest-name").textContent = shown.name;
  app.querySelector("[data-do=other-contest]").hidden = !several;
  const left = without();
  const walls = shown.pages.filter(({ variant }) => variant === "plano");
  const all = walls.every(({ photos }) => photos) ? "all_there" : "all_kept";
  slot("missing").textContent = left.length ? missing(left) : words(all);
  sheets(slot("walls"), walls);
  const slips = shown.pages.filter(({ variant }) => variant !== "plano");
  sheets(slot("slip-list"), slips);
  slot("slips").hidden = !slips.length;
}

function drawContests() {
  slot("contest-list").replaceChildren(
    ...station.contests.map(({ code, name }) => {
      const link = made("a", { href: `?pemilihan=${code}` }, made("span", { textContent: name }));
      link.addEventListener("click", (event) => {
        event.preventDefault();
        go(code);
      });
      return made("li", {}, link);
    }),
  );
}

function sheets(list, pages) {
  list.replaceChildren(
    ...pages.map((page) => {
      const button = made("button", { type: "button", className: "sheet" });
      button.append(made("strong", { textContent: page.label }), made("span", { textContent: state(page) }));
      button.classList.toggle("sheet--there", Boolean(page.photos) || isOwn(page));
      button.addEventListener("click", () => take(target(page.number)));
      return made("li", {}, button);
    }),
  );
}

function state(page) {
  if (page.photos) return words("photos", { number: page.photos });
  return words(isOwn(page) ? "on_this_phone" : "no_photos");
}

// The wall sheets that nobody has photographed; what was kept just now counts.
function without(kept = new Set()) {
  return contest()?.pages.filter(
    (page) => page.variant === "plano" && !page.photos && !isOwn(page) && !kept.has(page.number),
  );
}

function isOwn({ number }) {
  return own.some(({ page, contest: code, state }) => page === number && code === contest()?.code && state !== "refused");
}
