// Keeps a receipt's state fresh while somebody looks at it. The page shows the same without it, when it is loaded again.

const SHORTEST = 15; // seconds between two looks
const LONGEST = 240;

export function mount(section) {
  const { address, settled } = section.dataset;
  const steps = section.querySelector("ol");
  let pause = SHORTEST;
  let timer = null;

  const isSettled = () => settled.split(" ").includes(section.dataset.state);
  const wait = () => {
    clearTimeout(timer);
    if (!document.hidden && !isSettled()) timer = setTimeout(look, pause * 1000);
  };

  async function look() {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const receipt = await answer.json();
      // The longer nothing happens, the more rarely it asks.
      pause = receipt.state === section.dataset.state ? Math.min(pause * 1.5, LONGEST) : SHORTEST;
      show(receipt);
    } catch {
      pause = Math.min(pause * 2, LONGEST); // no network, or too many ask
    }
    wait();
  }

  function show({ state, message }) {
    if (state === section.dataset.state) return;
    section.dataset.state = state;
    section.querySelector("[data-message]").textContent = message; // a live region: read out once, when it changes
    const present = [...steps.children].findIndex((step) => step.dataset.states.split(" ").includes(state));
    for (const [number, step] of [...steps.children].entries()) {
      // What left the way (rejected, withdrawn) was received all the same.
      const place = number < (present < 0 ? 1 : present) ? "done" : number === present ? "present" : "ahead";
      step.dataset.place = place;
      step.querySelector(".step__place").textContent = steps.dataset[place];
      step.toggleAttribute("aria-current", false);
      if (place === "present") step.setAttribute("aria-current", "step");
    }
    for (const part of document.querySelectorAll("[data-while]")) {
      part.hidden = !part.dataset.while.split(" ").includes(state);
    }
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden || isSettled()) return;
    pause = SHORTEST;
    look();
  });
  wait();
}

for (const section of document.querySelectorAll("[data-module=receipt_state]")) mount(section);
