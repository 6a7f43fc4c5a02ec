// Scene 1: a word is a list of numbers, and similarity is a sum of products.
import {
  latinOnly,
  latinSwitch,
  LONGEST_WORD,
  neighbourBars,
  offers,
  shownOf,
} from "#features/word_vectors/web/vectors.js";
import { signed } from "#features/word_vectors/web/wording.js";
import { textbox } from "#page/controls.js";
import { el, presets } from "#page/dom.js";
import { text } from "#page/fields.js";
import { fill, whole } from "#page/numbers.js";

const COLUMNS = 64;
const NEIGHBOURS = 6;
const BOXES = ["first", "second"];

export const shares = ["latin"];

/** @param {import("#page/scene.js").Given} given */
export const fields = (given) => {
  const [first, second] = given.texts.presets[0].words;
  return { first: text(first, LONGEST_WORD), second: text(second, LONGEST_WORD), ...latinOnly(given) };
};

/** @param {import("#page/scene.js").State} state @returns {import("#page/questions.js").Asked} */
export const asks = ({ first, second }) => ({ pair: ["compare_words", { words: [first, second] }] });

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const labels = { first: texts.first, second: texts.second };
  const boxes = BOXES.map((name) => textbox(scene, name, labels[name], { line: true, maxlength: LONGEST_WORD }).node);
  for (const box of boxes) box.classList.add("gx-grow");
  const put = (/** @type {string[]} */ [first, second]) => scene.set({ first, second });
  const typed = () => BOXES.map((name) => scene.state[name]);
  const others = offers(scene, (word, instead) => put(typed().map((one) => (one.trim() === word ? instead : one))));
  const [first, second, product] = [
    strip(scene, (words) => words[0].numbers, 3),
    strip(scene, (words) => words[1].numbers, 3),
    strip(scene, products, 5),
  ];
  const cosine = cosinePanel(texts);
  const charts = BOXES.map(() => neighbourPanel(texts));
  const inside = el("p", { class: "gx-soft" }, texts.inside);
  scene.work.append(
    el("div", { class: "gx-row" }, boxes),
    presets(texts.presets_label, texts.presets, (preset) => put(preset.words)),
    el("div", { class: "gx-split gx-strips" }, first.node, second.node),
    el("div", { class: "gx-split gx-strips" }, product.node, cosine.node),
    el("div", { class: "gx-split" }, charts.map(({ node }) => node)), // prettier-ignore
    el("div", { class: "gx-row" }, latinSwitch(scene), inside),
  );
  return {
    paint(state, { pair }) {
      const count = pair.words[0].numbers.length;
      const largest = largestOf(pair.words.flatMap(({ numbers }) => numbers));
      for (const [index, one] of [first, second].entries())
        one.draw(fill(texts.strip, { word: pair.words[index].word, count }), largest);
      product.draw(fill(texts.product, { count }), largestOf(products(pair.words)));
      cosine.show(pair);
      for (const [index, chart] of charts.entries()) chart.show(pair.words[index], state);
      inside.hidden = !pair.provenance.inside_model;
      others.keep((word) => typed().some((one) => one.trim() === word));
    },
    replied: (_, reply) => others.show(reply.offers),
  };
}

/** The products of two words, number by number: they add up to the cosine. */
const products = ([first, second]) => first.numbers.map((value, index) => value * second.numbers[index]);
const largestOf = (numbers) => Math.max(...numbers.map(Math.abs));

/**
 * A strip of cells, row by row from the top left: colour says the sign, strength says the size.
 * @param {import("#page/scene.js").Scene} scene
 * @param {(words: any[]) => number[]} numbersOf
 * @param {number} digits
 */
function strip(scene, numbersOf, digits) {
  const title = el("h3");
  const canvas = el("canvas", { class: "gx-strip", role: "img" });
  const numbers = () => numbersOf(scene.answers.pair.words);
  canvas.addEventListener("pointermove", (event) => {
    const frame = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - frame.top) / frame.height) * canvas.height);
    const index = row * COLUMNS + Math.floor(((event.clientX - frame.left) / frame.width) * COLUMNS);
    const value = numbers()[index];
    const told = { index: whole(index + 1), value: signed(value ?? 0, digits) };
    canvas.title = value === undefined ? "" : fill(scene.texts.cell, told);
  });
  return {
    node: el("div", {}, title, canvas),
    draw(label, largest) {
      title.textContent = label;
      canvas.setAttribute("aria-label", label);
      fillCells(canvas, numbers(), largest);
    },
  };
}

function fillCells(canvas, numbers, largest) {
  canvas.width = COLUMNS;
  canvas.height = Math.ceil(numbers.length / COLUMNS);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const [minus, plus] = ["--gx-minus", "--gx-plus"].map((name) => style.getPropertyValue(name));
  for (const [index, value] of numbers.entries()) {
    pen.fillStyle = value < 0 ? minus : plus;
    pen.globalAlpha = Math.sqrt(Math.abs(value) / (largest || 1));
    pen.fillRect(index % COLUMNS, Math.floor(index / COLUMNS), 1, 1);
  }
}

function cosinePanel(texts) {
  const number = el("span", { class: "gx-big" });
  const verdict = el("span");
  const swatch = (kind) => el("span", { class: `gx-swatch gx-${kind}` });
  const legend = el(
    "p",
    { class: "gx-legend" },
    swatch("negative"),
    texts.negative,
    swatch("positive"),
    texts.positive,
  );
  return {
    node: el(
      "div",
      { class: "gx-panel gx-cosine", role: "status" },
      el("p", {}, number),
      el("p", {}, verdict),
      el("p", { class: "gx-soft" }, texts.scale),
      legend,
    ),
    show({ cosine, words: [first, second] }) {
      number.textContent = signed(cosine);
      verdict.textContent = fill(texts.verdict, { first: first.word, second: second.word });
    },
  };
}

function neighbourPanel(texts) {
  const title = el("h3");
  const chart = neighbourBars({ caption: texts.nearest });
  return {
    node: el("div", {}, title, chart.node),
    show(word, state) {
      title.textContent = fill(texts.nearest, word);
      chart.list.setAttribute("aria-label", title.textContent);
      chart.draw(shownOf(word.neighbours, state, NEIGHBOURS));
    },
  };
}
