// Keeps a photo for its reader while they type, and lets Enter lead from number to number. Without it the lease ends
// after five minutes, and what is sent later still counts as long as nobody else has the place. A form without
// `data-renew` belongs to nobody's lease.
const EVERY = 60_000;

export function mount(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const boxes = [...form.querySelectorAll("input[inputmode=numeric]")];
  let renewed = Date.now();

  form.addEventListener("input", () => {
    if (!form.dataset.renew || Date.now() - renewed < EVERY) return;
    renewed = Date.now();
    fetch(form.dataset.renew, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => {
      renewed = 0; // the network is away: the next key tries again
    });
  });

  form.addEventListener("keydown", (event) => {
    const next = boxes[boxes.indexOf(event.target) + 1];
    if (event.key !== "Enter" || !boxes.includes(event.target) || !next) return; // from the last one, Enter sends
    event.preventDefault();
    next.focus();
    next.select();
  });
}

for (const form of document.querySelectorAll("[data-module=typing]")) mount(form);
