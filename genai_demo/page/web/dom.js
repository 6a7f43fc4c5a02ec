// Elements. Texts of visitors and models only ever become text nodes.

/**
 * An element. Attributes: `onclick` and the like are listeners; true is set without a value; false, null and undefined are not.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children nodes or texts, also in lists; null and undefined are left out
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

/**
 * An element of a drawing.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children nodes or texts
 * @returns {any}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * @param {string} label
 * @param {(event: any) => void} onclick
 * @param {Record<string, any>} [attributes] class "gx-button gx-main" or "gx-button gx-small", …
 * @returns {any}
 */
export const button = (label, onclick, attributes = {}) =>
  el("button", { type: "button", class: "gx-button", onclick, ...attributes }, label);

let serial = 0;
/**
 * A control under its label.
 * @param {string} label
 * @param {any} control
 * @param {Record<string, any>} [attributes] of the field
 * @returns {any}
 */
export function field(label, control, attributes = {}) {
  control.id = control.id || `gx-${++serial}`;
  return el("div", { class: "gx-field", ...attributes }, el("label", { for: control.id }, label), control);
}

/**
 * Buttons that each choose one of some examples.
 * @param {string} label of the group
 * @param {any[]} entries
 * @param {(entry: any) => void} choose
 */
export function presets(label, entries, choose) {
  return el(
    "div",
    { class: "gx-presets", role: "group", "aria-label": label },
    entries.map((entry) => button(entry.label, () => choose(entry), { class: "gx-button gx-small" })),
  );
}

/**
 * A list to choose an example from.
 * @param {string} label
 * @param {string} hint stands there while none is chosen
 * @param {{label?: string, entries: any[]}[]} groups one without a label shows only its entries
 * @param {(entry: any) => void} choose
 * @returns {{node: any, set: (entry: any) => void, forget: () => void}}
 */
export function choices(label, hint, groups, choose) {
  const all = groups.flatMap((group) => group.entries);
  const option = (entry) => el("option", { value: all.indexOf(entry) }, entry.label);
  const onchange = () => {
    if (select.value !== "") choose(all[+select.value]);
  };
  const select = el(
    "select",
    { onchange },
    hint ? el("option", { value: "" }, hint) : null,
    groups.flatMap(({ label: name, entries }) =>
      name ? [el("optgroup", { label: name }, entries.map(option))] : entries.map(option),
    ),
  );
  return {
    node: field(label, select, { class: "gx-field gx-choices" }),
    set: (entry) => {
      select.value = all.indexOf(entry);
    },
    forget: () => {
      select.value = "";
    },
  };
}

/** Whether the visitor has asked for less motion: then nothing plays by itself. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether the page is in projector mode: larger type, fewer rows. */
export const projector = () => document.body.classList.contains("gx-projector");
