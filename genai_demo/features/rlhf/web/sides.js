// Which of two columns shows which stage, while a class guesses. Pure.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Whether the two sides change places: as likely as not, and always the same for the same question.
 * (The last bit of an FNV-1a hash, with its bits mixed: the plain last bit would only be a parity.)
 * @param {Record<string, any>} asked with `seed` and `prompt`
 */
export function isSwapped({ seed, prompt }) {
  let hash = FNV_OFFSET;
  for (const character of `${seed} ${prompt}`) {
    hash = Math.imul(hash ^ /** @type {number} */ (character.codePointAt(0)), FNV_PRIME) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) & 1) === 1;
}

/**
 * The names of the sides as they stand on the page, from left to right.
 * @param {boolean} swapped
 * @returns {["left", "right"] | ["right", "left"]}
 */
export const placesOf = (swapped) => (swapped ? ["right", "left"] : ["left", "right"]);

/**
 * Which column shows the more tuned stage.
 * @param {readonly string[]} stages from raw to most tuned
 * @param {{left: string, right: string}} shown the stage of each side
 * @param {boolean} swapped
 * @returns {"left" | "right" | null} null: both are the same
 */
export function tunedPlace(stages, { left, right }, swapped) {
  if (left === right) return null;
  const side = stages.indexOf(right) > stages.indexOf(left) ? "right" : "left";
  return placesOf(swapped)[side === "left" ? 0 : 1];
}
