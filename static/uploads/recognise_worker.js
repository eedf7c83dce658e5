// The thread in which pictures are looked at.
import { look } from "./recognise.js";

self.onmessage = async ({ data: { number, source } }) => {
  const recognition = await look(source).catch(() => null); // no picture that this browser can read
  self.postMessage({ number, recognition });
};
