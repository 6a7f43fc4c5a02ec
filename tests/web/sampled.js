// Values that a field allows, and writings that mean nothing to it: for tests over many states.

/** Numbers from 0 to 1 that a seed decides (mulberry32). @param {number} seed @returns {() => number} */
export function dice(seed) {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LETTERS = [..."abc ,\\&=?#%+é\n\t中🙂\u202e<>\"'`${}"];
const between = (roll, least, most) => least + Math.floor(roll() * (most - least + 1));
const one = (roll, all) => all[between(roll, 0, all.length - 1)];
const letters = (roll, most) => Array.from({ length: between(roll, 0, most) }, () => one(roll, LETTERS)).join("");

/**
 * A value that `field` allows.
 * @param {any} field
 * @param {() => number} roll
 * @returns {any}
 */
export function sampled(field, roll) {
  const { kind, of } = field;
  if (kind === "text") return letters(roll, Math.min(30, Math.floor(of.most / 2)));
  if (kind === "whole") return between(roll, of.least, Math.min(of.most, of.least + 1_000_000));
  if (kind === "stop" || kind === "choice") return one(roll, of.options);
  if (kind === "flag") return roll() < 0.5;
  if (kind === "maybe") return roll() < 0.3 ? null : sampled(of, roll);
  if (kind === "list")
    return Array.from({ length: between(roll, 0, Math.min(of.most, 6)) }, () => sampled(of.field, roll));
  return field.initial; // what only this browser keeps
}

/** Writings of the kinds that people and programs put into links. @param {any} field @returns {string[]} */
export function nonsense({ kind }) {
  const odd = ["<img src=x>", "NaN", "1e999", "-1", "null", "[object Object]", "9".repeat(40), "\u0000"];
  return { text: [], whole: odd, stop: odd, choice: odd, flag: ["yes", "1", "", ...odd] }[kind] ?? [];
}
