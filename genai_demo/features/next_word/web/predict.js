// Scene 2: the model only predicts the next token.
import { barsShown } from "#features/next_word/web/sampling.js";
import { bars, tokenRows } from "#page/charts.js";
import { textbox, tick, toggle } from "#page/controls.js";
import { button, el, field, presets } from "#page/dom.js";
import { flag, maybe, text } from "#page/fields.js";
import { onSubmit } from "#page/keys.js";
import { fill, oneIn, percent, whole } from "#page/numbers.js";
import { tokenText } from "#page/tokens.js";

const CHAIN_SHOWN = 12; // tokens of a watched word
const KEYS = 3; // of the phone's keyboard
const LONGEST_WORD = 60;

export const shares = ["prompt"];

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ texts: { presets: examples } }) => ({
  prompt: text(examples[0].prompt),
  word: text(examples[0].word, LONGEST_WORD), // how likely is it?
  guess: maybe(text("", LONGEST_WORD)), // of the class, once it is revealed
  hidden: flag(), // the bars, while the class guesses
  more: flag(),
  zoom: flag(),
});

/** A guess belongs to its prompt. */
export const consequences = (before, after) => (before.prompt === after.prompt ? {} : { guess: null });

const presetOf = (examples, prompt) => examples.find((one) => one.prompt === prompt);

/** @param {import("#page/scene.js").State} state @param {import("#page/scene.js").Given} given */
export function asks({ prompt, word, guess }, { texts }) {
  const words = [...(presetOf(texts.presets, prompt)?.watch ?? []), guess ?? "", word.trim()].filter(Boolean);
  return { next: ["predict_next", { prompt, watch: [...new Set(words)] }] };
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const setPrompt = (words) => scene.set({ prompt: words });
  const prompt = textbox(scene, "prompt", texts.prompt, { rows: 1 });
  const notes = promptNotes(texts, () => setPrompt(scene.state.prompt.trimEnd()));
  const guessing = guessGame(scene);
  const chart = bars({ caption: texts.chart, zoom: tick(scene, "zoom", texts.zoom) });
  const more = toggle(scene, "more", texts.more);
  const word = wordPanel(scene);
  const article = articlePanel(texts);
  const keyboard = keyboardPanel(texts, (typed) => setPrompt(scene.state.prompt + typed));
  scene.work.append(
    prompt.node,
    ...notes.nodes,
    presets(texts.presets_label, texts.presets, (one) => scene.set({ prompt: one.prompt, word: one.word })),
    el(
      "div",
      { class: "gx-split" },
      el(
        "div",
        {},
        el("div", { class: "gx-buttons" }, guessing.hide, more),
        guessing.form,
        guessing.result,
        chart.node,
      ),
      el("div", { class: "gx-stack" }, word.node, article.node, keyboard.node),
    ),
  );
  return {
    paint(chosen, { next }) {
      const watched = new Map(next.watched.map((one) => [one.word, one]));
      const preset = presetOf(texts.presets, next.prompt);
      const rows = (preset?.watch ?? []).map((name, index) => ({
        name,
        word: watched.get(name),
        article: preset.article?.[index],
      }));
      const marked = [watched.get(chosen.guess), ...rows.map((row) => row.word)];
      more.hidden = chart.node.hidden = word.node.hidden = keyboard.node.hidden = chosen.hidden;
      notes.show(next);
      chart.draw(chartRows(texts, next, barsShown(chosen.more), marked), chosen.zoom);
      guessing.show(chosen.hidden, watched.get(chosen.guess));
      word.show(watched.get(chosen.word.trim()), next);
      article.show(chosen.hidden ? [] : rows, !!preset?.article);
      keyboard.show(next);
    },
  };
}

/** What is to be said of a prompt: that there is none, or that it ends in a space. */
function promptNotes(texts, trim) {
  const remove = button(texts.remove_space, trim, { class: "gx-button gx-small" });
  const space = el("p", { class: "gx-message gx-note", hidden: true }, texts.trailing_space, " ", remove);
  const nothing = el("p", { class: "gx-message gx-note", hidden: true });
  return {
    nodes: [space, nothing],
    show({ prompt, tokens, candidates, provenance }) {
      const [likeliest] = candidates;
      const isHeadline = /^<h\d>$/.test(likeliest.text); // what another model begins with says something else
      const headline = isHeadline ? fill(texts.empty_headline, { title: provenance.title, token: likeliest.text }) : "";
      nothing.hidden = prompt !== "";
      nothing.textContent = `${fill(texts.empty_prompt, { start: tokens[0]?.text })} ${headline}`.trim();
      space.hidden = !/[ \u00a0]$/.test(prompt);
    },
  };
}

function chartRows(texts, { candidates, other_count }, shown, words) {
  const marked = new Set(words.filter((word) => word?.tokens.length === 1).map((word) => word.tokens[0].id));
  return tokenRows(candidates, shown, other_count, texts.everything_else, ({ id, rank, logit }) => ({
    mark: marked.has(id),
    title: fill(texts.bar_title, { rank, id, logit: logit.toFixed(2) }),
  }));
}

/** The class guesses while the bars are hidden. */
function guessGame(scene) {
  const { texts } = scene;
  const box = el("input", {
    type: "text",
    maxlength: LONGEST_WORD,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const hide = toggle(scene, "hidden", texts.guess_mode);
  hide.addEventListener("click", () => {
    if (scene.state.hidden) scene.set({ guess: null });
    if (scene.state.hidden) box.focus();
  });
  const reveal = el("button", { class: "gx-button gx-main" }, texts.guess_reveal);
  const guess = field(texts.guess_label, box, { class: "gx-field gx-grow" });
  const form = el("form", { class: "gx-row gx-panel", hidden: true }, guess, reveal);
  onSubmit(form, () => {
    scene.set({ guess: box.value.trim(), hidden: false });
    hide.focus();
  });
  const result = el("p", { class: "gx-panel", role: "status", hidden: true });
  return {
    hide,
    form,
    result,
    show(hidden, word) {
      form.hidden = !hidden;
      result.hidden = !word || hidden;
      if (!word) return;
      const told = { word: word.word, probability: percent(word.probability) };
      result.textContent = word.rank
        ? fill(texts.guess_rank, { ...told, rank: whole(word.rank) })
        : fill(texts.guess_several, { ...told, count: word.tokens.length });
    },
  };
}

/** How likely is a word of the visitor's? One of several tokens is the product of their probabilities. */
function wordPanel(scene) {
  const { texts } = scene;
  const { node: box } = textbox(scene, "word", texts.how_likely, { line: true, maxlength: LONGEST_WORD });
  const result = el("div", { "aria-live": "polite" });
  function chain(tokens) {
    const links = tokens.slice(0, CHAIN_SHOWN).flatMap((token, index) => {
      const link = el("span", { class: "gx-chip" }, tokenText(token.text), el("small", {}, percent(token.probability)));
      return index ? [" × ", link] : [link];
    });
    return el("p", { class: "gx-chain" }, links, tokens.length > CHAIN_SHOWN ? " × …" : "");
  }
  return {
    node: el("div", { class: "gx-panel" }, box, result),
    show(word, { candidates, other_count }) {
      if (!word) {
        result.replaceChildren();
        return;
      }
      const said = word.rank
        ? fill(texts.rank, { rank: whole(word.rank), count: whole(other_count + candidates.length) })
        : fill(texts.chain, { count: word.tokens.length });
      result.replaceChildren(
        el("span", { class: "gx-big" }, percent(word.probability)),
        ` ${fill(texts.one_in, { odds: oneIn(word.probability) })}`,
        el("p", { class: "gx-soft" }, said),
        ...(word.rank ? [] : [chain(word.tokens)]),
      );
    },
  };
}

/** The words that the article names, beside what this model says of them; or words that are labels. */
function articlePanel(texts) {
  const node = el("div", { class: "gx-panel" });
  const line = ({ name, word, article }, best) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      article == null ? null : el("td", {}, article),
      el("td", {}, percent(word.probability), best === word ? ` ← ${texts.label_answer}` : ""),
    );
  return {
    node,
    show(rows, fromArticle) {
      node.hidden = !rows.length || rows.some((row) => !row.word);
      if (node.hidden) return;
      const columns = [texts.table_word, ...(fromArticle ? [texts.table_article] : []), texts.table_model];
      const likeliest = rows.reduce(
        (best, { word }) => (word.probability > best.probability ? word : best),
        rows[0].word,
      );
      const head = columns.map((name) => el("th", { scope: "col" }, name));
      node.replaceChildren(
        el("h3", {}, fromArticle ? texts.article_title : texts.label_title),
        el(
          "table",
          { class: "gx-table" },
          el("thead", {}, el("tr", {}, head)),
          el("tbody", {}, rows.map((row) => line(row, fromArticle ? null : likeliest))), // prettier-ignore
        ),
        el("p", { class: "gx-soft" }, fromArticle ? texts.article_why : texts.label_why),
      );
    },
  };
}

/** The likeliest words on the keys of a phone. */
function keyboardPanel(texts, type) {
  const keys = el("div", { class: "gx-keyboard", role: "group", "aria-label": texts.keyboard });
  return {
    node: el("div", { class: "gx-panel" }, el("h3", {}, texts.keyboard), keys),
    show({ candidates, control }) {
      const words = candidates.filter((one) => !control.includes(one.id)).slice(0, KEYS); // a command is no text to type
      keys.replaceChildren(
        ...words.map((one) =>
          el("button", { type: "button", class: "gx-key", onclick: () => type(one.text) }, tokenText(one.text)),
        ),
      );
    },
  };
}
