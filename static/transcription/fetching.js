// A picture that does not come is fetched again: by itself after growing pauses, when the network is back, and by hand.
import { whileThere } from "./while_there.js";

const PAUSES = [1_000, 4_000, 15_000, 60_000]; // ms before it is tried again by itself
const PATIENCE = 5_000; // ms after which one that has neither come nor failed is missing, too

/** Fetches an image until it is there, as long as `within` is on the page. `tells` hears whether it is missing.
 * Returns what tries at once.
 */
export function fetching(image, within, tells = () => {}) {
  let failed = 0;
  let timer = 0;

  function waits() {
    clearTimeout(timer);
    timer = setTimeout(() => tells(true), PATIENCE);
  }

  function tries() {
    if (!within.isConnected) return;
    waits();
    image.src = image.src; // what failed is fetched anew
  }

  function again() {
    if (image.complete && image.naturalWidth) return;
    failed = 0;
    tries();
  }

  image.addEventListener("load", () => {
    clearTimeout(timer);
    tells(false);
  });
  image.addEventListener("error", () => {
    clearTimeout(timer);
    tells(true);
    // Not everybody at the same time, where it is the server that was away.
    if (failed < PAUSES.length) timer = setTimeout(tries, PAUSES[failed] * (0.5 + Math.random()));
    failed += 1;
  });
  whileThere(within, window, "online", again);
  if (!image.complete) waits();
  else if (image.src && !image.naturalWidth) tries(); // it failed before anybody listened
  return again;
}
