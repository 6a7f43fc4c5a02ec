// A rater's rounds: four answers are put in order, and what a reward model can learn from that is remembered. Pure.

/**
 * @typedef {object} Answer
 * @property {string} text
 * @property {string | null} stop_reason
 * @property {string} [features] of a finished one
 *
 * What was written for one question.
 * @typedef {object} Answers
 * @property {string} prompt
 * @property {number} seed
 * @property {any} provenance
 * @property {Answer[]} answers
 *
 * What the rater made of it. The answers are held, so that none changes under the rater's hand.
 * @typedef {object} Own
 * @property {number[]} order places in `answers`, the best first, as far as the rater has come
 * @property {number[]} arranged how they were dragged; empty: not at all
 * @property {boolean} kept the order is in the memory
 * @property {number[] | null} foretold the places that the reward model gave them before, if it is kept
 * @typedef {Answers & Own} Round
 *
 * All answers that were put in order, and the orders: places in `answers`.
 * @typedef {object} Memory
 * @property {string} model whose answers they are
 * @property {{text: string, features: string}[]} answers
 * @property {number[][]} rankings
 * @property {number} raters the visitor, and those whose files were added
 * @property {number} rounds that were foretold
 * @property {number} hits of them, in which the same answer was the best
 *
 * @typedef {{round: Round | null, memory: Memory}} State
 *
 * How much a reward model is taught.
 * @typedef {{most_rated: number, most_characters: number}} Limits answers, and characters of all of them
 */

/** @type {Memory} */
export const EMPTY = { model: "", answers: [], rankings: [], raters: 1, rounds: 0, hits: 0 };

export const isComplete = ({ order, answers }) => order.length === answers.length;
/** All answers have ended. @param {Answers} round */
export const isReady = ({ answers }) => answers.every((one) => one.features);
/** @param {Answers} shown */
export const isLive = ({ provenance }) => provenance.kind !== "recorded";
const modelOf = ({ provenance }) => provenance.title;
const isOf = (round, shown) => !!round && round.prompt === shown.prompt && round.seed === shown.seed;
const wordsOf = ({ answers }) => JSON.stringify(answers.map((one) => one.text));

/**
 * The answers that are shown, and what the rater has made of them. When a live model has written recorded ones anew, what was
 * ordered stays, unless it is another model, whose states cannot be learned from together with those of the recorded one.
 * @param {State} state
 * @param {Answers} shown
 * @returns {Round}
 */
export function current({ round }, shown) {
  const fresh = { ...shown, order: [], arranged: [], kept: false, foretold: null };
  if (!isOf(round, shown)) return fresh;
  const { order, arranged, kept, foretold } = round;
  if (wordsOf(round) === wordsOf(shown)) return { ...shown, order, arranged, kept, foretold };
  return isLive(shown) && modelOf(round) !== modelOf(shown) ? fresh : round;
}

/** Whether an order was lost because another model has answered. @param {State} state @param {Answers} shown */
export function isDropped({ round }, shown) {
  if (!isOf(round, shown) || !(round.order.length || round.arranged.length)) return false;
  return isLive(shown) && modelOf(round) !== modelOf(shown);
}

/** The memory of a model: two models' answers are not learned from together. @param {Memory} memory @param {string} model */
export const memoryOf = (memory, model) => (memory.model === model ? memory : { ...EMPTY, model });

/**
 * A memory with more answers and their orders; null: there is no room.
 * @param {Memory} memory
 * @param {{answers: any[], rankings: number[][]}} more
 * @param {Limits} limits
 * @returns {Memory | null}
 */
export function added(memory, { answers, rankings }, limits) {
  const before = memory.answers.length;
  const all = [...memory.answers, ...answers.map(({ text, features }) => ({ text, features }))];
  const characters = all.reduce((sum, one) => sum + one.text.length, 0);
  if (all.length > limits.most_rated || characters > limits.most_characters) return null;
  return {
    ...memory,
    answers: all,
    rankings: [...memory.rankings, ...rankings.map((ranking) => ranking.map((place) => before + place))],
  };
}

/**
 * A memory with a round that was finished; null: there is no room.
 * @param {Memory} memory
 * @param {Round} round
 * @param {number[] | null} foretold
 * @param {Limits} limits
 */
function withRound(memory, round, foretold, limits) {
  const more = added(memory, { answers: round.answers, rankings: [round.order] }, limits);
  if (!more || !foretold) return more;
  return { ...more, rounds: more.rounds + 1, hits: more.hits + (foretold[round.order[0]] === 1 ? 1 : 0) };
}

/**
 * All that can be learned from: the memory, and the round that is finished and not in it yet.
 * @param {State} state
 * @param {Answers} shown
 * @param {Limits} limits
 * @param {number[] | null} [foretold]
 * @returns {{memory: Memory, isFull: boolean}}
 */
export function learnable(state, shown, limits, foretold = null) {
  const memory = memoryOf(state.memory, modelOf(shown));
  const round = current(state, shown);
  if (!isComplete(round) || round.kept || modelOf(round) !== modelOf(shown)) return { memory, isFull: false };
  const more = withRound(memory, round, foretold, limits);
  return { memory: more ?? memory, isFull: !more };
}

/**
 * The state with a finished round in its memory: before the next one begins, or before others' orders come after it.
 * @param {State} state
 * @param {Limits} limits
 * @param {number[] | null} foretold
 * @returns {State}
 */
export function settled({ round, memory }, limits, foretold) {
  if (!round || round.kept || !isComplete(round)) return { round, memory };
  const more = withRound(memoryOf(memory, modelOf(round)), round, foretold, limits);
  return more ? { round: { ...round, kept: true, foretold }, memory: more } : { round, memory };
}

/**
 * The state after the rater has put one more answer in its place, or all of them.
 * @param {State} state
 * @param {Answers} shown
 * @param {number[]} places
 * @param {Limits} limits
 * @returns {State}
 */
export function placed(state, shown, places, limits) {
  const round = current(state, shown);
  if (!isReady(round) || isComplete(round)) return state;
  const order = [...round.order, ...places.filter((place) => !round.order.includes(place))];
  return changed(state, { ...round, order }, limits);
}

/**
 * The state with a round as the rater has changed it. One that was finished before it is kept.
 * @param {State} state
 * @param {Round} round
 * @param {Limits} limits
 * @returns {State}
 */
export function changed(state, round, limits) {
  const { memory } = state.round && !isOf(state.round, round) ? settled(state, limits, null) : state;
  return { memory, round };
}

/**
 * The question that teaches a reward model all of a memory.
 * @param {Memory} memory
 * @param {Answer[]} [unranked] answers that it is to score, too
 * @returns {import("#page/questions.js").Question}
 */
export function lesson({ answers, rankings }, unranked = []) {
  const all = [...answers, ...unranked];
  return ["learn_taste", { texts: all.map((one) => one.text), features: all.map((one) => one.features), rankings }];
}

/** The places that scores give, the highest first; equal ones share a place. @param {readonly number[]} scores */
export const placesOf = (scores) => scores.map((score) => 1 + scores.filter((other) => other > score).length);
