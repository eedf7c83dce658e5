// Keeps the sending page on the phone, so that it starts without a network, and sends what waits when the browser says
// that there is one. /sw.js calls `serve` with the release's files. A new release is fetched beside the old one and
// takes over when no page of the old one is open: nothing is reloaded under anybody's hands, and the outbox is not
// touched at all.
import * as outbox from "./outbox.js";
import { prove } from "./proof.js";
import { sendAll } from "./sender.js";

const PAGES = "pemantau-halaman"; // pages of the search for a TPS that were looked at, with this release's files
const MOST_PAGES = 60;
const OURS = /^\/($|kirim(\/|$)|t\/|bukti\/)/; // addresses at which the phone shows what it has where there is no network
const REST = /^\/($|bukti\/)/; // of these: only then
const PATIENCE = 3_000; // ms for the network before the phone's own page is shown

export function serve({ version, files, pages }) {
  const name = `pemantau-${version}`;
  const own = new Set(files);

  self.addEventListener("install", (event) => event.waitUntil(fill()));

  self.addEventListener("activate", (event) =>
    event.waitUntil(
      caches
        .keys()
        .then((all) => all.filter((one) => one.startsWith("pemantau-") && one !== name))
        .then((old) => Promise.all(old.map((one) => caches.delete(one))))
        .then(() => self.clients.claim()),
    ),
  );

  self.addEventListener("sync", (event) => event.waitUntil(send(event.lastChance)));
  self.addEventListener("periodicsync", (event) => event.waitUntil(send()));

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (url.origin !== self.location.origin) return;
    if (request.method === "POST" && url.pathname === "/bahasa/") {
      event.respondWith(otherLanguage(request));
    } else if (request.method === "POST" && url.pathname.startsWith("/akun/")) {
      event.waitUntil(caches.delete(PAGES)); // what was kept is another person's
    } else if (request.method === "GET" && own.has(url.pathname)) {
      event.respondWith(file(request));
    } else if (request.method === "GET" && request.mode === "navigate" && OURS.test(url.pathname)) {
      event.respondWith(page(event, url));
    }
  });

  async function fill() {
    const cache = await caches.open(name);
    await cache.addAll(files);
    for (const address of Object.values(pages)) {
      await cache.add(new Request(address, { credentials: "omit", cache: "no-cache" }));
    }
  }

  async function file(request) {
    const cache = await caches.open(name);
    return (await cache.match(request.url)) ?? fetch(request);
  }

  async function page(event, url) {
    const network = tellLanguage().then(() => fetch(event.request)).then(async (response) => {
      if (response.ok && url.pathname === "/kirim/") await remember(event.request, response.clone());
      return response;
    });
    event.waitUntil(network.catch(() => null));
    const sends = !REST.test(url.pathname);
    const answer = await Promise.race([network.catch(() => null), ...(sends ? [pause(PATIENCE)] : [])]);
    if (answer && (answer.status < 500 || !sends)) return answer;
    const seen = url.pathname === "/kirim/" && (await (await caches.open(PAGES)).match(event.request.url));
    return seen || (await shell()) || network;
  }

  // Without a network the phone's own page changes its language, and what is kept of the others stays.
  async function otherLanguage(request) {
    const form = request.clone();
    try {
      const answer = await fetch(request);
      await caches.delete(PAGES); // what was kept is in the other language
      return answer;
    } catch {
      const asked = await form.formData();
      await outbox.set("language", asked.get("language"));
      await outbox.set("language_untold", asked.get("language"));
      const back = new URL(asked.get("next") || request.referrer || "/kirim/", self.location.origin);
      return Response.redirect(back.origin === self.location.origin ? back : "/kirim/", 303);
    }
  }

  // The server hears of it as soon as it answers, before it is asked for a page.
  async function tellLanguage() {
    const language = await outbox.setting("language_untold").catch(() => null);
    if (!language) return;
    await fetch("/bahasa/", { method: "POST", body: new URLSearchParams({ language }), redirect: "manual" });
    await outbox.set("language_untold", null);
    await caches.delete(PAGES);
  }

  async function remember(request, response) {
    const cache = await caches.open(PAGES);
    await cache.put(request.url, response);
    const kept = await cache.keys();
    for (const old of kept.slice(0, Math.max(0, kept.length - MOST_PAGES))) await cache.delete(old);
  }

  async function shell() {
    const language = await outbox.setting("language").catch(() => null);
    const cache = await caches.open(name);
    return cache.match(pages[language] ?? Object.values(pages)[0]);
  }
}

// The browser tries again later where this ends with an error, some three times; then it is asked anew.
async function send(isLast = false) {
  if ((await sendAll({ now: true, prove })) === null) return;
  if (isLast) await self.registration.sync.register("kirim").catch(() => {});
  throw new Error("photos are still waiting");
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, null));
}
