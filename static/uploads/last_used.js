// Remembers on this phone, and nowhere else, the last five TPS whose form was opened; shows them where one looks for
// a TPS, and lets the search prefer what is near the last one.
const KEY = "pemantau-tps";
const MOST = 5;

function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(found) ? found.filter((one) => /^\d{13}$/.test(one.code) && typeof one.name === "string") : [];
  } catch {
    return []; // no storage here, or something else in it
  }
}

function remember(code, name) {
  const others = remembered().filter((one) => one.code !== code);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ code, name }, ...others].slice(0, MOST)));
  } catch {
    // no storage here: nothing is remembered
  }
}

function show(section, stations) {
  const list = section.querySelector("ul");
  for (const { code, name } of stations) {
    const link = document.createElement("a");
    link.href = `/kirim/${code}/`;
    const label = document.createElement("span");
    label.textContent = name;
    link.append(label);
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  section.hidden = stations.length === 0;
}

const used = document.querySelector("meta[name=tps]");
if (used) remember(used.content, used.dataset.name);
const stations = remembered();
for (const section of document.querySelectorAll("[data-module=last_used]")) show(section, stations);
for (const field of document.querySelectorAll("[data-near]")) {
  if (!field.value && stations.length) field.value = stations[0].code;
}
