// Shares the address of a link: by the phone's own menu, else by copying it. Without it the link is a link.

export function mount(link) {
  const told = link.parentElement.querySelector("[data-shared]");

  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const { title, copied, notCopied } = link.dataset;
    if (navigator.share) {
      // Whoever closes the menu again has changed their mind; that is no failure.
      await navigator.share({ title, url: link.href }).catch(() => {});
      return;
    }
    try {
      await navigator.clipboard.writeText(link.href);
      told.textContent = copied;
    } catch {
      told.textContent = notCopied; // no right to the clipboard, or no HTTPS
    }
  });
}

for (const link of document.querySelectorAll("[data-module=share]")) mount(link);
