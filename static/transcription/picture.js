// The photo under one's hands: larger and smaller (buttons, `+` and `-`, two fingers), the whole page (`z`), turned (`r`),
// with more contrast (`c`). Without it there are three sizes and a window that scrolls.
import { fetching } from "./fetching.js";
import { whileThere } from "./while_there.js";

const STEP = 1.5;
const MOST = 8; // times the window's width
const WRITTEN_IN = "textarea, select, input:not([inputmode=numeric])"; // the boxes of numbers take digits only
const KEYS = { "+": "larger", "=": "larger", "-": "smaller", z: "whole", r: "turn", c: "contrast" };

export function mount(picture) {
  const frame = picture.querySelector(".picture__window");
  const image = frame.querySelector("img");
  const reader = picture.closest(".reader");
  const narrow = matchMedia("(max-width: 59.99rem)");
  const sheet = document.createElement("div");
  sheet.className = "picture__sheet";
  image.replaceWith(sheet);
  sheet.append(image);
  picture.classList.add("picture--moved");

  const ratio = Number(image.getAttribute("height")) / Number(image.getAttribute("width"));
  let zoom = 1; // widths of the window
  let turn = 0; // quarters, clockwise
  let before = 1;

  const tall = () => (turn % 2 ? 1 / ratio : ratio);
  const whole = () => Math.min(1, frame.clientHeight / (frame.clientWidth * tall()));

  // What was in the middle, or under the fingers, stays there.
  function draw(next, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
    if (!frame.clientWidth) return; // out of sight
    const [left, top] = [(frame.scrollLeft + x) / sheet.offsetWidth, (frame.scrollTop + y) / sheet.offsetHeight];
    zoom = Math.min(MOST, Math.max(whole(), next));
    resize();
    frame.scrollLeft = left * sheet.offsetWidth - x;
    frame.scrollTop = top * sheet.offsetHeight - y;
  }

  function resize() {
    const width = frame.clientWidth * zoom;
    sheet.style.width = `${width}px`;
    sheet.style.height = `${width * tall()}px`;
    image.style.width = `${turn % 2 ? width / ratio : width}px`;
    image.style.rotate = `${turn * 90}deg`;
  }

  const does = {
    larger: () => draw(zoom * STEP),
    smaller: () => draw(zoom / STEP),
    whole() {
      // On a phone whose reader sees one box at a time, the photo comes and goes.
      if (reader.classList.contains("reader--crops") && narrow.matches) {
        reader.classList.toggle("reader--whole");
        draw(zoom);
        return;
      }
      const all = whole();
      if (zoom > all) before = zoom;
      draw(zoom > all ? all : before);
    },
    turn() {
      turn = (turn + 1) % 4;
      draw(zoom);
    },
    contrast() {
      const pressed = reader.classList.toggle("reader--clear");
      picture.querySelector("[data-does=contrast]").setAttribute("aria-pressed", pressed);
    },
  };

  for (const button of picture.querySelectorAll("[data-does]")) {
    button.hidden = false;
    button.addEventListener("click", does[button.dataset.does]);
  }
  whileThere(picture, document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches(WRITTEN_IN)) return;
    const name = KEYS[event.key.toLowerCase()];
    if (!name) return;
    event.preventDefault();
    does[name]();
  });

  const fingers = new Map();
  let apart = 0;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse") fingers.set(event.pointerId, event);
    apart = 0;
  });
  frame.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event);
    if (fingers.size !== 2) return;
    const [one, other] = [...fingers.values()];
    const now = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const place = frame.getBoundingClientRect();
    const [x, y] = [(one.clientX + other.clientX) / 2 - place.left, (one.clientY + other.clientY) / 2 - place.top];
    if (apart) draw((zoom * now) / apart, x, y);
    apart = now;
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    frame.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  whileThere(picture, window, "resize", () => draw(zoom));
  resize();

  const missing = picture.querySelector("[data-slot=missing]");
  const again = fetching(image, picture, (isMissing) => {
    if (missing.contains(document.activeElement)) frame.focus(); // the button goes
    missing.hidden = !isMissing;
  });
  missing.querySelector("button").addEventListener("click", again);
}

for (const picture of document.querySelectorAll(".picture:not([data-lease] *)")) mount(picture);
