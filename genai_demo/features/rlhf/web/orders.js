// A class pools its orders in files, from hand to hand: the program itself keeps nothing. Pure.
import { EMPTY } from "#features/rlhf/web/rounds.js";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INFINITE = 0x7c; // the exponent of a float16 that is no number, in its second byte

/**
 * Orders as a file holds them.
 * @param {string} model
 * @param {import("#features/rlhf/web/rounds.js").Memory} memory
 */
export const written = (model, { answers, rankings }) => JSON.stringify({ model, answers, rankings });

/**
 * What `written` wrote, or null.
 * @param {string} text
 * @param {{places: number, width: number | null}} bounds answers in one order; numbers in the features of each, if known
 * @returns {{model: string, answers: {text: string, features: string}[], rankings: number[][]} | null}
 */
export function read(text, { places, width }) {
  try {
    const { model, answers, rankings } = JSON.parse(text);
    const isPlace = (place) => Number.isInteger(place) && place >= 0 && place < answers.length;
    const isRanking = (one) => one.length <= places && new Set(one).size === one.length && one.every(isPlace);
    const expected = width ?? widthOf(answers[0].features);
    const isAnswer = (one) => typeof one.text === "string" && expected > 0 && widthOf(one.features) === expected;
    const isGood = rankings.every(isRanking) && rankings.some((one) => one.length > 1) && answers.every(isAnswer);
    if (!isGood) return null;
    return {
      model: String(model),
      answers: answers.map((one) => ({ text: one.text, features: one.features })),
      rankings,
    };
  } catch {
    return null;
  }
}

/**
 * How many numbers features hold: float16, little-endian, in base64.
 * @param {string} features
 * @returns {number} 0: they are something else
 */
export function widthOf(features) {
  if (!BASE64.test(features)) return 0;
  const bytes = atob(features);
  for (let second = 1; second < bytes.length; second += 2) {
    if ((bytes.charCodeAt(second) & INFINITE) === INFINITE) return 0;
  }
  return bytes.length % 2 ? 0 : bytes.length / 2;
}

/** Whether something is a memory, of up to `most` answers. @param {any} memory @param {number} most */
export function isMemory(memory, most) {
  const isShaped = Object.entries(EMPTY).every(([name, value]) => typeof memory?.[name] === typeof value);
  return isShaped && memory.answers.length <= most && Array.isArray(memory.rankings);
}
