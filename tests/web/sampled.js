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

// ── of a whole scene; `address` is the page's module ─────────────────────────────────────────────────────────────────

/** What an address does not give back of some states. @returns {any[]} nothing, if all is well */
export function lostOnTheWay(address, fields, tab, name, rounds) {
  const roll = dice(11);
  const wrong = [];
  for (let round = 0; round < rounds; round++) {
    const state = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, sampled(field, roll)]));
    const written = address.differences(fields, state);
    const query = new URLSearchParams(address.placed(new URLSearchParams(), tab, name, written));
    const back = address.restored(fields, query);
    if (back.refused.length) wrong.push(["refused", ...back.refused]);
    for (const [key, field] of Object.entries(fields)) {
      const expected = key in written ? state[key] : field.initial; // what is too long stays out
      if (!field.allows(state[key])) wrong.push([key, "is not allowed", state[key]]);
      if (JSON.stringify(back.state[key]) !== JSON.stringify(expected)) wrong.push([key, expected, back.state[key]]);
    }
  }
  return wrong;
}

/** Nonsense that was taken for sense. @returns {any[]} nothing, if all is well */
export function believed(address, fields) {
  const wrong = [];
  for (const [key, field] of Object.entries(fields)) {
    for (const written of nonsense(field)) {
      const { state, refused } = address.restored(fields, new URLSearchParams([[key, written]]));
      const isDefault = JSON.stringify(state) === JSON.stringify(address.defaults(fields));
      if (refused.join() !== key || !isDefault) wrong.push([key, written, state[key]]);
    }
  }
  return wrong;
}

/** A state other than the defaults, of the kinds that make sense together: [state, what its address holds]. */
export function otherState(address, fields, seed) {
  const roll = dice(seed);
  const state = address.defaults(fields);
  for (const [key, field] of Object.entries(fields)) {
    if (["stop", "choice", "flag"].includes(field.kind)) state[key] = sampled(field, roll);
  }
  return [state, address.differences(fields, state)];
}
