// Keeps a photo for its reader while they type. Without it the lease ends after five minutes, and what is sent
// later still counts as long as nobody else has the place.
const EVERY = 60_000;

export function mount(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let renewed = Date.now();
  form.addEventListener("input", () => {
    if (Date.now() - renewed < EVERY) return;
    renewed = Date.now();
    fetch(form.dataset.renew, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => {
      renewed = 0; // the network is away: the next key tries again
    });
  });
}

for (const form of document.querySelectorAll("[data-module=renewal]")) mount(form);
