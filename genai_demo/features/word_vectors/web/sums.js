// What the scene of sums draws and says of an answer. Pure functions.
import { signed, written } from "#features/word_vectors/web/wording.js";
import { fill } from "#page/numbers.js";

const NEAREST = 3; // words near to the sum that are put on the map

/**
 * The map of a sum after some of its terms.
 * @param {any} sum the answer
 * @param {number} step how many terms have been added
 * @param {string | null} looked a word of the ranking that is to be on the map, too
 * @param {{zero: string, landing: string}} said what stands at the special points
 * @returns {import("#features/word_vectors/web/plane.js").Model}
 */
export function model(sum, step, looked, said) {
  const stops = [sum.origin, ...sum.steps].map(({ x, y }) => ({ x, y }));
  return {
    points: points(sum, step, looked, said),
    arrows: sum.terms.slice(0, step).map((term, index) => ({
      from: stops[index],
      to: stops[index + 1],
      kind: term.weight < 0 ? "minus" : "plus",
      text: written(term, index === 0),
    })),
  };
}

function points(sum, step, looked, said) {
  const isDone = step === sum.terms.length;
  const inputs = new Set(sum.terms.map((term) => term.word));
  const kindOf = (word) => (isDone && word === sum.best ? "answer" : inputs.has(word) ? "yours" : "reference");
  const named = (word, kind, { x, y }) => ({ id: word, text: word, kind, x, y });
  const there = new Set(sum.points.map(({ word }) => word));
  const at = sum.steps[step - 1];
  const special = (id, text, kind, { x, y }) => ({ id, text, kind, x, y });
  return [
    ...sum.points.map((point) => named(point.word, kindOf(point.word), point)),
    ...(isDone ? projected(sum, there, inputs.size, looked) : []).map((one) =>
      named(one.word, one.word === sum.best ? "answer" : "projected", one),
    ),
    special(" 0", said.zero, "zero", sum.origin), // no word begins with a space
    ...(at ? [special(" sum", isDone ? said.landing : "", "landing", at)] : []),
  ];
}

/** The words near to the sum that get a place on the map: the best, a few more, and the one that is looked at. */
function projected({ neighbours, best }, there, inputs, looked) {
  const isWanted = (one, rank) =>
    one.word === best || one.word === looked || (!one.is_input && rank < NEAREST + inputs);
  return neighbours
    .filter((one, rank) => !there.has(one.word) && isWanted(one, rank))
    .filter((one, index) => index <= NEAREST || one.word === looked);
}

/**
 * The cosine in all dimensions beside the distance on the map: sometimes they disagree about what is near.
 * @param {any} sum
 * @param {any[]} shown of its neighbours
 * @param {string | null} looked
 * @param {{detail: string, misled: string}} said templates
 */
export function detail(sum, shown, looked, said) {
  if (!shown.length) return ""; // the switches may leave nothing
  const one = shown.find((other) => other.word === (looked ?? sum.best)) ?? shown[0];
  const nearer = shown.reduce((least, other) => (other.map_distance < least.map_distance ? other : least));
  const isMisled = nearer.map_distance < one.map_distance && nearer.similarity < one.similarity;
  const told = {
    word: one.word,
    cosine: signed(one.similarity),
    distance: one.map_distance.toFixed(2),
    dimensions: sum.provenance.dimensions,
  };
  const misled = { word: nearer.word, distance: nearer.map_distance.toFixed(2) };
  return `${fill(said.detail, told)} ${isMisled ? fill(said.misled, misled) : ""}`;
}

/** Whether the arrows of a sum a − b + c are parallel. @param {any} parallelogram @param {string} template */
export function parallel({ first: [a, b], second: [c, d], cosine, chance }, template) {
  const degrees = Math.round((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI);
  return fill(template, { a, b, c, d, cosine: signed(cosine), chance: chance.toFixed(2), degrees });
}
