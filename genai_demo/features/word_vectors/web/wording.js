// How words and sums of words are read and written. Pure functions.

/** A number with a real minus sign. @param {number} number @param {number} [digits] */
export const signed = (number, digits = 2) =>
  (number < 0 && +(-number).toFixed(digits) ? "−" : "") + Math.abs(number).toFixed(digits);

/** A part of a whole, as "21 %". @param {number} part from 0 to 1 */
export const share = (part) => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;

// As formula.py reads it: full-width forms are ordinary ones; what has no shape, and quotation marks around a word, do not count.
const FULL_WIDTH = /[！-～]/g;
const SHAPELESS = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\ufe0e|\ufe0f/g;
const QUOTES = "(?:[\"'`´“”„‟‘’‚‛«»‹›「」『』]|\\u200c|\\u200d)+";
const AROUND = new RegExp(`^${QUOTES}|${QUOTES}$`, "g");
const BETWEEN = /([\s+﬩﹢➕×*·⋅∙∗✕✖−‐‑‒–—―⁃﹘﹣➖-]+)/; // the words of a sum

/** @param {string} text */
const ordinary = (text) =>
  text.replace(FULL_WIDTH, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0)).replace(SHAPELESS, "");
/** @param {string} word */
const bare = (word) => word.replace(AROUND, "");

/** The words of a list, whatever stands between them. @param {string} text @returns {string[]} */
export const split = (text) =>
  ordinary(text)
    .split(/[\s,;、،]+/)
    .map(bare)
    .filter(Boolean);

/** Whether two spellings are of one word. @param {string} one @param {string} other */
export const sameWord = (one, other) => one.normalize().toLowerCase() === other.normalize().toLowerCase();

/** Whether a word stands in a sum. @param {string} formula @param {string} word */
export const isTerm = (formula, word) => ordinary(formula).split(BETWEEN).map(bare).includes(word);

/** A sum with another word in the place of `word`. @param {string} formula @param {string} word @param {string} instead */
export const exchanged = (formula, word, instead) =>
  ordinary(formula)
    .split(BETWEEN)
    .map((part) => (bare(part) === word ? instead : part))
    .join("");

/**
 * A term as it stands in a sum, such as "− 0.5 × man".
 * @param {{word: string, weight: number}} term
 * @param {boolean} isFirst
 */
export function written({ word, weight }, isFirst) {
  const sign = weight < 0 ? "− " : isFirst ? "" : "+ ";
  const times = Math.abs(weight) === 1 ? "" : `${+Math.abs(weight).toFixed(3)} × `;
  return `${sign}${times}${word}`;
}
