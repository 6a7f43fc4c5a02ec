// Scene 1: text becomes tokens.
import { textbox } from "#page/controls.js";
import { el, presets } from "#page/dom.js";
import { text } from "#page/fields.js";
import { fill, whole } from "#page/numbers.js";
import { spoken, tokenText } from "#page/tokens.js";

const COLOURS = 4; // that follow one another
const TOO_LONG = 60; // tokens: the same again without its space would only fill the page

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ recorded }) => ({ text: text(recorded.tokens.text) });

/** @param {import("#page/scene.js").State} state */
export const asks = (state) => ({ tokens: ["tokenize_text", { text: state.text }] });

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const typed = textbox(scene, "text", texts.input, { wait: 150 });
  const main = panel(texts);
  const variant = panel(texts);
  scene.work.append(
    typed.node,
    presets(texts.presets_label, texts.presets, (preset) => scene.set({ text: preset.text })),
    main.node,
    variant.node,
    el("p", { class: "gx-soft" }, texts.note),
  );
  return {
    paint(_, { tokens: read }) {
      main.show(texts.result, read);
      variant.show(read.text.startsWith(" ") ? texts.without_space : texts.with_space, read.variant);
      variant.node.hidden = read.tokens.length > TOO_LONG;
    },
  };
}

/** A text cut into its tokens, each with its number. */
function panel(texts) {
  const title = el("h3");
  const chips = el("ol", { class: "gx-chips" });
  const count = el("p", { class: "gx-soft" });
  return {
    node: el("div", { class: "gx-panel" }, title, chips, count),
    show(heading, { tokens, characters, begin = 1 }) {
      title.textContent = heading;
      chips.setAttribute("aria-label", heading);
      chips.replaceChildren(
        ...tokens.map((token, index) => chip(token, index < begin ? "special" : `c${index % COLOURS}`)),
      );
      count.textContent = fill(begin ? texts.count : texts.count_bare, {
        tokens: whole(tokens.length - begin),
        characters: whole(characters),
        begin: tokens[0]?.text,
      });
    },
  };
}

function chip(token, kind) {
  const attributes = { class: `gx-chip gx-${kind}`, title: spoken(token.text) };
  return el("li", attributes, tokenText(token.text), el("small", {}, String(token.id)));
}
