// The search for a TPS without a network: in the villages this phone knows.

const ANY = new Set(["tps", "no", "nomor", "kel", "kelurahan", "ds", "desa", "kec", "kecamatan", "kab", "kabupaten", "kota"]);
const MOST = 10;

/**
 * TPS that fit what was typed, best first: { station, name, village }.
 *
 * typed      words in any order, with a slip each; a number of up to three digits is the TPS's
 * stations   what the phone keeps of TPS it has seen: the same, and `region`, the code of the village
 *
 * A TPS beside a known one is guessed from its number.
 */
export function find(typed, stations) {
  const all = typed.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const number = [...all].reverse().find((word) => /^\d{1,3}$/.test(word))?.padStart(3, "0");
  const words = all.filter((word) => !/\d/.test(word) && !ANY.has(word));
  const scored = stations.map((station) => [fitting(words, station.village), station]);
  const best = Math.max(0, ...scored.map(([score]) => score));
  if (words.length && !best) return [];
  const fits = scored.filter(([score]) => score === best).map(([, station]) => station);
  if (!number) return words.length ? fits.slice(0, MOST) : [];
  const seen = fits.filter(({ station }) => station.endsWith(number));
  if (!words.length) return seen.slice(0, MOST);
  const beside = fits.filter(({ region }) => !seen.some((one) => one.region === region));
  const guessed = beside.map(({ region, village }) => ({ station: region + number, name: `TPS ${number}`, village }));
  const villages = new Map([...seen, ...guessed].map((one) => [one.station, one]));
  return [...villages.values()].slice(0, MOST);
}

function fitting(words, village) {
  const names = village.toLowerCase().match(/[a-z]+/g) ?? [];
  return words.filter((word) => names.some((name) => name.startsWith(word) || isNear(word, name))).length;
}

// One letter more, less, other, or two that changed places.
function isNear(a, b) {
  if (Math.min(a.length, b.length) < 4 || Math.abs(a.length - b.length) > 1) return false;
  let [from, to] = [0, 0];
  while (from < a.length && a[from] === b[from]) from++;
  while (to < a.length - from && to < b.length - from && a[a.length - 1 - to] === b[b.length - 1 - to]) to++;
  const [left, right] = [a.slice(from, a.length - to), b.slice(from, b.length - to)];
  return left.length <= 1 && right.length <= 1 || left.length === 2 && left === [...right].reverse().join("");
}
