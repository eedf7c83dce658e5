// Finds a nonce with which SHA-256(challenge ":" nonce) begins with so many zero bits (uploads/proof.py). The browser's
// own hash is far slower, one promise a time. Works in slices: pages stay awake, and service workers may use it.

const SLICE = 8; // milliseconds
const DIGITS = 12;
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (root) => (root % 1) * 2 ** 32;
const FIRST = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const w = new Int32Array(64);

/** What the header `Proof` is to hold, for an answer that asks for a proof (428). */
export async function prove({ headers }) {
  const challenge = headers.get("Proof-Challenge");
  return `${challenge}:${await solve(challenge, Number(headers.get("Proof-Bits")))}`;
}

/** The nonce, as text; at most 32 bits. */
export async function solve(challenge, bits) {
  const text = `${challenge}:${"0".repeat(DIGITS)}`;
  const bytes = padded(text);
  const end = text.length;
  // What all attempts begin with is hashed once.
  const changing = (end - DIGITS) & ~63;
  const begun = hash(Int32Array.from(FIRST), bytes, 0, changing);
  const state = new Int32Array(8);
  const { port1, port2 } = new MessageChannel(); // a timer would be slowed down in a tab that nobody looks at
  for (;;) {
    for (const until = performance.now() + SLICE; performance.now() < until; )
      for (let times = 0; times < 256; times++) {
        state.set(begun);
        if (hash(state, bytes, changing, bytes.length)[0] >>> (32 - bits) === 0) {
          port1.close();
          return String.fromCharCode(...bytes.subarray(end - DIGITS, end));
        }
        for (let at = end - 1; ++bytes[at] > 57; at--) bytes[at] = 48;
      }
    await new Promise((go) => {
      port1.onmessage = go;
      port2.postMessage(0);
    });
  }
}

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text) {
  const bytes = padded(text);
  const state = hash(Int32Array.from(FIRST), bytes, 0, bytes.length);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

// The text, a one, zeros, its length in bits.
function padded(text) {
  const said = new TextEncoder().encode(text);
  const bytes = new Uint8Array((said.length + 72) & ~63);
  bytes.set(said);
  bytes[said.length] = 128;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, said.length * 8);
  return bytes;
}

const turn = (x, n) => (x >>> n) | (x << (32 - n));

// Changes the state by the blocks between two places.
function hash(state, bytes, at, end) {
  while (at < end) {
    for (let i = 0; i < 16; i++, at += 4)
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word));
  }
  return state;
}
