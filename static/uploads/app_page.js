// The page's own places and words. Whatever it says was written by the server, in the reader's language.
export const language = document.documentElement.lang;

export const app = document.querySelector("[data-module=app]");

const told = JSON.parse(document.getElementById("kata")?.textContent ?? "{}");

/** The sentence of that name with its `{…}` filled in; a number of 1 may have a sentence of its own. */
export function words(name, values = {}) {
  const sentence = (values.number === 1 && told[`${name}_one`]) || told[name];
  return sentence.replace(/{(\w+)}/g, (_, key) => format(values[key]));
}

export const sentences = told;

function format(value) {
  return typeof value === "number" ? value.toLocaleString(language) : value;
}

/** The element with this `data-slot`. */
export function slot(name, within = app) {
  return within.querySelector(`[data-slot="${name}"]`);
}

/** Calls `then(event)` for what one does with the elements of this `data-do`. */
export function on(name, then, within = app) {
  for (const element of within.querySelectorAll(`[data-do="${name}"]`)) {
    element.addEventListener(element.tagName === "FORM" ? "submit" : "click", then);
  }
}

/** An element with properties and children. */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function view(name) {
  return app.querySelector(`[data-view="${name}"]`);
}

/** Say it on top, and to those who listen. */
export function say(sentence) {
  const place = slot("said");
  place.textContent = sentence;
}

export function size(bytes) {
  const [value, unit] = bytes < 1e6 ? [Math.max(1, Math.round(bytes / 1e3)), "kB"] : [bytes / 1e6, "MB"];
  return `${value.toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
}

export function time(milliseconds) {
  const parts = { hour: "2-digit", minute: "2-digit" };
  return new Date(milliseconds).toLocaleTimeString(language, parts);
}

/** Hand a file to the phone: to its share sheet, or among its downloads. */
export async function handOver(blob, name) {
  const type = blob.type || "image/jpeg";
  const file = new File([blob], `${name}.${type.split("/")[1].replace("jpeg", "jpg").replace("plain", "txt")}`, { type });
  if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] })) {
    const shared = await navigator.share({ files: [file] }).then(
      () => true,
      (error) => error.name === "AbortError",
    );
    if (shared) return;
  }
  const href = URL.createObjectURL(file);
  made("a", { href, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
