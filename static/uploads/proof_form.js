// Computes at once what a form without JavaScript waits for (uploads/proof.py). Who sends meanwhile waits for the rest.
import { solve } from "./proof.js";

export function mount(box) {
  const price = box.querySelector("[name=proof]");
  const form = price.form;
  box.querySelector("[data-without]").hidden = true;
  const working = box.querySelector("[data-working]");
  working.hidden = false;
  const paid = solve(price.value, Number(box.dataset.bits)).then((nonce) => {
    price.value += `:${nonce}`;
    form.removeEventListener("submit", hold);
    box.hidden = true;
  });

  async function hold(event) {
    event.preventDefault();
    await paid;
    form.requestSubmit();
  }

  form.addEventListener("submit", hold);
}

for (const box of document.querySelectorAll("[data-module=proof_form]")) mount(box);
