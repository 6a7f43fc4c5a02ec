// Scene 4: the visitor puts answers in order; a reward head of their own is refit after every order.
import { draggable } from "#features/rlhf/web/dragging.js";
import * as orders from "#features/rlhf/web/orders.js";
import * as rounds from "#features/rlhf/web/rounds.js";
import { ending, promptField } from "#features/rlhf/web/talk.js";
import { button, el, field } from "#page/dom.js";
import { local, seed, text } from "#page/fields.js";
import { digit } from "#page/keys.js";
import { fill, percent } from "#page/numbers.js";
import { provenance } from "#page/provenance.js";
import { download } from "#page/scene.js";

const LETTERS = "ABCD";
const SMALL = { class: "gx-button gx-small" };
const MAIN = { class: "gx-button gx-main" };

export const shares = ["prompt"];
export const onDemand = ["answers"];

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ recorded: { answers }, settings }) => ({
  prompt: text(answers.prompt),
  seed: seed(answers.seed),
  // An order says something only of answers that this program has written, and they are long.
  round: local(null, (round) => round === null || (Array.isArray(round?.order) && Array.isArray(round.answers))),
  memory: local(rounds.EMPTY, (memory) => orders.isMemory(memory, settings.most_rated)),
});

/**
 * A taste follows from the orders, and what is foretold of new answers from the orders before them.
 * @param {any} state
 * @param {import("#page/scene.js").Given} given
 * @param {Record<string, any>} answers
 * @returns {import("#page/questions.js").Asked}
 */
export function asks(state, { settings }, { answers: shown }) {
  const round = rounds.current(state, shown);
  const before = rounds.memoryOf(state.memory, round.provenance.title);
  const { memory } = rounds.learnable(state, shown, settings);
  const isForetold = before.rankings.length > 0 && rounds.isReady(round) && !round.kept;
  const isTaught = rounds.isLive(shown);
  return {
    answers: ["sample", { prompt: state.prompt, seed: state.seed }],
    taste: isTaught && memory.rankings.length ? rounds.lesson(memory) : null,
    foretold: isTaught && isForetold ? rounds.lesson(before, round.answers) : null,
  };
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const change = changes(scene);
  const prompt = promptField(scene, texts.prompt, change.sample);
  const sample = button(texts.sample, () => change.sample(), MAIN);
  const asked = el("p", { class: "gx-soft" });
  const status = el("p", { class: "gx-verdict", role: "status" });
  const cards = answerCards(scene, change);
  const mine = button(texts.my_order, () => change.place(...situation(scene).round.arranged), MAIN);
  const again = button(texts.order_again, () => {
    change.round({ order: [] });
    cards.node.querySelector("button").focus();
  }, SMALL); // prettier-ignore
  const taste = tastePanel(scene, change);
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, prompt.examples, sample),
    asked,
    status,
    cards.node,
    el("div", { class: "gx-row" }, mine, again),
    taste.node,
  );
  listenToDigits(scene, change);
  return {
    paint(state, { answers: shown }) {
      const now = situation(scene);
      const { round, isFull, isBusy } = now;
      const isOrdered = rounds.isComplete(round);
      asked.textContent = fill(texts.asked, { prompt: round.prompt });
      if (isBusy || !rounds.isReady(round)) status.textContent = texts.writing;
      else if (!isOrdered) status.textContent = texts.order;
      else status.textContent = rounds.isLive(shown) ? texts.ordered : texts.ordered_early;
      mine.hidden = !round.arranged.length || round.order.length > 0;
      again.hidden = !round.order.length || isOrdered;
      scene.report("model", rounds.isDropped(state, shown) ? texts.other_answers : "", "gx-note");
      scene.report("room", isFull ? fill(texts.full, { most: scene.settings.most_rated }) : "", "gx-note");
      cards.show(now);
      taste.show(now);
    },
    provenance(state, { answers: shown }) {
      const { provenance: origin } = rounds.current(state, shown);
      return origin === shown.provenance ? null : provenance({ ...origin, stays: rounds.isLive(shown) });
    },
  };
}

/** What the scene shows, from its state and the answers: the round, what is learned of it, what was foretold. */
function situation(scene) {
  const { state, settings, answers } = scene;
  const shown = answers.answers;
  const round = rounds.current(state, shown);
  const foretold = round.kept ? round.foretold : foretoldPlaces(scene);
  const { memory, isFull } = rounds.learnable(state, shown, settings, foretold);
  return { round, memory, isFull: isFull && rounds.isLive(shown), foretold, isBusy: scene.progress("answers").busy };
}

/** The places that the reward model of the orders before gives to the answers that are shown; null: it is not known. */
function foretoldPlaces(scene) {
  const wanted = asks(scene.state, scene, scene.answers).foretold;
  const { values } = scene.progress("foretold");
  if (!wanted || JSON.stringify(values) !== JSON.stringify(wanted[1])) return null;
  const before = rounds.memoryOf(scene.state.memory, scene.answers.answers.provenance.title).answers.length;
  return rounds.placesOf(scene.answers.foretold.scores.slice(before));
}

/** What a visitor can do. */
function changes(scene) {
  const { settings } = scene;
  const shown = () => scene.answers.answers;
  const quiet = () => scene.report("files", "");
  const settled = () => rounds.settled(scene.state, settings, situation(scene).foretold);
  return {
    sample(more = {}) {
      quiet();
      scene.ask("answers", { ...more, ...settled(), seed: scene.state.seed + LETTERS.length });
    },
    place(...places) {
      if (situation(scene).isBusy) return;
      quiet();
      scene.set(rounds.placed(scene.state, shown(), places, settings));
    },
    round(own) {
      quiet();
      scene.set(rounds.changed(scene.state, { ...rounds.current(scene.state, shown()), ...own }, settings));
    },
    settled,
    forget() {
      quiet();
      const { round } = scene.state;
      const emptied = round && { ...round, order: [], kept: false, foretold: null };
      scene.set({ memory: rounds.EMPTY, round: emptied });
    },
  };
}

function listenToDigits(scene, change) {
  document.addEventListener("keydown", (event) => {
    const number = digit(event);
    const target = event.target instanceof Element ? event.target : null;
    if (number === null || !scene.isShown() || target?.closest("input, textarea, select")) return;
    const { arranged, answers } = situation(scene).round;
    const place = (arranged.length ? arranged : [...answers.keys()])[number - 1];
    if (place !== undefined) change.place(place);
  });
}

/** The four answers, to be clicked or dragged into order. */
function answerCards(scene, change) {
  const { texts } = scene;
  const node = el("ol", { class: "gx-answers" });
  const isAllowed = () => {
    const { round, isBusy } = situation(scene);
    return !round.order.length && rounds.isReady(round) && !isBusy;
  };
  const drag = draggable(node, {
    isAllowed,
    arranged: (arranged) => change.round({ arranged }),
    released: () => scene.paint(),
  });
  function card({ round, foretold }, index) {
    const one = round.answers[index];
    const at = round.order.indexOf(index);
    const isTold = foretold && rounds.isComplete(round);
    const badge = (words, kind = "") => el("span", { class: `gx-badge${kind}` }, words);
    return el(
      "button",
      {
        type: "button",
        class: `gx-answer${at >= 0 ? " gx-placed" : ""}`,
        "aria-pressed": String(at >= 0),
        onclick: () => change.place(index),
      },
      el("strong", {}, fill(texts.answer, { letter: LETTERS[index] })),
      at >= 0 ? badge(fill(texts.place, { place: at + 1 })) : null,
      isTold ? badge(fill(texts.predicted, { place: foretold[index] }), " gx-foretold") : null,
      el("span", { class: "gx-reply", dir: "auto" }, one.text || "…"),
      el("small", { class: "gx-soft" }, ending(texts, one, scene.progress("answers"))),
    );
  }
  return {
    node,
    show(now) {
      if (drag.isDragging()) return;
      const { arranged, answers } = now.round;
      const focused = [...node.querySelectorAll("button")].indexOf(document.activeElement);
      const places = arranged.length ? arranged : [...answers.keys()];
      node.replaceChildren(...places.map((index) => el("li", { "data-answer": index }, card(now, index))));
      if (focused >= 0) node.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
    },
  };
}

/** What the visitor's reward model has learned, and the files with which a class pools its orders. */
function tastePanel(scene, change) {
  const { texts } = scene;
  const summary = el("p");
  const foretold = el("p");
  const title = el("h4");
  const traits = el("ul", { class: "gx-traits" });
  const caution = el("p", { class: "gx-soft" }, texts.caution);
  const save = button(texts.save, () => saveOrders(situation(scene).memory), SMALL);
  const forget = button(texts.forget, change.forget, SMALL);
  return {
    node: el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.taste),
      summary,
      foretold,
      title,
      traits,
      caution,
      el("div", { class: "gx-row" }, save, fileBox(scene, change), forget),
    ),
    show({ memory }) {
      const taste = tasteOf(scene, memory);
      const { raters, hits, rounds: told } = memory;
      const said = raters > 1 ? texts.taste_pooled : texts.taste_pairs;
      const agreement = taste && percent(taste.agreement);
      summary.textContent = taste ? fill(said, { pairs: taste.pairs, raters, agreement }) : texts.taste_empty;
      foretold.textContent = taste && told ? fill(texts.foretold, { hits, rounds: told }) : "";
      save.hidden = forget.hidden = title.hidden = caution.hidden = !taste;
      title.textContent = fill(texts.traits, { count: taste?.scores.length });
      traits.replaceChildren(...(taste?.traits ?? []).map((trait) => traitRow(texts, trait)));
    },
  };
}

/** What was learned of these orders, or of the first of them, until all are learned. */
function tasteOf(scene, { answers }) {
  const { values } = scene.progress("taste");
  const learned = values?.texts ?? [];
  const isOfThese = learned.length > 0 && learned.length <= answers.length;
  return isOfThese && learned.every((one, at) => one === answers[at].text) ? scene.answers.taste : null;
}

function traitRow(texts, { name, correlation }) {
  const names = {
    long: texts.trait_long,
    lists: texts.trait_lists,
    questions: texts.trait_questions,
    exclamations: texts.trait_exclamations,
    numbers: texts.trait_numbers,
    first_person: texts.trait_first_person,
  };
  const value = correlation.toFixed(2).replace("-", "−");
  const style = `${correlation < 0 ? "right" : "left"}:50%;width:${50 * Math.min(1, Math.abs(correlation))}%`;
  return el(
    "li",
    {},
    el("span", {}, names[name]),
    el("span", { class: "gx-lean", "aria-hidden": "true" }, el("span", { style })),
    el("span", { class: "gx-bar-number" }, fill(texts.correlation, { value })),
  );
}

function saveOrders(memory) {
  const file = new Blob([orders.written(memory.model, memory)], { type: "application/json" });
  const href = URL.createObjectURL(file);
  download("orders.json", href);
  URL.revokeObjectURL(href);
}

function fileBox(scene, change) {
  const { texts, settings } = scene;
  async function add() {
    const held = await Promise.all([...files.files].map(async (one) => ({ name: one.name, text: await one.text() })));
    files.value = "";
    const notes = [];
    let { round, memory } = change.settled();
    const { title } = scene.answers.answers.provenance;
    const { features } = situation(scene).round.answers[0];
    const width = features ? orders.widthOf(features) : null;
    for (const { name, text: content } of held) {
      const found = orders.read(content, { places: LETTERS.length, width });
      if (!found) notes.push(fill(texts.not_orders, { name }));
      else if (found.model !== title) notes.push(fill(texts.other_model, { name, model: found.model }));
      else {
        const more = rounds.added(rounds.memoryOf(memory, title), found, settings);
        if (more) memory = { ...more, raters: more.raters + 1 };
        else notes.push(fill(texts.too_many_orders, { name, most: settings.most_rated }));
      }
    }
    scene.set({ round, memory });
    scene.report("files", notes.join(" "), "gx-note");
  }
  const box = { type: "file", accept: ".json,application/json", multiple: true, class: "gx-file", onchange: add };
  const files = el("input", box);
  return field(texts.add, files, { class: "gx-field gx-upload" });
}
