// Which tabs have the model that answers them. Work that needs it waits here.

/** @type {Set<string>} */
const ready = new Set();
/** @type {Map<string, Set<() => void>>} */
const waiting = new Map();
const AGAIN_MS = 3_000;

/** @param {string} tab */
export const isReady = (tab) => ready.has(tab);

/** Do `work` as soon as a tab's model is there: at once, if it is. @param {string} tab @param {() => void} work */
export function whenReady(tab, work) {
  if (ready.has(tab)) work();
  else waiting.set(tab, (waiting.get(tab) ?? new Set()).add(work));
}

/** The same for somebody who was told to wait: another model, such as a sibling of the tab's, is asked for now and then. */
export function askAgain(tab, work) {
  if (ready.has(tab)) setTimeout(work, AGAIN_MS);
  else whenReady(tab, work);
}

/** A tab's model is there, or will never be, which the next question is told. @param {string} tab */
export function becomeReady(tab) {
  if (ready.has(tab)) return;
  ready.add(tab);
  for (const work of waiting.get(tab) ?? []) work();
  waiting.delete(tab);
}
