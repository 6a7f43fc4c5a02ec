// Numbers and sentences as people read them.

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const superscript = (number) => String(number).replace(/./g, (sign) => SUPERSCRIPT[sign] ?? "⁻");

/**
 * A sentence with its blanks filled in; a blank without a value stays empty.
 * @param {string} template "{count} words"
 * @param {Record<string, any>} values
 */
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

/** @param {number} number rounded, with commas between thousands */
export const whole = (number) => Math.round(number).toLocaleString("en-US");

/** @param {number} p a probability, from 0 to 1 */
export function percent(p) {
  const x = 100 * p;
  if (x === 0 || x >= 99.995) return `${x === 0 ? 0 : x >= 100 ? 100 : "> 99.99"}%`;
  if (x >= 1) return `${x.toFixed(x > 99 ? 2 : 1)}%`;
  if (x >= 1e-5) return `${x.toFixed(Math.max(2, 1 - Math.floor(Math.log10(x))))}%`;
  const exponent = Math.floor(Math.log10(x));
  return `${(x / 10 ** exponent).toFixed(1)} × 10${superscript(exponent)}%`;
}

/** "1 in 10,900": for probabilities that a percentage makes hard to grasp. @param {number} p */
export function oneIn(p) {
  if (p === 0) return "less than 1 in 10³⁰⁰";
  return `1 in ${1 / p >= 1e12 ? `10${superscript(Math.round(-Math.log10(p)))}` : whole(1 / p)}`;
}
