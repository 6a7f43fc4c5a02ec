// Scene 4: predict, append, repeat. Every written token can be gone back to.
import { barsShown, TEMPERATURES, TOP_PS } from "#features/next_word/web/sampling.js";
import { samplingControls, shared, sharedFields, TOP_KS } from "#features/next_word/web/settings.js";
import * as writing from "#features/next_word/web/writing.js";
import { bars } from "#page/charts.js";
import { action, seedBox, textbox, tick } from "#page/controls.js";
import { button, el } from "#page/dom.js";
import { flag, list, local, maybe, seed, stop, whole as wholeNumber } from "#page/fields.js";
import { fill, percent, whole } from "#page/numbers.js";
import { copyButton } from "#page/plaintext.js";
import { spoken, tokenText } from "#page/tokens.js";

const MANY = 40;
const LONGEST_RUN = 400;
const MOST_KEPT = 1_024;
const LARGEST_ID = 2 ** 31;
const ASK_AFTER_MS = 250;

export const shares = shared;
export const consequences = writing.consequences;

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ texts, recorded: { writing: opening } }) => ({
  ...sharedFields(texts, opening.asked.prompt),
  kept: list([], wholeNumber(0, 0, LARGEST_ID), MOST_KEPT), // ids of the tokens that are not written anew
  write: wholeNumber(opening.asked.max_new_tokens, 0, LONGEST_RUN), // so many after them
  picked: list([], wholeNumber(0, 0, MOST_KEPT), MOST_KEPT), // places of tokens that the visitor chose
  [writing.then("temperature")]: maybe(stop(1, TEMPERATURES)), // what it was written with, if it is changed since
  [writing.then("top_k")]: maybe(stop(0, TOP_KS)),
  [writing.then("top_p")]: maybe(stop(1, TOP_PS)),
  [writing.then("seed")]: maybe(seed(1)),
  at: maybe(wholeNumber(0, 0, MOST_KEPT + LONGEST_RUN)), // the token whose bars are shown; null: those of the next
  stopped: flag(), // by the visitor
  zoom: flag(),
  known: local({ prompt: "", tokens: [] }, isText), // figures of tokens that are kept
  past: local([], (all) => Array.isArray(all) && all.every(isText)), // for undo
});
const isText = (one) => typeof one?.prompt === "string" && Array.isArray(one.tokens);

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} _
 * @param {Record<string, any>} answers
 */
export const asks = (state, _, answers) => ({
  writing: writing.textQuestion(state),
  bars: writing.barsQuestion(state, answers.writing),
});

/** The text that is shown now. @param {import("#page/scene.js").Scene} scene */
export const textNow = (scene) => writing.textOf(scene.state, scene.answers, scene.progress("writing").busy);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const prompt = textbox(scene, "prompt", texts.prompt, { rows: 1 });
  const controls = samplingControls(scene, { wait: ASK_AFTER_MS });
  const buttons = writerButtons(scene);
  const page = writtenPanel(scene);
  const next = barsPanel(scene);
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, prompt.node), controls.presets),
    controls.node,
    buttons.node,
    el("div", { class: "gx-split" }, page.node, next.node),
  );
  return {
    paint(state) {
      const text = textNow(scene);
      const isWriting = isBusy(scene);
      buttons.show(state, text, isWriting);
      page.show(state, text, isWriting);
      next.show(state, text);
    },
  };
}

/** Whether a run goes on, be it only the recorded example that is written anew. */
const isBusy = (scene) => scene.progress("writing").asking !== null;

function writerButtons(scene) {
  const { texts } = scene;
  const keep = (text, changes) => scene.set({ ...writing.remembered(scene.state, text), ...changes });
  function write(count) {
    const { state } = scene;
    const text = textNow(scene);
    keep(text, writing.goOn(state, upTo(state, text), count));
  }
  function halt() {
    const { busy } = scene.progress("writing");
    if (busy && scene.state.write) scene.set({ ...writing.goOn(scene.state, textNow(scene), 0), stopped: true });
    else scene.stop("writing");
  }
  const one = action(texts.one, () => write(1), { class: "gx-button gx-main" });
  const many = action(texts.many, () => write(MANY));
  const stopping = action(texts.stop, halt, { class: "gx-button gx-halt" });
  const undo = action(texts.undo, () => scene.set(writing.undone(scene.state)));
  const restart = button(texts.restart, () => {
    const { state } = scene;
    keep(textNow(scene), writing.goOn(state, { prompt: state.prompt, tokens: [] }, 0));
  });
  const seedOf = seedBox(scene, "seed", texts.seed);
  return {
    node: el("div", { class: "gx-row gx-writer" }, one.node, many.node, stopping.node, undo.node, restart, seedOf.node),
    show({ past }, { stop_reason }, isWriting) {
      const isOver = ["end_of_sequence", "context"].includes(stop_reason);
      stopping.enable(isWriting);
      one.enable(!isWriting && !isOver);
      many.enable(!isWriting && !isOver);
      undo.enable(past.length > 0);
    },
  };
}

/** What is gone on with: what was written for another prompt is not. */
function upTo({ prompt, at }, text) {
  if (text.prompt !== prompt) return { prompt, tokens: [] };
  return { prompt, tokens: at === null ? text.tokens : text.tokens.slice(0, at + 1) };
}

/** The tokens as chips, each coloured by how much it was expected; a click goes back to it. */
function writtenPanel(scene) {
  const { texts } = scene;
  const written = el("div", { class: "gx-written", tabindex: "0", role: "group", "aria-label": texts.written });
  const status = el("p", { class: "gx-soft", role: "status" });
  const plain = () => {
    const { prompt, tokens } = textNow(scene);
    return prompt + tokens.map((token) => token.text).join("");
  };
  const heading = el("div", { class: "gx-row" }, el("h3", {}, texts.written), copyButton(plain));
  return {
    node: el("div", { class: "gx-panel" }, heading, written, status, el("p", { class: "gx-soft" }, texts.colours)),
    show(state, text, isWriting) {
      const chips = text.tokens.map((token, place) => chip(scene, token, place));
      const end = el("span", { class: "gx-chip gx-special" }, texts.end_chip);
      const focused = [...written.querySelectorAll(".gx-word")].indexOf(document.activeElement);
      written.replaceChildren(
        el("bdi", { class: "gx-prompt-text" }, text.prompt),
        ...chips,
        ...(text.stop_reason === "end_of_sequence" ? [end] : []),
      );
      chips[focused]?.focus({ preventScroll: true });
      if (isWriting) written.scrollTop = written.scrollHeight;
      status.textContent = fill(situation(texts, state, text, isWriting), { count: text.tokens.length });
    },
  };
}

function chip(scene, token, place) {
  const { texts, state } = scene;
  const strength = Math.max(0, 1 + Math.log10(Math.max(token.probability, 0.01)) / 2); // 1 % or less: 0; 100 %: 1
  const told = { text: spoken(token.text), probability: percent(token.probability), rank: whole(token.rank) };
  const attributes = {
    type: "button",
    class: `gx-chip gx-word${state.picked.includes(place) ? " gx-chosen" : ""}`,
    "aria-pressed": String(state.at === place),
    style: `--p:${strength.toFixed(2)}`,
    "aria-label": fill(texts.chip, told),
    onclick: () => scene.set({ at: scene.state.at === place ? null : place }),
  };
  return el("button", attributes, tokenText(token.text), el("small", {}, percent(token.probability)));
}

function situation(texts, { write, stopped }, { tokens, stop_reason, isCurrent }, isWriting) {
  if (isWriting && write) return texts.writing;
  if (stopped) return texts.stopped;
  if (isWriting) return "";
  if (stop_reason === "end_of_sequence") return texts.end_of_sequence;
  if (stop_reason === "context") return texts.context;
  if (!tokens.length) return texts.waiting;
  return isCurrent && stop_reason === "length" && write > 1 ? texts.length : texts.so_far;
}

/** What could come next, or could have come at the token that was gone back to; each bar can be chosen. */
function barsPanel(scene) {
  const { texts } = scene;
  const title = el("h3");
  const chart = bars({ caption: texts.chart, zoom: tick(scene, "zoom", texts.zoom), choosable: true });
  function choose(bar, place) {
    const { state } = scene;
    const text = textNow(scene);
    if (text.prompt !== state.prompt) return; // it was refused: these are bars of another one
    scene.set({ ...writing.remembered(state, text), ...writing.choose(state, text, bar, place) });
  }
  return {
    node: el("div", { class: "gx-panel" }, title, chart.node),
    show({ at, zoom }, { tokens, upcoming }) {
      const token = at === null ? undefined : tokens[at];
      const place = token ? at : tokens.length;
      title.textContent = token ? fill(texts.bars_then, { number: place + 1 }) : texts.bars_next;
      const rows = (token?.bars ?? upcoming).slice(0, barsShown(false)).map((bar) => ({
        label: bar.text,
        value: bar.sampling_probability,
        raw: bar.probability,
        cut: bar.sampling_probability === 0,
        mark: token?.id === bar.id,
        title: texts.choose,
        onchoose: () => choose(bar, place),
      }));
      chart.draw(rows, zoom);
    },
  };
}
