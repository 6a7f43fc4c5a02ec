// Scene 2: one look of the network at one noisy picture.
import { db, decimal } from "#features/denoising/web/noise.js";
import { frame, LONGEST_PROMPT, promptBox } from "#features/denoising/web/pictures.js";
import { slider } from "#page/controls.js";
import { choices, el } from "#page/dom.js";
import { choice, stop, text } from "#page/fields.js";
import { fill } from "#page/numbers.js";

const STOPS = [1, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 1000];
const OPENS_AT = 500;

/** @param {import("#page/scene.js").Given} given */
export function fields({ recorded }) {
  const { pictures } = recorded.samples;
  const labels = pictures.map((one) => one.label);
  return {
    picture: choice(labels[0], labels),
    prompt: text(pictures[0].prompt, LONGEST_PROMPT),
    t: stop(OPENS_AT, STOPS),
  };
}

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} given
 * @param {Record<string, any>} answers
 */
export function asks({ picture, prompt, t }, { settings }, { samples }) {
  const { image } = samples.pictures.find((one) => one.label === picture);
  return {
    samples: ["samples", {}],
    guess: ["guess_noise", { image, prompt, timestep: t - 1, seed: settings.seed }],
  };
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const pictures = six(texts);
  const errors = el("p", { role: "status" });
  const numbers = el("p", { class: "gx-soft" });
  scene.work.append(
    controls(scene),
    pictures.node,
    el(
      "div",
      { class: "gx-panel" },
      errors,
      numbers,
      el("p", { class: "gx-soft" }, texts.errors_note, " ", texts.noise_shown),
    ),
  );
  return {
    paint(_, { guess }) {
      pictures.show(guess);
      errors.textContent = fill(texts.errors, {
        noise: decimal(guess.noise_error),
        picture: decimal(guess.picture_error),
        factor: decimal(guess.factor),
      });
      const figures = fill(texts.numbers, { alpha_bar: decimal(guess.alpha_bar), snr: db(guess.snr) });
      numbers.textContent = `${figures} ${guess.provenance.space === "latent" ? texts.latent_note : ""}`.trim();
    },
  };
}

/** The picture, what the network is told of it, and how much noise it gets. */
function controls(scene) {
  const { texts } = scene;
  const { pictures } = scene.recorded.samples;
  const list = choices(texts.presets_label, "", [{ entries: pictures }], ({ label, prompt }) =>
    scene.set({ picture: label, prompt }),
  );
  scene.follow(({ picture }) => list.set(pictures.find((one) => one.label === picture)));
  const prompt = promptBox(scene, "prompt", texts.prompt, {});
  const time = slider(scene, "t", {
    label: texts.step,
    stops: STOPS,
    show: (step) => fill(texts.step_value, { step }),
    wait: 60,
  });
  return el("div", { class: "gx-row" }, list.node, prompt.node, time.node);
}

/** What goes in, what comes out, and what would have been right. */
function six(texts) {
  const captions = {
    x_t: texts.noisy,
    noise: texts.true_noise,
    guess: texts.predicted,
    difference: texts.difference,
    x0_guess: texts.implied,
    x0: texts.clean,
  };
  const frames = Object.entries(captions).map(([name, caption]) => [name, caption, frame()]);
  return {
    node: el(
      "div",
      { class: "gx-gallery gx-three gx-two-rows" },
      frames.map(([, , one]) => one.node),
    ),
    show(guess) {
      for (const [name, caption, one] of frames) one.show(guess[name], fill(caption, { factor: guess.amplified }));
    },
  };
}
