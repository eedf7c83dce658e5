// Looks at the chosen photo before it is sent, and asks about what does not fit. The form works without it.
import { remarks } from "./page_check.js";
import { recognise } from "./recognise.js";

export function mount(form) {
  const told = JSON.parse(document.getElementById(form.dataset.told).textContent);
  const place = form.querySelector("[data-remarks]");
  const file = form.querySelector("[type=file]");
  let seen = null; // of the file that is chosen now
  let settled = false; // the sender has answered which page it is

  file.addEventListener("change", async () => {
    const [photo] = file.files;
    seen = null;
    settled = false;
    show();
    const recognition = photo && (await recognise(photo));
    if (photo !== file.files[0]) return; // another one was chosen meanwhile
    seen = recognition;
    show();
  });

  form.addEventListener("change", (event) => {
    if (event.target.name === "page") show();
  });

  function show() {
    const page = Number(form.querySelector("[name=page]:checked")?.value) || null;
    const said = seen ? remarks(seen, { kind: told.kind, page }, told.tags, told.words) : [];
    place.replaceChildren(...said.filter(({ action }) => !action || !settled).map(remark));
    place.hidden = !place.hasChildNodes();
  }

  function remark({ kind, sentence, action }) {
    const box = Object.assign(document.createElement("div"), { className: "message message--warn" });
    box.dataset.remark = kind;
    box.append(Object.assign(document.createElement("p"), { textContent: sentence }));
    if (action) {
      const answers = Object.assign(document.createElement("div"), { className: "actions" });
      answers.append(
        answer(action.yes, "button", () => choose(action.page)),
        answer(action.no, "button button--quiet", () => {}),
      );
      box.append(answers);
    }
    return box;
  }

  function answer(textContent, className, then) {
    const button = Object.assign(document.createElement("button"), { type: "button", className, textContent });
    button.addEventListener("click", () => {
      then();
      settled = true;
      show();
    });
    return button;
  }

  function choose(page) {
    const radio = form.querySelector(`[name=page][value="${page}"]`);
    radio.checked = true;
    radio.focus();
  }
}

for (const form of document.querySelectorAll("[data-module=send]")) mount(form);
