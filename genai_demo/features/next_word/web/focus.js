// Scene 5: vague prompts spread the probability, concrete ones focus it; and training is a penalty for surprise.
import { bars, tokenRows } from "#page/charts.js";
import { textbox } from "#page/controls.js";
import { el, presets } from "#page/dom.js";
import { text } from "#page/fields.js";
import { fill, percent, whole } from "#page/numbers.js";
import { tokenText } from "#page/tokens.js";

const BARS = 6;
const ALIKE = 1.15; // a smaller ratio of choices says nothing
const SCALE_BITS = 20; // of the bars of surprise, at least

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ recorded }) => ({
  left: text(recorded.left.prompt),
  right: text(recorded.right.prompt),
  sentence: text(recorded.surprise.text),
});

/** @param {import("#page/scene.js").State} state */
export const asks = ({ left, right, sentence }) => ({
  left: ["predict_next", { prompt: left, watch: [] }],
  right: ["predict_next", { prompt: right, watch: [] }],
  surprise: ["measure_surprise", { text: sentence }],
});

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const [left, right] = [side(scene, "left", texts.left), side(scene, "right", texts.right)];
  const verdict = el("p", { class: "gx-verdict", role: "status" });
  const loss = lossPanel(scene);
  scene.work.append(
    presets(texts.presets_label, texts.presets, (pair) => scene.set({ left: pair.left, right: pair.right })),
    el("div", { class: "gx-split" }, left.node, right.node),
    verdict,
    loss.node,
  );
  return {
    paint(_, answers) {
      left.show(answers.left);
      right.show(answers.right);
      verdict.textContent = compared(texts, answers.left.effective_choices, answers.right.effective_choices);
      loss.show(answers.surprise);
    },
  };
}

/** A prompt, and between how many tokens the model wavers. */
function side(scene, name, label) {
  const { texts } = scene;
  const chart = bars({ caption: label });
  const number = el("span", { class: "gx-big" });
  const line = el("p", { class: "gx-soft" });
  const { node: box } = textbox(scene, name, label, { rows: 1 });
  return {
    node: el("div", { class: "gx-panel" }, box, el("p", {}, number), line, chart.node),
    show({ candidates, other_count, effective_choices, entropy_bits }) {
      const count = effective_choices < 10 ? effective_choices.toFixed(1) : whole(effective_choices);
      number.textContent = fill(texts.choices, { count });
      line.textContent = fill(texts.entropy, { bits: entropy_bits.toFixed(2) });
      chart.draw(tokenRows(candidates, BARS, other_count, texts.everything_else));
    },
  };
}

function compared(texts, left, right) {
  const ratio = Math.max(left / right, right / left);
  if (ratio < ALIKE) return texts.verdict_equal;
  return fill(left > right ? texts.verdict_left : texts.verdict_right, { ratio: ratio.toFixed(ratio > 10 ? 0 : 1) });
}

/** A sentence, and what each of its tokens costs in training. */
function lossPanel(scene) {
  const { texts } = scene;
  const total = el("p", { class: "gx-loss" });
  const list = el("ol", { class: "gx-losses", "aria-label": texts.loss_label });
  const { node: box } = textbox(scene, "sentence", texts.sentence, { rows: 1 });
  const sentences = texts.sentences.map((sentence) => ({ label: sentence, sentence }));
  const node = el(
    "div",
    { class: "gx-panel" },
    el("h3", {}, texts.loss_heading),
    box,
    presets(texts.sentences_label, sentences, ({ sentence }) => scene.set({ sentence })),
    list,
    total,
    el("p", { class: "gx-soft" }, texts.loss_note),
  );
  return {
    node,
    show({ tokens, mean_bits, perplexity }) {
      const most = Math.max(SCALE_BITS, ...tokens.map((token) => token.bits));
      list.replaceChildren(...tokens.map((token) => cost(texts, token, most)));
      const shown = perplexity < 1_000 ? perplexity.toFixed(1) : whole(perplexity);
      total.replaceChildren(
        el("span", { class: "gx-big" }, fill(texts.mean, { bits: mean_bits.toFixed(2) })),
        ` ${fill(texts.perplexity, { perplexity: shown })}`,
      );
    },
  };
}

function cost(texts, { text: word, bits }, most) {
  const isPredicted = bits !== null;
  const title = isPredicted ? fill(texts.loss_title, { probability: percent(2 ** -bits) }) : texts.no_loss;
  return el(
    "li",
    { title },
    el("span", { class: "gx-loss-number" }, isPredicted ? bits.toFixed(1) : "–"),
    el("span", { class: "gx-loss-track" }, el("span", { style: `height:${(100 * bits) / most}%` })),
    tokenText(word),
  );
}
