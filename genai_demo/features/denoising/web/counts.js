// Scene 5: from one step to sixty-four, for two samplers; and what no number of steps will draw.
import {
  COMMON,
  drawnFor,
  framed,
  ifNew,
  promptAndSeed,
  promptAndSeedBoxes,
  remark,
} from "#features/denoising/web/pictures.js";
import { select } from "#page/controls.js";
import { button, el } from "#page/dom.js";
import { choice } from "#page/fields.js";
import { fill } from "#page/numbers.js";

export const shares = COMMON;
export const onDemand = ["counts", "cannot"];

/** @param {import("#page/scene.js").Given} given */
export function fields(given) {
  const samplers = Object.keys(given.settings.samplers);
  return { ...promptAndSeed(given), first: choice("ddpm", samplers), second: choice("ddim", samplers) };
}

/** @param {import("#page/scene.js").State} state @param {import("#page/scene.js").Given} given */
export const asks = ({ prompt, seed, first, second }, { texts }) => ({
  counts: ["count_steps", { prompt, seed, samplers: [...new Set([first, second])] }],
  cannot: ["steer_by_prompt", { prompts: texts.cannot_prompts, seed }],
});

/** One more picture. A recording has all of them in one part. @param {string} _key @param {any} before @param {any} part */
export function gather(_key, before, { sampler, steps, seconds, image, pictures, request: _, ...told }) {
  if (pictures) return { ...told, pictures };
  const there = before?.pictures ?? [];
  const isNew = !there.some((one) => one.sampler === sampler && one.steps === steps);
  return isNew ? { ...told, pictures: [...there, { sampler, steps, seconds, image }] } : before;
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const { prompt, seed } = promptAndSeedBoxes(scene);
  const status = el("p", { class: "gx-soft", role: "status" });
  const table = el("div", { class: "gx-counts" });
  const impossible = el("div", { class: "gx-gallery" });
  const draw = button(texts.draw, () => scene.ask("counts"), { class: "gx-button gx-main" });
  const tryIt = button(texts.cannot, () => scene.ask("cannot"), { class: "gx-button gx-small" });
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, seed, samplerPair(scene), draw),
    status,
    table,
    el(
      "div",
      { class: "gx-panel" },
      el("div", { class: "gx-row" }, el("h3", {}, texts.cannot_title), tryIt),
      impossible,
      el("p", { class: "gx-soft" }, texts.cannot_note),
    ),
  );
  const showRows = ifNew((pictures) => table.replaceChildren(...rows(texts, pictures)));
  const showImpossible = ifNew((pictures) =>
    impossible.replaceChildren(...pictures.map((one) => framed(one.image, one.prompt))),
  );
  return {
    paint(_, { counts, cannot }) {
      const { busy, fresh, asking, values } = scene.progress("counts");
      const isNext = busy && !fresh; // what is shown is of the run before
      const told = isNext ? asking.prompt : values.prompt;
      const said = [drawnFor(texts, told), busy ? texts.drawing : "", isNext ? "" : remark(texts, counts.unseen, told)];
      status.textContent = said.filter(Boolean).join(" ");
      showRows(counts.pictures);
      showImpossible(cannot.pictures);
    },
  };
}

function samplerPair(scene) {
  const { texts, settings } = scene;
  const options = Object.keys(settings.samplers).map((name) => ({ value: name, label: name }));
  const pair = ["first", "second"].map((name, index) => {
    const label = `${texts.samplers} ${index + 1}`;
    const { control } = select(scene, name, label, options);
    control.setAttribute("aria-label", label);
    return control;
  });
  return el(
    "div",
    { class: "gx-field" },
    el("span", { class: "gx-soft" }, texts.samplers),
    el("div", { class: "gx-buttons" }, pair),
  );
}

/** The pictures of each sampler in a row. */
function rows(texts, pictures) {
  const picture = ({ image, steps, seconds }) =>
    framed(
      image,
      steps === 1 ? texts.one_step : fill(texts.steps, { count: steps }),
      el("small", { class: "gx-soft" }, fill(texts.seconds, { seconds: seconds.toFixed(2) })),
    );
  const row = (sampler) => {
    const own = pictures.filter((one) => one.sampler === sampler).map(picture);
    return el("div", { class: "gx-count-row" }, el("h3", {}, sampler), el("div", { class: "gx-gallery" }, own));
  };
  return [...new Set(pictures.map((one) => one.sampler))].map(row);
}
