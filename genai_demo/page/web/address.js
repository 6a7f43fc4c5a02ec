// The page's address: which scene is shown, and what in it differs from its defaults. Pure functions; page.js applies them.

const LONGEST = 1_500; // characters of one scene's part: some chat programs and proxies cut longer addresses off
const HALF_CHARACTER = /\p{Surrogate}/u; // no address can hold one
const OURS = ["tab", "scene"];

/** @typedef {Record<string, import("#page/fields.js").Field<any>>} Fields */

/** The defaults of some fields. @param {Fields} fields @returns {Record<string, any>} */
export const defaults = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, structuredClone(field.initial)]));

/**
 * What differs from the defaults, as it is written: name → text. What would make the address too long is left out.
 * @param {Fields} fields
 * @param {Record<string, any>} state
 * @returns {Record<string, string>}
 */
export function differences(fields, state) {
  const written = {};
  let length = 0;
  for (const [name, field] of Object.entries(fields)) {
    if (field.local || JSON.stringify(state[name]) === JSON.stringify(field.initial)) continue;
    const text = field.write(state[name]);
    const more = new URLSearchParams([[name, text]]).toString().length;
    if (HALF_CHARACTER.test(text) || length + more > LONGEST) continue;
    length += more;
    written[name] = text;
  }
  return written;
}

/**
 * The state that an address describes. What makes no sense falls back to its default, and is named.
 * @param {Fields} fields
 * @param {URLSearchParams} query
 * @returns {{state: Record<string, any>, refused: string[]}}
 */
export function restored(fields, query) {
  const state = defaults(fields);
  const refused = [];
  for (const [name, field] of Object.entries(fields)) {
    const written = field.local ? null : query.get(name);
    if (written === null) continue;
    const value = field.read(written);
    if (value === undefined) refused.push(name);
    else state[name] = value;
  }
  return { state, refused };
}

/**
 * The query of a place. What others put there, such as `__theme`, stays; what belonged to another scene goes.
 * @param {URLSearchParams} before
 * @param {string} tab
 * @param {string} scene
 * @param {Record<string, string>} written from `differences`
 */
export function placed(before, tab, scene, written) {
  const query = new URLSearchParams([...before].filter(([name]) => name.startsWith("__") || name === "view"));
  for (const [index, value] of [tab, scene].entries()) query.set(OURS[index], value);
  for (const [name, text] of Object.entries(written)) query.set(name, text);
  return query.toString().replaceAll("%2C", ",");
}
