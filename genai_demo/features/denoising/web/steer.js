// Scene 4: the same noise, more guidance or other words; and where each word is read.
import {
  canvas,
  COMMON,
  decoder,
  drawnFor,
  frame,
  framed,
  ifNew,
  LONGEST_PROMPT,
  promptAndSeed,
  promptAndSeedBoxes,
  promptBox,
  remark,
} from "#features/denoising/web/pictures.js";
import { lit, prefixes } from "#features/denoising/web/reading.js";
import { button, el } from "#page/dom.js";
import { choice, text } from "#page/fields.js";
import { fill, percent } from "#page/numbers.js";

const SIDE = 64; // of a picture in which a word is shown

export const shares = COMMON;
export const onDemand = ["scales", "prompts", "reading"];

/** @param {import("#page/scene.js").Given} given */
export function fields(given) {
  const [left, right] = given.recorded.prompts.pictures.map((one) => one.prompt);
  return {
    ...promptAndSeed(given),
    left: text(left, LONGEST_PROMPT),
    right: text(right, LONGEST_PROMPT),
    row: choice("both", ["both", "words"]), // both prompts, or the left one word by word
  };
}

/** @param {import("#page/scene.js").State} state */
export const asks = ({ prompt, seed, left, right, row }) => ({
  scales: ["steer_by_guidance", { prompt, seed }],
  prompts: ["steer_by_prompt", { prompts: row === "both" ? [left, right] : prefixes(left), seed }],
  reading: ["read_words", { prompt, seed }],
});

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const scales = scalesPanel(scene);
  const prompts = promptsPanel(scene);
  const reading = readingPanel(scene);
  scene.work.append(scales.node, prompts.node, reading.node);
  return {
    paint(_, answers) {
      scales.show(answers.scales, scene.progress("scales").values.prompt);
      prompts.show(answers.prompts);
      reading.show(answers.reading);
    },
  };
}

/** One prompt, more and more guidance. */
function scalesPanel(scene) {
  const { texts } = scene;
  const { prompt, seed } = promptAndSeedBoxes(scene);
  const gallery = el("div", { class: "gx-gallery" });
  const difference = frame();
  const note = el("p", { class: "gx-soft", role: "status" });
  const draw = button(texts.draw, () => scene.ask("scales"), { class: "gx-button gx-main" });
  const showPictures = ifNew((scales) => {
    const shown = scales.pictures.map((one) => framed(one.image, fill(texts.scale, { scale: one.guidance_scale })));
    const guided = { factor: scales.amplified, scale: scales.difference_scale };
    difference.node.hidden = !scales.difference;
    difference.show(scales.difference, fill(texts.difference, guided));
    gallery.replaceChildren(...shown, difference.node);
  });
  return {
    node: el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.scales_title),
      el("div", { class: "gx-row" }, prompt.node, seed, draw),
      gallery,
      note,
    ),
    show(scales, told) {
      showPictures(scales);
      const said = [drawnFor(texts, told), remark(texts, scales.unseen, told), texts.noise_shown];
      note.textContent = said.filter(Boolean).join(" ");
    },
  };
}

/** Two prompts, or one that grows word by word. */
function promptsPanel(scene) {
  const { texts } = scene;
  const gallery = el("div", { class: "gx-gallery" });
  const show = ifNew((prompts) => {
    const shown = prompts.pictures.map((one) => framed(one.image, one.prompt.trim() || texts.nothing));
    gallery.replaceChildren(...shown);
  });
  const node = el(
    "div",
    { class: "gx-panel" },
    el("h3", {}, texts.prompts_title),
    el(
      "div",
      { class: "gx-row" },
      promptBox(scene, "left", texts.left).node,
      promptBox(scene, "right", texts.right).node,
      button(texts.compare, () => scene.ask("prompts", { row: "both" })),
      button(texts.word_by_word, () => scene.ask("prompts", { row: "words" })),
    ),
    gallery,
  );
  return { node, show };
}

/** The picture once for each word, dark where that word is not read. */
function readingPanel(scene) {
  const { texts } = scene;
  const title = el("h3");
  const gallery = el("div", { class: "gx-gallery gx-reading" });
  const note = el("p", { class: "gx-soft" });
  const names = { "[CLS]": texts.reading_start, "[SEP]": texts.reading_end };
  const numbers = decoder(() => scene.paint());
  const showWords = ifNew(({ words }, picture) => {
    const shown = words.map(({ text: word, share, attention }) => {
      const one = canvas();
      const said = fill(texts.reading_word, { word: names[word] ?? word, share: percent(share) });
      one.paint(lit(picture, SIDE, attention), SIDE, said);
      return one.node;
    });
    gallery.replaceChildren(...shown);
  });
  return {
    node: el(
      "div",
      { class: "gx-panel" },
      el(
        "div",
        { class: "gx-row" },
        title,
        button(texts.reading_button, () => scene.ask("reading")),
      ),
      gallery,
      note,
    ),
    show(reading) {
      title.textContent = fill(texts.reading_title, { prompt: reading.prompt });
      const places = reading.words[0]?.attention.length;
      note.textContent = places ? fill(texts.reading_note, { places: `${places} × ${places}` }) : texts.reading_none;
      const picture = places ? numbers(reading.image, SIDE) : new Float32Array();
      if (picture) showWords(reading, picture);
    },
  };
}
