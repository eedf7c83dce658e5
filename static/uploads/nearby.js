// Finds the nearest kecamatan on the phone itself: the middles of all of them are loaded, the position goes nowhere.
const SHOWN = 3;
const PATIENCE = { timeout: 20_000, maximumAge: 600_000 };

function position() {
  return new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject, PATIENCE));
}

function summed(differences) {
  let sum = 0;
  return differences.map((one) => (sum += one));
}

// The answer of /api/v1/elections/…/centroids/ as a list of places, in degrees.
function places({ name, code, latitude, longitude }) {
  const [codes, north, east] = [summed(code), summed(latitude), summed(longitude)];
  return name.map((one, at) => ({
    name: one,
    code: String(codes[at]).padStart(6, "0"),
    latitude: north[at] / 100,
    longitude: east[at] / 100,
  }));
}

// Near enough to compare places of one country: degrees, the longitude shortened towards the poles.
function distance(place, { latitude, longitude }) {
  const shorter = Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(place.latitude - latitude, (place.longitude - longitude) * shorter);
}

function link({ name, code }) {
  const item = document.createElement("li");
  const anchor = document.createElement("a");
  anchor.href = `?wilayah=${code}`;
  const label = document.createElement("span");
  label.textContent = name;
  anchor.append(label);
  item.append(anchor);
  return item;
}

export function mount(section) {
  const button = section.querySelector("button");
  const said = section.querySelector("[role=status]");
  const list = section.querySelector("ul");

  async function look() {
    button.disabled = true;
    said.textContent = said.dataset.waiting;
    try {
      const { coords } = await position();
      const answer = await fetch(section.dataset.centroids);
      if (!answer.ok) throw new Error(answer.statusText);
      const known = places(await answer.json());
      known.sort((one, other) => distance(one, coords) - distance(other, coords));
      list.replaceChildren(...known.slice(0, SHOWN).map(link));
      list.hidden = known.length === 0;
      said.textContent = known.length ? "" : said.dataset.none;
    } catch (error) {
      said.textContent = error instanceof Error ? said.dataset.failed : said.dataset.denied;
    }
    button.disabled = false;
  }

  button.addEventListener("click", look);
  section.hidden = !("geolocation" in navigator) || !window.isSecureContext;
}

for (const section of document.querySelectorAll("[data-module=nearby]")) mount(section);
