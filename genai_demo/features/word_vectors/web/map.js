// Scene 2: a map by principal components, in two dimensions or three.
import { plane } from "#features/word_vectors/web/plane.js";
import { space } from "#features/word_vectors/web/space.js";
import {
  aWord,
  latinOnly,
  latinSwitch,
  neighbourBars,
  offers,
  shownOf,
  tellLeftOut,
  theWords,
  typing,
  wordList,
} from "#features/word_vectors/web/vectors.js";
import { share } from "#features/word_vectors/web/wording.js";
import { button, el, presets } from "#page/dom.js";
import { choice, local, stop } from "#page/fields.js";
import { fill } from "#page/numbers.js";

const NEIGHBOURS = 6;

export const shares = ["latin"];

/** @param {import("#page/scene.js").Given} given */
export const fields = (given) => {
  const themes = given.texts.themes.map(({ label }) => label);
  return {
    theme: choice(themes[0], themes),
    words: theWords(), // others than the theme's
    fitted: theWords(), // others than those that are shown
    dimensions: stop(2, [2, 3]),
    word: aWord(), // whose neighbours are shown
    ...latinOnly(given),
    camera: local(null),
    adding: typing(),
  };
};

/** @param {any} state @param {any} given @returns {string[]} */
const chosenWords = ({ theme, words }, { texts }) => words ?? texts.themes.find((one) => one.label === theme).words;

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} given
 * @returns {import("#page/questions.js").Asked}
 */
export const asks = (state, given) => ({
  map: ["show_map", { words: chosenWords(state, given), fitted: state.fitted ?? [] }],
});

const wordsOf = (map) => map.points.map((point) => point.word);
const hasThree = (map) => map.explained_variance.length > 2;
/** @param {any} state @param {any} map */
const isRound = ({ dimensions }, map) => dimensions === 3 && hasThree(map);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const picture = picturePanel(scene);
  // What a change starts from: what is asked for now, or else what there is. (What was refused is neither.)
  const isAsked = () => scene.progress("map").busy;
  const known = () => (isAsked() ? chosenWords(scene.state, scene) : wordsOf(scene.answers.map));
  const fitted = () => (isAsked() ? (scene.state.fitted ?? known()) : scene.answers.map.fitted);
  const list = wordList(scene, known, (words) => scene.set({ words, fitted: fitted() }));
  const others = offers(scene, list.exchange);
  const size = dimensionButtons(scene);
  const near = neighbourPanel(texts);
  const count = el("h3");
  const small = { class: "gx-button gx-small" };
  const refit = button(texts.refit, () => scene.set({ words: known(), fitted: null }), small);
  const reset = button(texts.reset, () => scene.set({ words: null, fitted: null }), small);
  const words = el("div", { class: "gx-panel" }, list.form, el("details", {}, el("summary", {}, count), list.chips));
  scene.work.append(
    presets(texts.theme, texts.themes, ({ label }) => scene.set({ theme: label, words: null, fitted: null })),
    el(
      "div",
      { class: "gx-split gx-map-split" },
      picture.node,
      el(
        "div",
        { class: "gx-stack" },
        el("div", { class: "gx-presets" }, size.node, refit, reset),
        near.node,
        latinSwitch(scene),
        words,
      ),
    ),
  );
  return {
    paint(state, { map }) {
      picture.show(map, state);
      size.show(isRound(state, map), hasThree(map));
      near.show(map.points.find((point) => point.word === state.word), state); // prettier-ignore
      list.draw(wordsOf(map), (word) => !map.points.find((point) => point.word === word).fitted);
      count.textContent = fill(texts.on_map, { count: map.points.length });
      others.keep(list.isTyped);
    },
    replied(_, reply) {
      tellLeftOut(scene, reply);
      others.show(reply.offers ?? list.offered(reply));
      if (reply.error) return;
      const newest = list.answered(scene.progress("map").values.words);
      if (newest) scene.set({ word: newest });
    },
  };
}

/** The map itself, flat or round, and what it leaves out. */
function picturePanel(scene) {
  const { texts } = scene;
  const onselect = (word) => scene.set({ word });
  const flat = plane(scene, { label: texts.map_label, onselect, moves: true });
  const said = { label: texts.space_label, turn: texts.turn, loading: texts.loading_3d };
  const round = space(scene, said, onselect);
  const kept = el("p", { class: "gx-kept" });
  const projected = el("p", { class: "gx-soft" }, texts.projected);
  return {
    node: el("div", {}, flat.node, round.node, kept, projected),
    show(map, state) {
      const isThree = isRound(state, map);
      flat.node.hidden = isThree;
      round.node.hidden = !isThree;
      const axes = map.explained_variance.map((part, at) => fill(texts.axis, { number: at + 1, share: share(part) }));
      if (isThree) round.draw(map.points, axes);
      else flat.draw(flatModel(map, axes), state.word);
      kept.textContent = sharesKept(texts, map, isThree ? 3 : 2);
      projected.hidden = map.points.every((point) => point.fitted);
    },
  };
}

function flatModel({ points }, [xLabel, yLabel]) {
  const shown = points.map(({ word, x, y, fitted }) => {
    const kind = fitted ? "reference" : "projected";
    return { id: word, text: word, kind, x, y };
  });
  return { points: shown, xLabel, yLabel, cross: true };
}

function sharesKept(texts, { explained_variance: parts, fitted }, axes) {
  const sum = parts.slice(0, axes).reduce((before, part) => before + part, 0);
  return fill(texts.kept, { axes, share: share(sum), lost: share(1 - sum), count: fitted.length });
}

function dimensionButtons(scene) {
  const { texts } = scene;
  const turn = (dimensions, label) => button(label, () => scene.set({ dimensions }), { class: "gx-button gx-small" });
  const [two, three] = [turn(2, texts.dimensions_2), turn(3, texts.dimensions_3)];
  return {
    node: el("div", { class: "gx-presets", role: "group", "aria-label": texts.dimensions_label }, two, three),
    show(isThree, isPossible) {
      two.setAttribute("aria-pressed", !isThree);
      three.setAttribute("aria-pressed", isThree);
      three.disabled = !isPossible;
    },
  };
}

/** The neighbours of the word that is pointed at, in all dimensions. */
function neighbourPanel(texts) {
  const title = el("h3");
  const hint = el("p", { class: "gx-soft" }, texts.hover_hint);
  const chart = neighbourBars({ caption: texts.hover_hint });
  return {
    node: el("div", { class: "gx-panel", role: "status" }, title, hint, chart.node),
    show(point, state) {
      hint.hidden = !!point;
      title.hidden = chart.node.hidden = !point;
      if (!point) return;
      title.textContent = fill(texts.nearest, point);
      chart.draw(shownOf(point.neighbours, state, NEIGHBOURS));
    },
  };
}
