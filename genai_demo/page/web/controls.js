// Controls that stand for a part of a scene's state: they show it, and set it when they are used.
import { button, calm, el, field } from "#page/dom.js";
import { onTyped } from "#page/keys.js";

/** @typedef {import("#page/scene.js").Scene} Scene */

/** Show a part of the state in a control whenever it has changed; what is being typed meanwhile stays. */
function follow(scene, name, show) {
  let last;
  scene.follow((state) => {
    if (state[name] === last) return;
    last = state[name];
    show(last);
  });
  return (value) => {
    last = value;
  };
}

/**
 * A box for text. Typing asks after a pause of `wait` milliseconds; with `line` it is a single line.
 * @param {Scene} scene
 * @param {string} name of the state
 * @param {string} label
 * @param {{wait?: number, line?: boolean, rows?: number, [attribute: string]: any}} [how] and attributes of the box
 */
export function textbox(scene, name, label, { wait = 250, line = false, rows = 2, ...attributes } = {}) {
  const typing = { spellcheck: "false", dir: "auto", ...attributes };
  const box = line
    ? el("input", { type: "text", autocomplete: "off", ...typing })
    : el("textarea", { rows, ...typing });
  const saw = follow(scene, name, (text) => {
    if (box.value !== text) box.value = text;
  });
  const typed = () => {
    saw(box.value);
    scene.set({ [name]: box.value }, { wait });
  };
  onTyped(box, Object.assign(typed, { composing: () => scene.composing() }));
  return { box, node: field(label, box) };
}

/**
 * A seed. Anything but a whole number from 0 on becomes the nearest one.
 * @param {Scene} scene
 * @param {string} name
 * @param {string} label
 */
export function seedBox(scene, name, label) {
  const box = el("input", { type: "number", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1, class: "gx-seed" });
  const seed = () => Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(+box.value || 0)));
  follow(scene, name, (value) => {
    box.value = value;
  });
  box.addEventListener("change", () => {
    box.value = seed();
    scene.set({ [name]: seed() });
  });
  return { box, node: field(label, box, { class: "gx-field gx-seed-field" }) };
}

/**
 * A slider with given stops.
 * @param {Scene} scene
 * @param {string} name
 * @param {object} how
 * @param {string} how.label
 * @param {string} [how.help]
 * @param {readonly number[]} how.stops in the order of the slider
 * @param {(stop: number) => string} how.show a stop in words
 * @param {number} [how.wait] milliseconds
 */
export function slider(scene, name, { label, help, stops, show, wait = 0 }) {
  const input = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, title: help });
  const output = el("output", { class: "gx-slider-value" });
  scene.follow((state) => {
    input.value = stops.indexOf(state[name]);
    output.textContent = show(state[name]);
    input.setAttribute("aria-valuetext", show(state[name]));
    input.style.setProperty("--at", `${(100 * input.value) / Math.max(1, stops.length - 1)}%`);
  });
  input.addEventListener("input", () => scene.set({ [name]: stops[+input.value] }, { wait }));
  const node = field(label, input, { class: "gx-field gx-slider" });
  node.querySelector("label").append(output);
  return { input, node };
}

/**
 * One of some names, in a list.
 * @param {Scene} scene
 * @param {string} name
 * @param {string} label
 * @param {readonly {value: any, label: string}[]} options
 */
export function select(scene, name, label, options) {
  const onchange = () => scene.set({ [name]: options[control.selectedIndex].value });
  const control = el(
    "select",
    { onchange },
    options.map((one) => el("option", { value: one.value }, one.label)),
  );
  scene.follow((state) => {
    control.selectedIndex = options.findIndex((one) => one.value === state[name]);
  });
  return { control, node: field(label, control) };
}

/** A box to tick. @param {Scene} scene @param {string} name @param {string} label */
export function tick(scene, name, label) {
  const box = el("input", { type: "checkbox", onchange: () => scene.set({ [name]: box.checked }) });
  scene.follow((state) => {
    box.checked = state[name];
  });
  return el("label", { class: "gx-switch" }, box, label);
}

/** A button that stays pressed. @param {Scene} scene @param {string} name @param {string} label */
export function toggle(scene, name, label) {
  const node = button(label, () => scene.set({ [name]: !scene.state[name] }), { class: "gx-button gx-small" });
  scene.follow((state) => node.setAttribute("aria-pressed", String(state[name])));
  return node;
}

/**
 * A button that stays in the tab order while it cannot be used: a keyboard keeps its place.
 * @param {string} label
 * @param {() => void} work
 * @param {Record<string, any>} [attributes]
 * @returns {{node: any, enable: (on: boolean) => void}}
 */
export function action(label, work, attributes = {}) {
  const node = button(
    label,
    () => {
      if (node.getAttribute("aria-disabled") !== "true") work();
    },
    attributes,
  );
  return { node, enable: (on) => node.setAttribute("aria-disabled", String(!on)) };
}

/**
 * Steps that are gone through one by one: a button that plays them, one back, one forward. The state holds the step.
 * @param {Scene} scene
 * @param {string} name
 * @param {object} how
 * @param {() => number} how.last the last step; the first is 0
 * @param {number} how.milliseconds between two steps
 * @param {{play: string, pause: string, back?: string, next?: string}} how.texts
 */
export function player(scene, name, { last, milliseconds, texts }) {
  let timer = null;
  const go = (step) => scene.set({ [name]: Math.max(0, Math.min(last(), step)) });
  const pause = () => {
    clearInterval(timer);
    timer = null;
    playing.textContent = texts.play;
  };
  function play() {
    if (scene.state[name] >= last()) go(0);
    clearInterval(timer);
    timer = setInterval(() => {
      go(scene.state[name] + 1);
      if (scene.state[name] >= last() || !scene.isShown()) pause();
    }, milliseconds);
    playing.textContent = texts.pause;
  }
  const byHand = (step) => {
    pause();
    go(step);
  };
  const playing = button(texts.play, () => (timer ? pause() : play()), { class: "gx-button gx-main" });
  const back = button(texts.back ?? "", () => byHand(scene.state[name] - 1));
  const next = button(texts.next ?? "", () => byHand(scene.state[name] + 1));
  scene.follow((state) => {
    back.disabled = state[name] <= 0;
    next.disabled = state[name] >= last();
  });
  return {
    playing,
    back,
    next,
    go: byHand,
    pause,
    /** From the start, unless the visitor wants no motion: then the end is shown. */
    show() {
      if (calm()) byHand(last());
      else {
        byHand(0);
        play();
      }
    },
  };
}
