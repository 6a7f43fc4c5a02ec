// Drawing in the browser: which number draws which token follows from the seed and from how many were drawn before.
import { distribution, pick, uniform } from "#features/next_word/web/sampling.js";

/**
 * What becomes of the bars by the settings. Until there is a table for them, that is the model's own distribution.
 * @param {{temperature: number, top_k: number, top_p: number}} settings
 * @param {Record<string, any>} answers bars and stops
 * @returns {{table: any, settings: any, probabilities: ArrayLike<number>, size: number, mass: number}}
 */
export function afterSettings(settings, { bars, stops }) {
  const { candidates, other_count } = bars;
  if (isOf(stops, bars)) return { table: stops, settings, ...distribution(candidates, stops, settings) };
  return {
    table: null,
    settings: { temperature: 1, top_k: 0, top_p: 1 },
    probabilities: candidates.map((one) => one.probability),
    size: candidates.length + other_count,
    mass: 1,
  };
}

/** Whether a table is of these bars: of the same prompt, and computed by the same model at the same time. */
function isOf(table, bars) {
  const source = ({ kind, model, device, dtype }) => JSON.stringify([kind, model, device, dtype]);
  return table?.prompt === bars.prompt && source(table.provenance) === source(bars.provenance);
}

/**
 * Draws number `from` to `to`, not included: {number, at}, where `at` is the place of the bar, or −1 beyond the bars.
 * @param {ArrayLike<number>} probabilities of the bars
 * @param {number} seed
 * @param {number} from
 * @param {number} to
 */
export function draws(probabilities, seed, from, to) {
  return Array.from({ length: to - from }, (_, index) => {
    const number = uniform(seed, from + index);
    return { number, at: pick(probabilities, number) };
  });
}

/**
 * How often each bar was drawn.
 * @param {{at: number}[]} drawn
 * @param {number} length how many bars there are
 * @returns {{counts: number[], beyond: number}}
 */
export function counted(drawn, length) {
  const counts = new Array(length).fill(0);
  let beyond = 0;
  for (const { at } of drawn) {
    if (at < 0) beyond++;
    else counts[at]++;
  }
  return { counts, beyond };
}

/**
 * The last draws with their tokens: {text, id, control}; null where nobody has told the name yet.
 * @param {{at: number}[]} drawn
 * @param {{candidates: any[], control: number[]}} bars
 * @param {any[] | null} names of those beyond the bars, in their order
 */
export function named(drawn, { candidates, control }, names) {
  let next = 0;
  return drawn.map(({ at }) => {
    if (at < 0) return names?.[next++] ?? null;
    const { text, id } = candidates[at];
    return { text, id, control: control.includes(id) };
  });
}
