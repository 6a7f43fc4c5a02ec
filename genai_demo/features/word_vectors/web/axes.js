// Scene 4: two pairs of opposites become the axes.
import { plane } from "#features/word_vectors/web/plane.js";
import {
  aWord,
  LONGEST_WORD,
  offers,
  tellLeftOut,
  theWords,
  typing,
  wordList,
} from "#features/word_vectors/web/vectors.js";
import { sameWord, signed } from "#features/word_vectors/web/wording.js";
import { textbox, tick } from "#page/controls.js";
import { button, choices, el } from "#page/dom.js";
import { choice, flag, text } from "#page/fields.js";
import { fill } from "#page/numbers.js";

const ENDS = ["left", "right", "bottom", "top"];
const RELATED = 0.2; // a cosine from which two axes are worth a warning

const endsOf = ({ horizontal, vertical }) => {
  const [left, right] = horizontal;
  const [bottom, top] = vertical;
  return { left, right, bottom, top };
};

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ texts: { presets: examples } }) => {
  const names = examples.map(({ label }) => label);
  const ends = Object.entries(endsOf(examples[0])).map(([name, word]) => [name, text(word, LONGEST_WORD)]);
  return {
    example: choice(names[0], names),
    ...Object.fromEntries(ends),
    words: theWords(), // others than the example's
    ends: flag(), // are shown, too
    word: aWord(), // whose place is told
    adding: typing(),
  };
};

/** @param {any} state @param {any} given */
const exampleOf = ({ example }, { texts }) => texts.presets.find((one) => one.label === example);

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} given
 * @returns {import("#page/questions.js").Asked}
 */
export function asks(state, given) {
  const { left, right, bottom, top } = state;
  const words = state.words ?? exampleOf(state, given).words;
  return { places: ["place_words", { horizontal: [left, right], vertical: [bottom, top], words }] };
}

/** Those of the words that were asked for which have a place; an end of an axis has one in any case. */
const placed = ({ points }, asked) =>
  points.map((point) => point.word).filter((word) => asked.some((one) => sameWord(one, word)));

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const map = plane(scene, { label: texts.map_label, onselect: (word) => scene.set({ word }), moves: true });
  const boxes = endBoxes(scene);
  // What a change starts from: what is asked for now, or else what there is. (What was refused is neither.)
  const known = () => {
    const { busy, values } = scene.progress("places");
    return busy ? asks(scene.state, scene).places[1].words : placed(scene.answers.places, values.words);
  };
  const list = wordList(scene, known, (words) => scene.set({ words }));
  const isEnd = (word) => (name) => scene.state[name].trim() === word;
  const others = offers(scene, (word, instead) => {
    const end = ENDS.find(isEnd(word));
    if (end) scene.set({ [end]: instead });
    else list.exchange(word, instead);
  });
  const place = el("p", { role: "status" });
  const scale = el("p", { class: "gx-soft" });
  const relation = el("p", { class: "gx-soft" });
  const count = el("h3");
  const reset = button(texts.reset, () => scene.set({ words: null }), { class: "gx-button gx-small" });
  const words = el("details", {}, el("summary", {}, count), list.chips);
  const note = el("p", { class: "gx-soft" }, texts.note);
  scene.work.append(
    boxes.node,
    el(
      "div",
      { class: "gx-split gx-map-split" },
      el("div", {}, map.node, tick(scene, "ends", texts.show_ends), scale, relation),
      el(
        "div",
        { class: "gx-stack" },
        el("div", { class: "gx-panel" }, place),
        el("div", { class: "gx-panel" }, list.form, words, reset),
        el("div", { class: "gx-panel" }, el("h3", {}, texts.note_title), note),
      ),
    ),
  );
  return {
    paint(state, { places }) {
      const shown = placed(places, scene.progress("places").values.words);
      const isEnlarged = !state.ends && shown.length > 1;
      map.draw(model(places, shown, isEnlarged), state.word);
      place.replaceChildren(...placeOf(texts, places, state.word));
      scale.textContent = scaleOf(texts, places, isEnlarged);
      const said = Math.abs(places.axes_cosine) >= RELATED ? texts.dependent : texts.independent;
      relation.textContent = fill(said, { cosine: signed(places.axes_cosine) });
      list.draw(shown);
      count.textContent = fill(texts.on_map, { count: shown.length });
      others.keep((word) => ENDS.some(isEnd(word)) || list.isTyped(word));
    },
    replied(_, reply) {
      tellLeftOut(scene, reply);
      others.show(reply.offers ?? list.offered(reply));
      if (!reply.error) list.answered(scene.progress("places").values.words);
    },
  };
}

/** The ends of the axes, and examples of them. */
function endBoxes(scene) {
  const { texts } = scene;
  const put = (example) => scene.set({ example: example.label, ...endsOf(example), words: null });
  const examples = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], put);
  const labels = { left: texts.left, right: texts.right, bottom: texts.bottom, top: texts.top };
  const boxes = ENDS.map((name) => {
    const how = { wait: 400, line: true, maxlength: LONGEST_WORD };
    const { node } = textbox(scene, name, labels[name], how);
    node.classList.add("gx-grow");
    return node;
  });
  scene.follow((state) => {
    const example = exampleOf(state, scene);
    const isChosen = Object.entries(endsOf(example)).every(([name, word]) => state[name] === word);
    if (isChosen) examples.set(example);
    else examples.forget();
  });
  return { node: el("div", { class: "gx-row gx-ends" }, examples.node, boxes) };
}

/** Words lie close to the middle, the ends far outside: without these, the picture is larger. */
function model({ points, poles }, words, isEnlarged) {
  const isPole = (word) => poles.flat().includes(word);
  const [[left, right], [bottom, top]] = poles;
  const shown = points.filter(({ word }) => !isEnlarged || !isPole(word) || words.includes(word));
  return {
    points: shown.map(({ word, x, y }) => {
      const kind = isPole(word) ? "pole" : "reference";
      return { id: word, text: word, kind, x, y };
    }),
    cross: true,
    stretch: isEnlarged,
    ends: { left, right, bottom, top },
  };
}

function placeOf(texts, { points, poles }, word) {
  const point = points.find((one) => one.word === word);
  if (!point) return [texts.hint];
  const [[, right], [, top]] = poles;
  const told = { x: signed(point.x), y: signed(point.y), right, top };
  return [el("strong", {}, point.word), ": ", fill(texts.place, told)];
}

function scaleOf(texts, { points, poles }, isEnlarged) {
  const [[, right], [, top]] = poles;
  const end = (word) => points.find((one) => one.word === word);
  const [x, y] = [end(right).x, end(top).y].map((at) => Math.abs(at).toFixed(2));
  return `${fill(texts.place_scale, { x, y })} ${isEnlarged ? texts.enlarged : ""}`;
}
