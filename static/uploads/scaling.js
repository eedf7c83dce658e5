// Makes a photo as small as it may be and still be read: what is measured and chosen is in docs/uploading.md.
// The module is its own worker; where module workers are missing, the page's thread does it.
const LONGER_SIDE = 2560;
const QUALITY = 0.85;
const LIGHT = 400_000; // bytes; a picture that is neither large nor heavy goes as it is
const THUMBNAIL = 144;

/**
 * { blob, thumbnail, width, height }: upright, never enlarged, without anything but the picture. `original` leaves the
 * bytes as they are, and so does whatever this browser cannot open (`thumbnail` is null then: the server may).
 */
export function scaled(blob, original = false) {
  return new Promise((resolve) => {
    if (worker === null) worker = hire();
    if (!worker) return here(blob, original, resolve);
    waiting.set(++number, [blob, original, resolve]);
    worker.postMessage({ number, blob, original });
  });
}

async function scale(blob, original) {
  const whole = await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null);
  if (!whole) return { blob, thumbnail: null, width: null, height: null };
  try {
    const { width, height } = whole;
    const thumbnail = await drawn(whole, Math.min(1, THUMBNAIL / Math.max(width, height)), 0.7);
    const share = Math.min(1, LONGER_SIDE / Math.max(width, height));
    if (original || (share === 1 && blob.size <= LIGHT)) return { blob, thumbnail, width, height };
    const smaller = await drawn(whole, share, QUALITY);
    if (smaller.size >= blob.size) return { blob, thumbnail, width, height };
    return { blob: smaller, thumbnail, width: Math.round(width * share), height: Math.round(height * share) };
  } finally {
    whole.close();
  }
}

function drawn(whole, share, quality) {
  const width = Math.max(1, Math.round(whole.width * share));
  const height = Math.max(1, Math.round(whole.height * share));
  const canvas = self.OffscreenCanvas
    ? new OffscreenCanvas(width, height)
    : Object.assign(document.createElement("canvas"), { width, height });
  const drawing = canvas.getContext("2d", { alpha: false });
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(whole, 0, 0, width, height);
  if (canvas.convertToBlob) return canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}

// --- The worker -----------------------------------------------------------------------------------

const waiting = new Map(); // number -> [blob, original, resolve]
let worker = null;
let number = 0;

if (!self.document) {
  self.onmessage = async ({ data }) => {
    const result = await scale(data.blob, data.original).catch(() => null);
    self.postMessage({ number: data.number, result });
  };
}

function hire() {
  if (!self.Worker || !self.OffscreenCanvas) return false;
  const hired = new Worker(import.meta.url, { type: "module" });
  hired.onmessage = ({ data }) => {
    const [blob, original, resolve] = waiting.get(data.number);
    waiting.delete(data.number);
    if (data.result) resolve(data.result);
    else here(blob, original, resolve);
  };
  hired.onerror = () => {
    worker = false; // no module workers here: this thread works from now on
    for (const job of waiting.values()) here(...job);
    waiting.clear();
  };
  return hired;
}

function here(blob, original, resolve) {
  scale(blob, original).then(resolve, () => resolve({ blob, thumbnail: null, width: null, height: null }));
}
