// Says which page a photo shows, by its printed tag, and whether it is blurred or dark. The module is its own worker;
// where module workers are missing, the page's thread looks. What cannot be read says nothing: a missing tag is no
// fault of a photo.
import { edgeWidth, findTag } from "./tag.js";

const FIRST_LOOK = 640; // pixels of the shorter side
const CLOSER_LOOK = 1000;
const BLURRED = 1.8; // the tag's edge in pixels at CLOSER_LOOK
const SOFT = 0.27; // see docs/photos.md
const DARK = 80; // nine tenths of the picture are darker than this, of 255
const NOTHING = { tag: null, blurred: false, dark: false };

/** { tag: null | { id, turn, corners }, blurred, dark } of a file. Corners are pixels of the upright picture. */
export function recognise(blob) {
  return ask(blob);
}

/** The same for what a video shows at this moment. */
export async function recogniseFrame(video) {
  const frame = await createImageBitmap(video).catch(() => null);
  return frame ? ask(frame, [frame]) : NOTHING;
}

/** The looking itself, in whichever thread: a blob or an ImageBitmap, which is used up. */
async function look(source) {
  const whole = source instanceof Blob ? await createImageBitmap(source) : source;
  try {
    const shorter = Math.min(whole.width, whole.height);
    let seen = scaled(whole, Math.min(1, FIRST_LOOK / shorter), "low"); // a third of the time, and just as good here
    const dark = isDark(seen.grey);
    let found = findTag(seen, 2);
    if (!found && shorter > FIRST_LOOK) {
      seen = scaled(whole, Math.min(1, CLOSER_LOOK / shorter), "medium");
      found = findTag(seen);
    }
    if (!found) return { tag: null, blurred: isSoft(seen), dark };
    const corners = found.corners.map(([x, y]) => [(x * whole.width) / seen.width, (y * whole.height) / seen.height]);
    return { tag: { ...found, corners }, blurred: await isBlurred(whole, corners), dark };
  } finally {
    whole.close();
  }
}

function scaled(whole, scale, quality) {
  const width = Math.max(1, Math.round(whole.width * scale));
  const height = Math.max(1, Math.round(whole.height * scale));
  const canvas = self.OffscreenCanvas
    ? new OffscreenCanvas(width, height)
    : Object.assign(document.createElement("canvas"), { width, height });
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.imageSmoothingQuality = quality;
  drawing.drawImage(whole, 0, 0, width, height);
  const { data } = drawing.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let n = 0, at = 0; n < grey.length; n++, at += 4) {
    grey[n] = (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8;
  }
  return { grey, width, height };
}

function isDark(grey) {
  let light = 0;
  for (const value of grey) light += value >= DARK;
  return light < grey.length / 10;
}

// Without a tag: the strongest edges of a sharp picture rise within one pixel, not six.
function isSoft({ grey }) {
  const steepest = (step) => {
    const counts = new Uint32Array(256);
    for (let at = step; at < grey.length; at++) counts[Math.abs(grey[at] - grey[at - step])]++;
    let [rest, value] = [grey.length / 200, 255];
    while ((rest -= counts[value]) > 0) value--;
    return value;
  };
  return steepest(1) < SOFT * steepest(6);
}

// Closer than the tag was found, and of the tag alone: of the whole picture, drawing it would scale all of it.
async function isBlurred(whole, corners) {
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const margin = (Math.max(...xs) - Math.min(...xs)) / 4;
  const left = Math.max(0, Math.floor(Math.min(...xs) - margin));
  const top = Math.max(0, Math.floor(Math.min(...ys) - margin));
  const wide = Math.ceil(Math.min(whole.width, Math.max(...xs) + margin) - left);
  const high = Math.ceil(Math.min(whole.height, Math.max(...ys) + margin) - top);
  const scale = Math.min(1, CLOSER_LOOK / Math.min(whole.width, whole.height));
  const cut = await createImageBitmap(whole, left, top, wide, high);
  const part = scaled(cut, scale, "medium");
  cut.close();
  const within = corners.map(([x, y]) => [((x - left) * part.width) / wide, ((y - top) * part.height) / high]);
  const pixels = edgeWidth(part, within) * (CLOSER_LOOK / (Math.min(whole.width, whole.height) * scale));
  return pixels > BLURRED;
}

// --- The worker -----------------------------------------------------------------------------

const waiting = new Map(); // number -> [source, resolve]
let worker = null;
let number = 0;

// In that thread: the picture comes, what it shows goes back.
if (!self.document) {
  self.onmessage = async ({ data: { number, source } }) => {
    const recognition = await look(source).catch(() => null); // no picture that this browser can read
    self.postMessage({ number, recognition });
  };
}

function ask(source, transferred = []) {
  return new Promise((resolve) => {
    if (worker === null) worker = hire();
    if (!worker) return here(source, resolve);
    waiting.set(++number, [source, resolve]);
    worker.postMessage({ number, source }, transferred);
  });
}

function hire() {
  if (!self.Worker || !self.OffscreenCanvas) return false;
  const hired = new Worker(import.meta.url, { type: "module" });
  hired.onmessage = ({ data }) => {
    waiting.get(data.number)?.[1](data.recognition ?? NOTHING);
    waiting.delete(data.number);
  };
  hired.onerror = () => {
    worker = false; // no module workers here: this thread looks from now on
    for (const [source, resolve] of waiting.values()) here(source, resolve);
    waiting.clear();
  };
  return hired;
}

// A frame that went to the worker is gone; the next one comes soon.
function here(source, resolve) {
  look(source).then(resolve, () => resolve(NOTHING));
}
