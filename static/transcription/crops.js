// The box being read, cut out of the photo, upright and large, above where its number is typed. A program has found where
// the boxes are (`uploads/registration.py`); of a photo on which it found none the whole is looked at, as without this.
import { fetching } from "./fetching.js";
import { whileThere } from "./while_there.js";

const WIDE = 0.62; // of the row's width that the box takes; what is left shows what stands beside it
const WIDEST = 260; // CSS pixels
const FLAT = 0.55; // of the window's height: on a phone that lies on its side the box typed in has room, too
const LINE = 0.98; // the same for a line that is written
const AROUND = 0.55; // heights of the box that are shown above and below it

export function mount(reader) {
  const boxes = [...reader.querySelectorAll("input[data-box]")];
  const image = reader.querySelector(".picture__window img");
  if (!boxes.length || !image) return;
  const size = { width: Number(image.getAttribute("width")), height: Number(image.getAttribute("height")) };
  const crop = document.createElement("canvas");
  crop.className = "crop";
  crop.setAttribute("role", "img");
  reader.classList.add("reader--crops");

  let source = image;
  let current = null;
  function draw() {
    if (!current || !source.complete || !source.naturalWidth) return;
    const [left, top, right, rightTop, foot, bottom] = current.dataset.box.split(" ").map(Number);
    const across = Math.hypot(right - left, rightTop - top);
    const along = Math.hypot(foot - left, bottom - top);
    if (!across || !along) return;
    const width = crop.clientWidth;
    const isLine = "wide" in current.dataset; // a written line, of which one wants to see all
    const wide = isLine ? LINE * width : Math.min(WIDE * width, WIDEST, FLAT * innerHeight);
    const high = (wide * along) / across;
    const [x, y] = [(width - wide) / 2, isLine ? 0 : AROUND * high];
    crop.style.height = `${high + 2 * y}px`;
    crop.width = width * devicePixelRatio;
    crop.height = (high + 2 * y) * devicePixelRatio;
    const paper = crop.getContext("2d");
    paper.imageSmoothingQuality = "high";
    const fromPhoto = new DOMMatrix([
      (right - left) / wide, (rightTop - top) / wide, (foot - left) / high, (bottom - top) / high, left, top,
    ]).inverse();
    paper.setTransform(new DOMMatrix().scale(devicePixelRatio).translate(x, y).multiply(fromPhoto));
    paper.drawImage(source, 0, 0, size.width, size.height);
    paper.setTransform(new DOMMatrix().scale(devicePixelRatio));
    paper.strokeStyle = getComputedStyle(crop).accentColor;
    paper.lineWidth = 2;
    if (!isLine) paper.strokeRect(x - 5, y - 5, wide + 10, high + 10);
  }

  function show(target) {
    if (!boxes.includes(target) || target === current) return;
    current = target;
    crop.setAttribute("aria-label", target.labels[0].querySelector(".hidden-visually").textContent);
    const row = target.closest(".numbers__row");
    row.insertBefore(crop, row.querySelector(".numbers__cells"));
    draw();
    row.scrollIntoView({ block: "nearest" });
  }

  reader.addEventListener("focusin", ({ target }) => show(target));
  whileThere(reader, window, "resize", draw);
  image.addEventListener("load", draw);

  const { saveData = false, effectiveType = "4g" } = navigator.connection ?? {};
  if (!saveData && !effectiveType.includes("2g")) {
    const full = new Image();
    full.onload = () => {
      source = full;
      draw();
    };
    full.src = reader.querySelector("a.picture__tool").href;
    fetching(full, reader);
  }
  show(document.activeElement);
}

for (const reader of document.querySelectorAll(".reader:not([data-lease])")) mount(reader);
