// What the scenes of the Word-vectors tab share: cosines as bars, lists of words, other words for unknown ones.
import { sameWord, signed, split } from "#features/word_vectors/web/wording.js";
import { bars } from "#page/charts.js";
import { textbox, tick } from "#page/controls.js";
import { button, el } from "#page/dom.js";
import { flag, list, local, maybe, text } from "#page/fields.js";
import { onSubmit } from "#page/keys.js";
import { fill } from "#page/numbers.js";

/** @typedef {import("#page/scene.js").Scene} Scene */
/** @typedef {{word: string, similarity: number, latin: boolean, is_input: boolean}} Neighbour */

export const LONGEST_WORD = 200;
const MANY = 1_000; // words that are looked at

// ── fields ───────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A word, or none. */
export const aWord = () => maybe(text("", LONGEST_WORD));
/** Words, or those that go without saying. */
export const theWords = () => maybe(list([], text("", LONGEST_WORD), MANY));
/** What is being typed into the box for more words. */
export const typing = () => local("", (value) => typeof value === "string");
/** Only words in a–z: set in one scene, it holds in all. A table without both kinds has no such choice. */
export const latinOnly = ({ settings }) => (settings.alphabets ? { latin: flag() } : {});

/**
 * A scene in which a choice by hand means something more.
 * @param {Scene} scene
 * @param {Record<string, any>} more is set at the same moment
 * @returns {any} a scene for controls
 */
export const withMore = (scene, more) => ({
  set: (changes, how) => scene.set({ ...changes, ...more }, how),
  follow: (show) => scene.follow(show),
  composing: () => scene.composing(),
});

// ── neighbours ───────────────────────────────────────────────────────────────────────────────────────────────────────
/**
 * The neighbours that are shown. An answer holds enough of them for every position of the switches.
 * @param {Neighbour[]} neighbours
 * @param {{latin?: boolean, hide?: boolean}} state hide: words that were typed
 * @param {number} count
 */
export const shownOf = (neighbours, { latin, hide }, count) =>
  neighbours.filter((one) => (one.is_input ? !hide : one.latin || !latin)).slice(0, count);

/** @param {Scene} scene */
export function latinSwitch(scene) {
  const node = tick(scene, "latin", scene.texts.latin_only);
  node.hidden = !scene.settings.alphabets;
  return node;
}

/**
 * Neighbours as bars of cosines.
 * @param {{caption: string, choosable?: boolean}} how
 * @returns {{node: any, list: any, draw: (neighbours: Neighbour[], row?: (one: Neighbour) => object) => void}}
 */
export function neighbourBars({ caption, choosable = false }) {
  const chart = bars({ caption, choosable, unit: (at) => signed(at, at % 0.5 ? 2 : 1) });
  chart.node.classList.add("gx-neighbours");
  const bar = (one) => ({ label: one.word, value: one.similarity, number: signed(one.similarity) });
  return {
    node: chart.node,
    list: chart.list,
    draw: (neighbours, row = () => ({})) => chart.draw(neighbours.map((one) => ({ ...bar(one), ...row(one) }))),
  };
}

// ── other words for unknown ones ─────────────────────────────────────────────────────────────────────────────────────
/**
 * Where a word is not known, there are others to take: one click puts such a word in its place.
 * @param {Scene} scene
 * @param {(word: string, instead: string) => void} exchange
 */
export function offers(scene, exchange) {
  const { texts } = scene;
  const box = el("div", { class: "gx-offers", hidden: true });
  scene.node.querySelector(".gx-message").after(box);
  const label = (one) => (one.startsWith("~") ? fill(texts.pieces, { word: one }) : one);
  return {
    /** @param {Record<string, string[]>} [offered] unknown word → others */
    show(offered = {}) {
      const [word, others] = Object.entries(offered)[0] ?? ["", []];
      const take = (one) => button(label(one), () => exchange(word, one), { class: "gx-button gx-small" });
      box.hidden = !others.length;
      box.dataset.word = word;
      box.replaceChildren(el("span", {}, fill(texts.instead, { word })), ...others.map(take));
    },
    /** What nobody asks for any more needs no other. @param {(word: string) => boolean} isAskedFor */
    keep(isAskedFor) {
      if (!isAskedFor(box.dataset.word)) box.hidden = true;
    },
  };
}

/** Some words have no vector: which, and what is wrong with the first. @param {Scene} scene @param {any} reply */
export function tellLeftOut(scene, { refused }) {
  const { texts } = scene;
  const words = refused?.words.map((word) => `“${word}”`).join(", ");
  scene.report("leftOut", refused ? `${fill(texts.left_out, { words })} ${refused.error}` : "", "gx-note");
}

// ── lists of words ───────────────────────────────────────────────────────────────────────────────────────────────────
/**
 * Words as chips that can be taken away, and a box to add more; what is typed there is the state's `adding`.
 * @param {Scene} scene
 * @param {() => string[]} known the words that there are
 * @param {(words: string[]) => void} change
 */
export function wordList(scene, known, change) {
  const { texts } = scene;
  const chips = el("ul", { class: "gx-words" });
  const { node: box } = textbox(scene, "adding", texts.add_words, { wait: 0, line: true, maxlength: 1000 });
  box.classList.add("gx-grow");
  const form = el("form", { class: "gx-row gx-add" }, box, el("button", { class: "gx-button" }, texts.add));
  const isThere = (word) => known().some((one) => sameWord(one, word));
  function add() {
    const added = split(scene.state.adding).filter((word) => !isThere(word));
    if (added.length) change([...known(), ...added]);
    else scene.set({ adding: "" });
  }
  onSubmit(form, add);
  const chip = (word, isMarked) => {
    const remove = () => change(known().filter((one) => one !== word));
    const label = fill(texts.remove, { word });
    const cross = el("button", { type: "button", "aria-label": label, onclick: remove }, "×");
    return el("li", { class: isMarked ? "gx-marked-word" : "" }, el("bdi", {}, word), cross);
  };
  return {
    chips,
    form,
    /** @param {string[]} words @param {(word: string) => boolean} [isMarked] */
    draw(words, isMarked = () => false) {
      const drawn = JSON.stringify([words, words.map(isMarked)]);
      if (chips.dataset.drawn === drawn) return;
      chips.dataset.drawn = drawn;
      chips.replaceChildren(...words.map((word) => chip(word, isMarked(word))));
    },
    /** Whether a word stands in the box. @param {string} word */
    isTyped: (word) => split(scene.state.adding).includes(word),
    /** What could take the place of a word that was left out, if it has just been typed. @param {any} reply */
    offered: ({ refused }) => (refused && split(scene.state.adding).includes(refused.words[0]) ? refused.offers : {}),
    /** Take another word of the box. @param {string} word @param {string} instead */
    exchange(word, instead) {
      scene.set({ adding: split(scene.state.adding).map((one) => (one === word ? instead : one)).join(" ") }); // prettier-ignore
      add();
    },
    /**
     * The words of the box that were asked for and are there now do not stay in it.
     * @param {string[]} asked
     * @returns {string | undefined} the first of them
     */
    answered(asked) {
      const typed = split(scene.state.adding);
      const there = typed.filter((word) => asked.includes(word) && isThere(word));
      if (!there.length || !typed.every((word) => asked.includes(word))) return undefined;
      scene.set({ adding: typed.filter((word) => !there.includes(word)).join(" ") });
      return known().find((one) => sameWord(one, there[0]));
    },
  };
}
