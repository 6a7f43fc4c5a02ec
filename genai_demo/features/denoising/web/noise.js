// The forward process, x_t = √ᾱ x0 + √(1−ᾱ) ε (Ho et al. 2020, eq. 4), with noise that a seed decides; and its figures in words.

const GOLDEN = 0x9e3779b9; // 2³² over the golden ratio: steps of that width visit every number once

/** A number of 32 bits, every one of which depends on every one of `number` (Wellons' lowbias32, 2018). @param {number} number */
function scrambled(number) {
  let bits = number >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Random numbers from 0 up to 1, the same ones for the same seed on every machine.
 * @param {number} seed a whole number from 0 on
 * @returns {() => number}
 */
export function uniforms(seed) {
  let at = scrambled(seed) ^ scrambled(Math.floor(seed / 2 ** 32) + GOLDEN);
  return () => {
    at = (at + GOLDEN) >>> 0;
    return scrambled(at) / 2 ** 32;
  };
}

/**
 * Independent standard normal numbers, two from each pair of uniform ones (Box & Muller 1958).
 * @param {number} count
 * @param {number} seed
 * @returns {Float32Array}
 */
export function gaussian(count, seed) {
  const numbers = new Float32Array(count + 1);
  const uniform = uniforms(seed);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    numbers[i] = radius * Math.cos(angle);
    numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers.subarray(0, count);
}

/** What picture and noise are multiplied by, √ᾱ and √(1−ᾱ). @param {number} alphaBar @returns {[number, number]} */
export const weights = (alphaBar) => [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];

/**
 * The sum and what is added up: [√ᾱ x0, √(1−ᾱ) ε, x_t].
 * @param {Float32Array} clean x0
 * @param {Float32Array} noise ε
 * @param {number} alphaBar
 */
export function noised(clean, noise, alphaBar) {
  const [alpha, sigma] = weights(alphaBar);
  const signal = clean.map((value) => alpha * value);
  const added = noise.map((value) => sigma * value);
  return [signal, added, signal.map((value, index) => value + added[index])];
}

/** The signal-to-noise ratio ᾱ / (1−ᾱ), a ratio of variances; infinite where there is no noise. @param {number} alphaBar */
export const signalToNoise = (alphaBar) => alphaBar / (1 - alphaBar);

/** A ratio of variances in decibels. @param {number} ratio */
export const decibels = (ratio) => 10 * Math.log10(ratio);

/** The same in words. @param {number} ratio */
export const db = (ratio) => (ratio <= 0 ? "−∞ dB" : `${decibels(ratio).toFixed(1).replace("-", "−")} dB`);

/** A number with two decimals; of a small one, two digits. @param {number} number */
export const decimal = (number) => (number >= 0.1 || number === 0 ? number.toFixed(2) : number.toPrecision(2));
