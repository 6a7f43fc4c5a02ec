// Scene 3: a sum of words, term by term on the map; then the words nearest to where it lands.
import { plane } from "#features/word_vectors/web/plane.js";
import { detail, model, parallel } from "#features/word_vectors/web/sums.js";
import {
  aWord,
  latinOnly,
  latinSwitch,
  neighbourBars,
  offers,
  shownOf,
  withMore,
} from "#features/word_vectors/web/vectors.js";
import { exchanged, isTerm, share, written } from "#features/word_vectors/web/wording.js";
import { player, select, textbox, tick } from "#page/controls.js";
import { calm, choices, el, projector } from "#page/dom.js";
import { choice, flag, local, maybe, text, whole } from "#page/fields.js";
import { fill } from "#page/numbers.js";
import { onSpace } from "#page/scene.js";

const STEP_MS = 1_100;
const MOST_TERMS = 20;
const LONGEST_FORMULA = 2_000;
const PLAYED = { opening: "opening", chosen: "chosen", no: "no" }; // why the steps are to be played when the answer is there

export const shares = ["latin"];

/** @param {import("#page/scene.js").Given} given */
export const fields = (given) => {
  const { presets: examples, themes } = given.texts;
  const names = themes.map(({ label }) => label);
  return {
    formula: text(examples[0].formula, LONGEST_FORMULA),
    theme: choice(names[0], names), // the words that the map is fitted to
    step: maybe(whole(0, 0, MOST_TERMS)), // how many terms have been added; null: all of them
    hide: flag(), // the words that were typed
    ...latinOnly(given),
    word: aWord(), // of the ranking
    pointed: aWord(), // at on the map
    due: local(PLAYED.opening, (value) => value in PLAYED),
  };
};

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} given
 * @returns {import("#page/questions.js").Asked}
 */
export function asks({ formula, theme }, { texts }) {
  const reference = texts.themes.find(({ label }) => label === theme).words;
  return { sum: ["work_out", { formula, reference }] };
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const form = formulaForm(scene);
  const put = (formula) => scene.set({ formula, word: null, due: PLAYED.chosen });
  const others = offers(scene, (word, instead) => put(exchanged(scene.state.formula, word, instead)));
  const steps = stepPanel(scene);
  const map = plane(scene, { label: texts.map_label, onselect: (pointed) => scene.set({ pointed }), sparse: true });
  const special = { zero: texts.zero, landing: texts.landing };
  const line = el("p", { class: "gx-soft", role: "status" });
  const notes = sumNotes(texts);
  const ranking = rankingPanel(scene);
  const parallels = parallelPanel(texts);
  scene.work.append(
    form.node,
    steps.node,
    el(
      "div",
      { class: "gx-split gx-map-split gx-sum-split" },
      el("div", {}, map.node, line, ...notes.nodes),
      el("div", { class: "gx-stack" }, ranking.node, parallels.node),
    ),
  );
  onSpace(scene, () => steps.player.playing.click());
  return {
    paint(state, { sum }) {
      const count = sum.terms.length;
      const step = Math.min(state.step ?? count, count);
      const isDone = step === count;
      const [xLabel, yLabel] = sum.explained_variance.map((part, at) =>
        fill(texts.axis, { number: at + 1, share: share(part) }),
      );
      map.draw({ ...model(sum, step, state.word, special), xLabel, yLabel }, state.pointed);
      steps.show(sum, step);
      line.textContent = step
        ? fill(texts.step, { number: step, count, length: sum.steps[step - 1].length.toFixed(2) })
        : texts.step_start;
      ranking.show(sum, state, isDone);
      parallels.show(isDone ? sum.parallelogram : null);
      notes.show(sum, isDone);
      others.keep((word) => isTerm(state.formula, word));
    },
    shown: () => present(scene, steps.player),
    replied(_, reply) {
      others.show(reply.offers);
      if (reply.error) steps.player.pause();
      else if (scene.isShown()) present(scene, steps.player);
    },
  };
}

/**
 * Play the steps of a sum once: of each that is chosen; and of the one that the scene opens with, unless a link names a step,
 * or there is something to be read first.
 */
function present(scene, { show }) {
  const { due, step } = scene.state;
  const isAnswered = JSON.stringify(scene.progress("sum").values) === JSON.stringify(asks(scene.state, scene).sum[1]);
  if (due === PLAYED.no || !isAnswered) return;
  scene.set({ due: PLAYED.no });
  const isQuiet = scene.node.querySelector(".gx-message").hidden;
  if (due === PLAYED.chosen || (step === null && isQuiet && !calm())) show();
}

/** The formula, examples of formulas, and the words that the map is fitted to. */
function formulaForm(scene) {
  const { texts } = scene;
  const { node } = textbox(withMore(scene, { word: null, due: PLAYED.chosen }), "formula", texts.formula, {
    rows: 1,
    wait: 400,
  });
  const themes = texts.themes.map(({ label }) => ({ value: label, label }));
  const theme = select(withMore(scene, { word: null, due: PLAYED.chosen }), "theme", texts.reference, themes).node;
  theme.classList.add("gx-choices");
  const groups = [
    { label: texts.examples_work, entries: texts.presets },
    { label: texts.examples_fail, entries: texts.failures },
  ].filter(({ entries }) => entries.length);
  const examples = choices(texts.examples, texts.examples_hint, groups, (example) =>
    scene.set({ formula: example.formula, theme: example.theme, word: null, due: PLAYED.chosen }),
  );
  scene.follow(({ formula }) => {
    const example = groups.flatMap(({ entries }) => entries).find((one) => one.formula === formula);
    if (example) examples.set(example);
    else examples.forget();
  });
  return { node: el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, node), examples.node, theme) };
}

/** The terms, which are added one by one: nothing is asked for that. */
function stepPanel(scene) {
  const { texts } = scene;
  const last = () => scene.answers.sum.terms.length;
  const terms = el("ol", { class: "gx-terms", "aria-label": texts.steps });
  const steps = player(scene, "step", {
    last,
    milliseconds: STEP_MS,
    texts: { play: texts.play, pause: texts.pause, back: texts.back, next: texts.next },
    read: ({ step }) => Math.min(step ?? last(), last()),
    write: (step) => (step >= last() ? null : step),
  });
  const term = (one, index) => {
    const attributes = { type: "button", class: "gx-term", onclick: () => steps.go(index + 1) };
    return el("li", {}, el("button", attributes, written(one, index === 0)));
  };
  return {
    node: el("div", { class: "gx-buttons" }, steps.playing, steps.back, steps.next, terms),
    player: steps,
    show(sum, step) {
      const drawn = JSON.stringify(sum.terms);
      if (terms.dataset.drawn !== drawn) terms.replaceChildren(...sum.terms.map(term), el("li", {}, el("strong")));
      terms.dataset.drawn = drawn;
      for (const [index, node] of terms.querySelectorAll("button").entries()) {
        if (index === step - 1) node.setAttribute("aria-current", "step");
        else node.removeAttribute("aria-current");
      }
      terms.querySelector("strong").textContent = step === sum.terms.length ? `= ${sum.best}` : "= ?";
    },
  };
}

function rankingPanel(scene) {
  const { texts } = scene;
  const chart = neighbourBars({ caption: texts.ranking, choosable: true });
  const told = el("p", { class: "gx-soft gx-detail", role: "status" });
  const choose = (word) => scene.set({ word: scene.state.word === word ? null : word });
  const node = el(
    "div",
    { class: "gx-panel gx-ranking" },
    el("h3", {}, texts.ranking),
    chart.node,
    told,
    el("div", { class: "gx-row" }, tick(scene, "hide", texts.hide_inputs), latinSwitch(scene)),
  );
  return {
    node,
    show(sum, state, isDone) {
      const shown = shownOf(sum.neighbours, state, projector() ? 6 : 8);
      node.classList.toggle("gx-pending", !isDone);
      chart.draw(shown, ({ word, is_input }) => ({
        note: is_input ? texts.typed : "",
        mark: word === sum.best,
        onchoose: () => choose(word),
      }));
      told.textContent = detail(sum, shown, state.word, { detail: texts.detail, misled: texts.misled });
    },
  };
}

function parallelPanel(texts) {
  const said = el("p", { class: "gx-soft" });
  const node = el("div", { class: "gx-panel" }, el("h3", {}, texts.parallel_title), said);
  return {
    node,
    show(parallelogram) {
      node.hidden = !parallelogram;
      if (parallelogram) said.textContent = parallel(parallelogram, texts.parallel);
    },
  };
}

/** Why a sum fails, or that a word stands in it more than once. */
function sumNotes(texts) {
  const note = () => el("p", { class: "gx-message gx-note", hidden: true });
  const [why, repeated] = [note(), note()];
  return {
    nodes: [why, repeated],
    show(sum, isDone) {
      const failure = texts.failures.find((one) => one.formula === sum.formula);
      why.hidden = !failure || !isDone;
      why.textContent = failure?.why ?? "";
      repeated.hidden = !sum.repeated.length || !!failure;
      repeated.textContent = fill(texts.repeated, { words: sum.repeated.join(", ") });
    },
  };
}
