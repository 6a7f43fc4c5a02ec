// What a visitor can choose in a scene is plain JSON: each part of it is a field, which knows its default, what it allows,
// and how it is written in the page's address.

/**
 * @template T
 * @typedef {object} Field
 * @property {string} kind
 * @property {T} initial the default
 * @property {(value: any) => boolean} allows
 * @property {(value: T) => string} write as it stands in the address
 * @property {(written: string) => T | undefined} read undefined: it makes no sense
 * @property {boolean} [local] kept when the page is loaded again, but never in the address
 * @property {any} [of] what it is made of: bounds, options, or the field of its items
 */

/**
 * @template T
 * @param {string} kind
 * @param {T} initial
 * @param {(value: any) => boolean} allows
 * @param {(written: string) => any} parse
 * @param {any} [of]
 * @returns {Field<T>}
 */
function made(kind, initial, allows, parse, of) {
  const read = (written) => {
    const value = parse(written);
    return allows(value) ? value : undefined;
  };
  return { kind, initial, allows, read, write: String, of };
}
const parsedNumber = (written) => (/^-?\d+(\.\d+)?(e-?\d+)?$/.test(written) ? Number(written) : NaN);

/** A text of up to `most` characters. @param {string} initial @param {number} [most] */
export const text = (initial, most = 20_000) =>
  made("text", initial, (value) => typeof value === "string" && value.length <= most, String, { most });

/** A whole number. @param {number} initial @param {number} least @param {number} most */
export const whole = (initial, least, most) =>
  made("whole", initial, (value) => Number.isSafeInteger(value) && least <= value && value <= most, parsedNumber, {
    least,
    most,
  });

/** A seed of random numbers. @param {number} initial */
export const seed = (initial) => whole(initial, 0, Number.MAX_SAFE_INTEGER);

/** One of the stops of a slider. @param {number} initial @param {readonly number[]} stops */
export const stop = (initial, stops) =>
  made("stop", initial, (value) => stops.includes(value), parsedNumber, { options: stops });

/** One of some names. @param {string} initial @param {readonly string[]} options */
export const choice = (initial, options) =>
  made("choice", initial, (value) => options.includes(value), String, { options });

/** Yes or no. @param {boolean} [initial] */
export const flag = (initial = false) =>
  made(
    "flag",
    initial,
    (value) => typeof value === "boolean",
    (written) => ({ true: true, false: false })[written],
  );

/**
 * The same, or null.
 * @template T
 * @param {Field<T>} field
 * @param {T | null} [initial]
 * @returns {Field<T | null>}
 */
export const maybe = (field, initial = null) => ({
  ...field,
  kind: "maybe",
  of: field,
  initial,
  allows: (value) => value === null || field.allows(value),
  write: (value) => (value === null ? "none" : field.write(value)),
  read: (written) => (written === "none" ? null : field.read(written)),
});

/**
 * Up to `most` values, with commas between them. A comma that belongs to a value has a backslash before it.
 * @template T
 * @param {T[]} initial
 * @param {Field<T>} field of each value
 * @param {number} most
 * @returns {Field<T[]>}
 */
export const list = (initial, field, most) => ({
  kind: "list",
  of: { field, most },
  initial,
  allows: (value) => Array.isArray(value) && value.length <= most && value.every(field.allows),
  write: (values) => values.map((value) => field.write(value).replace(/[\\,]/g, "\\$&") || "\\0").join(","),
  read(written) {
    const parts = written === "" ? [] : written.match(/(\\[^]|[^\\,])+/g);
    if (!parts || parts.length > most || parts.join(",") !== written) return undefined;
    const values = parts.map((part) => field.read(part === "\\0" ? "" : part.replace(/\\([^])/g, "$1")));
    return values.includes(undefined) ? undefined : values;
  },
});

/**
 * Any JSON that is too long for an address, or means nothing to anybody else.
 * @template T
 * @param {T} initial
 * @param {(value: any) => boolean} [allows]
 * @returns {Field<T>}
 */
export const local = (initial, allows = () => true) => ({
  ...made("local", initial, allows, () => undefined),
  local: true,
});
