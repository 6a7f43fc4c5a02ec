// What the visitor set in one scene holds in the next: the prompt, the sliders and the seed.
import { TEMPERATURES, TOP_PS } from "#features/next_word/web/sampling.js";
import { slider } from "#page/controls.js";
import { el, presets } from "#page/dom.js";
import { seed, stop, text } from "#page/fields.js";

export const TOP_KS = [...Array.from({ length: 100 }, (_, index) => index + 1), 0]; // 0: off
const NONSENSE = 1.7; // the temperature from which on it is said

/** What the scenes with sliders have in common. */
export const shared = ["prompt", "temperature", "top_k", "top_p", "seed"];

/** The three sliders of a state. */
export const settingsOf = ({ temperature, top_k, top_p }) => ({ temperature, top_k, top_p });

/**
 * The fields of what is shared.
 * @param {any} texts of which the second preset is what the scenes open with
 * @param {string} prompt
 */
export function sharedFields({ sampling: [, preset] }, prompt) {
  return {
    prompt: text(prompt),
    temperature: stop(preset.temperature, TEMPERATURES),
    top_k: stop(preset.top_k, TOP_KS),
    top_p: stop(preset.top_p, TOP_PS),
    seed: seed(1),
  };
}

/**
 * The three sliders, and their presets, which are nothing but positions of them.
 * @param {import("#page/scene.js").Scene} scene
 * @param {{wait?: number}} [how] milliseconds after the last move until something is asked
 */
export function samplingControls(scene, { wait = 0 } = {}) {
  const { texts } = scene;
  const moves = [
    slider(scene, "temperature", {
      label: texts.temperature,
      help: texts.temperature_help,
      stops: TEMPERATURES,
      show: (temperature) => temperatureInWords(texts, temperature),
      wait,
    }),
    slider(scene, "top_k", {
      label: texts.top_k,
      help: texts.top_k_help,
      stops: TOP_KS,
      show: (k) => (k === 0 ? texts.off : `${k}`),
      wait,
    }),
    slider(scene, "top_p", {
      label: texts.top_p,
      help: texts.top_p_help,
      stops: TOP_PS,
      show: (p) => (p === 1 ? texts.off : p.toFixed(2)),
      wait,
    }),
  ];
  const attributes = { class: "gx-sliders", role: "group", "aria-label": texts.controls };
  return {
    node: el(
      "div",
      attributes,
      moves.map((one) => one.node),
    ),
    presets: presets(texts.sampling_label, texts.sampling, (preset) => scene.set(settingsOf(preset), { wait })),
  };
}

function temperatureInWords(texts, temperature) {
  if (temperature === 0) return `0 · ${texts.greedy}`;
  if (temperature === 1) return `1 · ${texts.as_trained}`;
  return temperature >= NONSENSE ? `${temperature} · ${texts.nonsense}` : `${temperature}`;
}
