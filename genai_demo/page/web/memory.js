// What the browser keeps for a visitor: settings of the page in its session; places and what was chosen there in its history.
// Where either is blocked, as for a page within a page, nothing is kept and all goes on.

const attempt = (work) => {
  try {
    return work();
  } catch {
    return null;
  }
};

/** A setting of this session, or null. @param {string} name @returns {string | null} */
export const get = (name) => attempt(() => sessionStorage.getItem(name));
/** @param {string} name @param {any} value */
export const set = (name, value) => attempt(() => sessionStorage.setItem(name, value));

/** Go to an address. Back leads away again from a new place. @param {string} address @param {boolean} isNew */
export function goTo(address, isNew) {
  attempt(() => (isNew ? history.pushState({}, "", address) : history.replaceState(history.state, "", address)));
}

// ── what was chosen in each scene: it survives a reload, and Back from another page; a new visit begins afresh ────────
const kept = attempt(() => history.state.genaiScenes) ?? {};
const SAVE_MS = 300; // what is written down as the page is being left may come too late
/** @type {Map<string, () => any>} */
const states = new Map();
let timer;

/**
 * Keep the state of a scene from now on.
 * @param {string} name of the scene, with its tab
 * @param {() => Record<string, any>} state
 * @returns {Record<string, any>} what was kept the last time, of which nothing is certain
 */
export function keep(name, state) {
  states.set(name, state);
  return kept[name] ?? {};
}

/** Something was chosen: it is written down soon. */
export function changed() {
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_MS);
}

function save() {
  clearTimeout(timer);
  const all = { ...kept }; // also of scenes that this visit has not opened
  for (const [name, state] of states) all[name] = state();
  attempt(() => history.replaceState({ ...history.state, genaiScenes: all }, ""));
}
globalThis.addEventListener?.("beforeunload", save);
