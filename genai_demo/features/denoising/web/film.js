// The frames of a run: its steps and, as the last of all, the finished picture. What has arrived is kept: going back and forth
// asks for nothing.

/**
 * @typedef {object} Frame a step of the run, as `step_payload` makes it
 * @property {number} index from 0
 * @property {string} x_t
 * @property {string} x0
 * @property {{x_t: string, x0: string} | null} [latents] of a model that denoises latents: what `decode_step` needs
 * @property {boolean} [finished] the finished picture stands in the place of x_t
 *
 * @typedef {object} Film
 * @property {Frame[]} steps
 * @property {string | null} picture once it is finished
 */

/**
 * A run so far and one more part of it. A run that was stopped goes on: then the steps that are there are only skipped.
 * @param {any} before a film, or nothing yet
 * @param {any} part of the answer to `draw`; a recording has all steps in one
 * @param {any} shown the film that was there before this run
 * @returns {any} a film, with what else the newest part tells
 */
export function gathered(before, { step, steps, skipped, request: _, ...told }, shown) {
  if (steps) return { ...told, steps };
  const film = before ?? (skipped == null ? null : shown) ?? { steps: [], picture: null };
  const isNext = step && step.index > (film.steps.at(-1)?.index ?? -1);
  return isNext ? { ...told, steps: [...film.steps, step] } : film;
}

/** @param {Film} film @returns {Frame[]} */
export function frames({ steps, picture }) {
  return picture ? [...steps, { ...steps.at(-1), x_t: picture, latents: null, finished: true }] : steps;
}

/** The number of a step as people count. @param {Frame} frame */
export const numberOf = (frame) => frame.index + 1;

/**
 * Which frame is looked at: that of a step, or the one before it where it is not there (yet); null: always the newest.
 * @param {Frame[]} all
 * @param {number | null} number of the step
 */
export function placeOf(all, number) {
  if (number === null) return all.length - 1;
  const last = all.findLastIndex((frame) => !frame.finished && numberOf(frame) <= number);
  return Math.max(0, last);
}

/** The step that a frame shows; null for the newest frame. @param {Frame[]} all @param {number} place */
export const stepAt = (all, place) => (place >= all.length - 1 ? null : numberOf(all[place]));
