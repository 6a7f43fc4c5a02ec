// Temperature, top-k and top-p in the browser, exact over the whole vocabulary: the same mathematics as sampling.py,
// from the most probable candidates and a table of normalisers and nuclei for every slider stop.
import { projector } from "#page/dom.js";

export const STEP = 0.05; // of the temperature and of top-p
export const TEMPERATURES = Array.from({ length: 41 }, (_, i) => +(i * STEP).toFixed(2));
export const TOP_PS = Array.from({ length: 20 }, (_, i) => +((i + 1) * STEP).toFixed(2));

// The sampling probability of each candidate, how many tokens are kept in all, and the mass they held before scaling.
export function distribution(candidates, table, { temperature, top_k, top_p }) {
  const probabilities = new Float64Array(candidates.length);
  if (temperature === 0) {
    probabilities[0] = 1;
    return { probabilities, size: 1, mass: 1 }; // the limit T → 0
  }
  const row = Math.round(temperature / STEP) - 1;
  if (top_k === 0) {
    const column = Math.round(top_p / STEP) - 1;
    const size = table.nucleus_sizes[row][column],
      mass = table.nucleus_masses[row][column];
    const shown = Math.min(size, candidates.length);
    for (let i = 0; i < shown; i++) {
      probabilities[i] = Math.exp(candidates[i].logit / temperature - table.log_normalizers[row]) / mass;
    }
    return { probabilities, size, mass };
  }
  const length = Math.min(top_k, candidates.length);
  let total = 0;
  for (let i = 0; i < length; i++) {
    probabilities[i] = Math.exp((candidates[i].logit - candidates[0].logit) / temperature);
    total += probabilities[i];
  }
  let size = 0,
    mass = 0;
  while (size < length && (mass < top_p || size === 0)) mass += probabilities[size++] / total;
  if (top_p === 1) {
    size = length;
    mass = 1;
  }
  for (let i = 0; i < length; i++) probabilities[i] = i < size ? probabilities[i] / total / mass : 0;
  return { probabilities, size, mass };
}

// The index-th uniform number of a seed: SplitMix64, as `uniform_number` in sampling.py.
export function uniform(seed, index) {
  const mask = (1n << 64n) - 1n;
  let z = (BigInt(seed) + BigInt(index + 1) * 0x9e3779b97f4a7c15n) & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
}

// The index of the candidate that a uniform number draws, or −1 where it falls on a token beyond them.
export function pick(probabilities, number) {
  let mass = 0;
  for (let i = 0; i < probabilities.length; i++) {
    mass += probabilities[i];
    if (number < mass) return i;
  }
  return -1;
}

/** How many bars fit. @param {boolean} more */
export const barsShown = (more) => (more ? 50 : projector() ? 7 : 10);
