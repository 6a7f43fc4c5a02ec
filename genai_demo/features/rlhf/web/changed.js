// Scene 2: the tuned answer, each token marked by what the other model thinks of it.
import { ASK_STAGES, ending, promptField, stageChoice, stageField, stageName } from "#features/rlhf/web/talk.js";
import { bars } from "#page/charts.js";
import { action } from "#page/controls.js";
import { button, el, projector, svg } from "#page/dom.js";
import { maybe, stop, text, whole as wholeNumber } from "#page/fields.js";
import { copyButton } from "#page/plaintext.js";
import { fill, percent, whole } from "#page/numbers.js";
import { spoken, tokenText } from "#page/tokens.js";

const LONGEST = 80; // tokens of an answer that a visitor asks for
const NEAR = 3; // the last rank that is still near the first choice
const SHOWN = 8; // bars
const PROJECTED = 5;
const CURVE = { width: 600, height: 90, tallest: 84 };

export const shares = ["prompt"];
export const onDemand = ["marked"];

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ recorded: { marked }, settings }) => ({
  prompt: text(marked.prompt),
  stage: stageChoice(marked.stage, settings),
  other: stageChoice(marked.other, settings),
  length: stop(settings.recorded_tokens, [settings.recorded_tokens, LONGEST]),
  token: maybe(wholeNumber(0, 0, LONGEST - 1)), // without one, it is where the two models are farthest apart
});

/** @param {import("#page/scene.js").State} state @returns {import("#page/questions.js").Asked} */
export const asks = ({ prompt, stage, other, length }) => ({
  stages: ASK_STAGES,
  marked: stage === other ? null : ["mark", { prompt, stage, other, temperature: 0, max_new_tokens: length }],
});

/**
 * Where the two models are farthest apart: the place of the largest KL divergence.
 * @param {readonly {kl_nats: number}[]} tokens at least one
 */
export const farthest = (tokens) =>
  tokens.reduce((best, token, index) => (token.kl_nats > tokens[best].kl_nats ? index : best), 0);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const start = (changes = {}) => scene.ask("marked", { ...changes, length: LONGEST, token: null });
  const prompt = promptField(scene, texts.prompt, start);
  const write = button(texts.write, () => start(), { class: "gx-button gx-main" });
  const halt = action(texts.stop, () => scene.stop("marked"));
  const answer = markedAnswer(scene);
  const instead = insteadPanel(scene);
  const curve = curvePanel(texts, (index) => {
    scene.set({ token: index });
    answer.focus(index);
  });
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, write, halt.node),
    el(
      "div",
      { class: "gx-row gx-settings" },
      prompt.examples,
      stageField(scene, "stage", texts.stage, start).node,
      stageField(scene, "other", texts.other, start).node,
    ),
    answer.node,
    instead.node,
    curve.node,
  );
  return {
    paint(state, { marked }) {
      const tokens = marked.scored?.tokens ?? [];
      const at = tokens.length ? (tokens[state.token] ? state.token : farthest(tokens)) : null;
      const run = scene.progress("marked");
      scene.report("same", state.stage === state.other ? texts.choose_other : "", "gx-note");
      answer.show(marked, at, run);
      instead.show(marked, tokens[at]);
      curve.show(tokens, at);
      halt.enable(run.asking !== null);
    },
  };
}

/** The answer: text while it grows, then tokens to choose from. */
function markedAnswer(scene) {
  const { texts } = scene;
  const asked = el("p", { class: "gx-soft" });
  const words = el("div", { class: "gx-written", role: "group", "aria-label": texts.answer, tabindex: "0" });
  const status = el("p", { class: "gx-soft", role: "status" });
  const share = el("p", { class: "gx-verdict" });
  const legend = el(
    "p",
    { class: "gx-legend" },
    el("span", { class: "gx-chip gx-first" }, texts.legend_first),
    el("span", { class: "gx-chip gx-near" }, texts.legend_near),
    el("span", { class: "gx-chip gx-far" }, texts.legend_far),
  );
  const copy = copyButton(() => scene.answers.marked.text);
  const focus = (index) => words.querySelectorAll("button")[index]?.focus({ preventScroll: true });
  return {
    node: el("div", { class: "gx-panel" }, asked, legend, words, el("div", { class: "gx-row" }, status, copy), share),
    focus,
    show(marked, at, run) {
      const focused = [...words.querySelectorAll("button")].indexOf(document.activeElement);
      asked.textContent = fill(texts.asked, { prompt: marked.prompt });
      words.replaceChildren(...pieces(texts, marked, at, (index) => scene.set({ token: index })));
      if (focused >= 0) focus(focused);
      const isWaiting = run.fresh && marked.stop_reason !== null && !marked.scored;
      status.textContent = isWaiting ? texts.waiting : ending(texts, marked, run);
      const shifted = marked.scored?.shifted_share;
      share.textContent = shifted == null ? "" : fill(texts.share, { share: percent(shifted) });
    },
  };
}

function pieces(texts, { text: written, scored, stop_reason }, at, choose) {
  if (!scored) return [el("bdi", { class: "gx-reply" }, written)];
  const last = scored.tokens.length - 1;
  return scored.tokens.map((token, index) => {
    const isCommand = index === last && stop_reason === "end_of_sequence"; // and no word
    return chip(texts, token, { isCommand, isChosen: index === at, onclick: () => choose(index) });
  });
}

function chip(texts, token, { isCommand, isChosen, onclick }) {
  const kind = token.other_rank === 1 ? "gx-first" : token.other_rank <= NEAR ? "gx-near" : "gx-far";
  const label = fill(texts.chip, {
    text: spoken(token.text),
    probability: percent(token.probability),
    other: percent(token.other_probability),
    rank: whole(token.other_rank),
  });
  return el(
    "button",
    {
      type: "button",
      class: `gx-chip ${kind}${isCommand ? " gx-no-text" : ""}`,
      "aria-pressed": String(isChosen),
      "aria-label": label,
      onclick,
    },
    tokenText(token.text),
  );
}

/** What each of the two models would have said at a token. */
function insteadPanel(scene) {
  const { texts } = scene;
  const title = el("h3");
  const side = (caption) => {
    const name = el("h4");
    const chart = bars({ caption });
    return { name, chart, node: el("div", {}, name, chart.node) };
  };
  const [own, other] = [side(texts.stage), side(texts.other)];
  const node = el("div", { class: "gx-panel" }, title, el("div", { class: "gx-pair" }, own.node, other.node));
  function show({ name, chart }, stage, candidates, token) {
    const by = fill(texts.by_stage, { stage: stageName(texts, stage) });
    name.textContent = by;
    chart.draw(
      candidates
        .slice(0, projector() ? PROJECTED : SHOWN)
        .map((one) => ({ label: one.text, value: one.probability, mark: one.id === token.id, title: by })),
    );
  }
  return {
    node,
    show(marked, token) {
      node.hidden = !token;
      if (!token) return;
      title.textContent = fill(texts.at_token, { text: spoken(token.text) });
      show(own, marked.stage, token.candidates, token);
      show(other, marked.other, token.other_candidates, token);
    },
  };
}

/** The KL divergence at each token, as bars to choose from. */
function curvePanel(texts, choose) {
  const viewBox = `0 0 ${CURVE.width} ${CURVE.height}`;
  const curve = svg("svg", { class: "gx-kl", viewBox, preserveAspectRatio: "none", role: "img" });
  const node = el("div", { class: "gx-panel" }, el("h3", {}, texts.curve), curve);
  return {
    node,
    show(tokens, at) {
      node.hidden = !tokens.length;
      if (!tokens.length) return;
      const top = tokens[farthest(tokens)];
      const most = Math.max(top.kl_nats, 1e-9);
      const wide = CURVE.width / tokens.length;
      const least = Math.min(...tokens.map((token) => token.kl_nats)).toFixed(2);
      const label = fill(texts.curve_label, { least, most: most.toFixed(2), text: spoken(top.text) });
      curve.setAttribute("aria-label", label);
      const bar = (token, index) => {
        const tall = (CURVE.tallest * token.kl_nats) / most;
        const place = {
          x: index * wide + 1,
          width: Math.max(1, wide - 2),
          y: CURVE.height - 2 - tall,
          height: 2 + tall,
        };
        const title = svg("title", {}, `${token.text}: ${token.kl_nats.toFixed(2)}`);
        const drawn = svg("rect", { ...place, class: at === index ? "gx-now" : "" }, title);
        drawn.addEventListener("click", () => choose(index));
        return drawn;
      };
      curve.replaceChildren(...tokens.map(bar));
    },
  };
}
