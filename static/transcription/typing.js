// The numbers of a page by keyboard or thumb: three digits lead on, Enter and arrows go from box to box, `k` says an
// empty box, `t` an unreadable one, `p` that something is wrong with the photo; on a touch screen the same keys are drawn.
// Sums that do not fit are said beside the box, and once more before sending; `s` says that the paper has it so, and the
// keys of a number lead back to it. The photo is kept for its reader while they type: without that the lease ends after
// five minutes, and what is sent later still counts as long as nobody else has the place. A form without `data-renew`
// belongs to nobody's lease; in one without `data-whole` boxes may stay open.
import { openProblem } from "./problem.js";
import { broken, fingerprint } from "./slips.js";

const EVERY = 60_000; // ms between two renewals
const BACK = /^(\d|Enter|ArrowUp|ArrowDown|Backspace)$/; // lead from the question to the box it is about
const MARKS = { k: "kosong", t: "tidak_terbaca" };

export function mount(form) {
  const boxes = [...form.querySelectorAll("input[inputmode=numeric]")];
  const { rules, sentences } = JSON.parse(document.getElementById("aturan").textContent);
  const [send, slips, keypad] = ["send", "slips", "keypad"].map((name) => form.querySelector(`[data-slot=${name}]`));
  const confirm = slips.querySelector("[name=sesuai]");
  const everything = "whole" in form.dataset;
  const byThumb = matchMedia("(pointer: coarse)").matches;

  // --- Boxes ---

  const key = (box) => box.name.replace("angka-", "");
  const mark = (box) => form.elements[`tanda-${key(box)}`];
  const isOpen = (box) => !box.value.trim() && !mark(box).value;
  let at = null; // the box that had the focus last

  function numbers({ unfinished = true } = {}) {
    const found = {};
    for (const box of boxes.filter(({ name }) => name.startsWith("angka-"))) {
      if (!unfinished && box === document.activeElement && box.value.length < 3) continue;
      if (mark(box).value) found[key(box)] = mark(box).value;
      else if (/^\d{1,3}$/.test(box.value)) found[key(box)] = Number(box.value);
    }
    return found;
  }

  function go(box) {
    if (!box) return;
    box.focus();
    box.select();
  }

  function say(box, what) {
    box.value = "";
    mark(box).value = what;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function step(box, by) {
    go(boxes[boxes.indexOf(box) + by]);
  }

  const village = form.elements.desa;
  const listed = form.querySelectorAll(".villages li").length;
  const isOutside = () => Boolean(village?.value.trim()) && !(village.value >= 1 && village.value <= listed);
  /** Says beside the village's box whether its number is none of the list's. */
  function tellVillage() {
    const slot = form.querySelector("[data-slot=outside]");
    slot.hidden = !isOutside();
    village.setAttribute("aria-invalid", isOutside());
    slot.closest(".numbers__cell").classList.toggle("field--wrong", isOutside());
    slot.closest(".numbers__row").scrollIntoView({ block: "nearest" }); // the sentence pushes the box under the keys
  }

  function onward(box) {
    if (everything && isOpen(box)) return; // a third digit has led here already
    if (box === village && isOutside()) return village.select();
    const open = everything && boxes.find(isOpen);
    if (boxes.indexOf(box) < boxes.length - 1) step(box, 1);
    else if (open) go(open);
    else form.requestSubmit(send.querySelector("button"));
  }

  function pressed(pressedKey, box) {
    if (pressedKey in MARKS) {
      say(box, MARKS[pressedKey]);
      if (mark(box).value) step(box, 1); // a TPS has a number: no empty box there
    } else if (pressedKey === "p") return openProblem(form.closest(".reader"));
    else if (pressedKey === "s" && !slips.hidden) form.requestSubmit(confirm);
    else if (pressedKey === "Enter") onward(box);
    else if (pressedKey === "ArrowDown") step(box, 1);
    else if (pressedKey === "ArrowUp") step(box, -1);
    else if (pressedKey === "Backspace" && mark(box).value) say(box, "");
    else if (pressedKey === "Backspace" && !box.value) step(box, -1);
    else return false;
    return true;
  }

  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (boxes.includes(event.target)) {
      // A key that is held down sends nothing twice.
      if ((name === "Enter" && event.repeat) || pressed(name, event.target) || /^\D$/.test(name)) event.preventDefault();
    } else if (name === "s" && event.target.tagName !== "SELECT" && pressed(name, boxes[0])) event.preventDefault();
    else if (event.target.matches("h2") && !event.repeat && BACK.test(name)) {
      go(asked ?? at);
      if (!/^\d$/.test(name)) event.preventDefault(); // a digit is typed there
    }
  });

  form.addEventListener("input", ({ target }) => {
    if (!slips.hidden) ask([]);
    if (boxes.includes(target) && target.value) {
      mark(target).value = "";
      const next = boxes[boxes.indexOf(target) + 1];
      if (target === village && isOutside()) village.select(); // the next digit takes its place
      else if (/^\d+$/.test(target.value) && target.value.length === target.maxLength && target.selectionEnd === target.maxLength) go(next);
    }
    if (target.tagName === "SELECT" && target.value) form.elements[target.name.replace("tanda-", "angka-")].value = "";
    if (village && [village, mark(village)].includes(target)) tellVillage();
    tell();
  });
  form.addEventListener("focusin", ({ target }) => {
    if (boxes.includes(target)) {
      at = target;
      keypad.hidden = !byThumb;
    }
    if (!target.matches("button")) tell(); // a button that moves while it is pressed is not pressed
  });

  // --- Sums ---

  let told = "[]";
  function tell() {
    const found = broken(rules, numbers({ unfinished: false }), sentences);
    if (JSON.stringify(found) === told) return; // or screen readers would hear it with every key
    told = JSON.stringify(found);
    for (const old of form.querySelectorAll(".numbers__slip")) old.remove();
    for (const { figure, title, sentence } of found) {
      const said = document.createElement("p");
      said.className = "numbers__slip";
      said.setAttribute("role", "status");
      said.textContent = `${title}: ${sentence}`;
      form.elements[`angka-${figure}`].closest(".numbers__row").append(said);
    }
    const here = boxes.find((box) => box === document.activeElement);
    const beside = here?.closest(".numbers__row").querySelector(".numbers__slip");
    if (found.length) (beside ?? here)?.scrollIntoView({ block: "nearest" }); // not under the keys
  }

  let asked = null; // the box of the first sum that does not fit
  function ask(found) {
    slips.hidden = !found.length;
    send.hidden = Boolean(found.length);
    keypad.hidden = !byThumb || Boolean(found.length); // it would lie over the question; it comes back with a box
    form.closest(".reader").classList.toggle("reader--asked", Boolean(found.length));
    asked = found.length ? form.elements[`angka-${found[0].figure}`] : null;
    slips.querySelector("ul").replaceChildren(
      ...found.map(({ figure, title, sentence }) => {
        const [item, link, strong] = ["li", "a", "strong"].map((tag) => document.createElement(tag));
        const box = form.elements[`angka-${figure}`];
        link.href = `#${box.id}`;
        link.textContent = box.labels[0].querySelector(".hidden-visually").textContent;
        strong.textContent = sentence;
        item.append(link, ` (${title}): `, strong);
        return item;
      }),
    );
  }

  slips.addEventListener("click", (event) => {
    const box = boxes.find(({ id }) => event.target.hash === `#${id}`);
    if (!box) return;
    event.preventDefault(); // the page's address stays its own
    go(box);
  });

  form.addEventListener("submit", (event) => {
    const typed = numbers();
    if (event.submitter === confirm) {
      confirm.value = fingerprint(form.elements.halaman.value, typed);
      return;
    }
    const found = broken(rules, typed, sentences);
    if (!found.length || (everything && boxes.some(isOpen))) return; // of open boxes the server tells first
    event.preventDefault();
    confirm.dataset.asked = event.submitter?.name ?? ""; // who wanted to stop stops after confirming, too
    ask(found);
    slips.querySelector("h2").focus({ preventScroll: true });
    slips.scrollIntoView({ block: "nearest" });
  });

  // --- Thumbs, and the lease ---

  if (byThumb) {
    keypad.hidden = !slips.hidden || !boxes.length;
    for (const box of boxes) box.inputMode = "none"; // the drawn keys instead of the phone's
    keypad.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    keypad.addEventListener("click", ({ target }) => {
      const name = target.closest("button")?.dataset.key;
      const box = at ?? boxes.find(isOpen) ?? boxes[0];
      if (!name) return;
      if (document.activeElement !== box) go(box);
      if (pressed(name, box)) return;
      const start = name === "Backspace" && box.selectionStart === box.selectionEnd ? -1 : 0;
      const digit = name === "Backspace" ? "" : name;
      if (box.value.length - (box.selectionEnd - box.selectionStart) + digit.length > box.maxLength) return;
      box.setRangeText(digit, Math.max(0, box.selectionStart + start), box.selectionEnd, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  } else for (const told of form.querySelectorAll("[data-slot=keys], kbd[hidden]")) told.hidden = false;

  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let renewed = Date.now();
  form.addEventListener("input", () => {
    if (!form.dataset.renew || Date.now() - renewed < EVERY) return;
    renewed = Date.now();
    fetch(form.dataset.renew, { method: "POST", headers: { "X-CSRFToken": token } }).then(
      ({ status }) => status === 409 && form.dispatchEvent(new Event("leaseover", { bubbles: true })),
      () => (renewed = 0), // the network is away: the next key tries again
    );
  });

  if (isOutside() && !village.matches("[aria-invalid=true]")) tellVillage(); // or the server has said it
  if (everything && !document.querySelector("[aria-invalid=true]") && slips.hidden) go(boxes.find(isOpen));
}

for (const form of document.querySelectorAll("[data-module=typing]:not([data-lease] *)")) mount(form);
