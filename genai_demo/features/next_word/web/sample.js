// Scene 3: sampling decides how the prediction is used. The sliders ask the server for nothing.
import { cumulatedCurve } from "#features/next_word/web/curve.js";
import { afterSettings, counted, draws, named } from "#features/next_word/web/draws.js";
import { barsShown } from "#features/next_word/web/sampling.js";
import { samplingControls, settingsOf, shared, sharedFields } from "#features/next_word/web/settings.js";
import { bars } from "#page/charts.js";
import { seedBox, textbox, tick, toggle } from "#page/controls.js";
import { button, el } from "#page/dom.js";
import { flag, stop, whole as wholeNumber } from "#page/fields.js";
import { fill, percent, whole } from "#page/numbers.js";
import { tokenText } from "#page/tokens.js";

const MANY = 100; // draws at once
const MOST_DRAWS = 100_000;
const RARE_SHOWN = 8;

export const shares = shared;

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ texts, recorded }) => ({
  ...sharedFields(texts, recorded.bars.prompt),
  drawn: wholeNumber(0, 0, MOST_DRAWS), // so many times with this seed and these settings
  times: stop(1, [1, MANY]), // at once, the last time
  more: flag(),
  zoom: flag(),
});

/** Draws belong to what they were made with. */
export const consequences = (before, after) =>
  shared.some((name) => before[name] !== after[name]) ? { drawn: 0 } : {};

/**
 * The bars come first, then the table for them; and the names of what was drawn beyond them.
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} _
 * @param {Record<string, any>} answers
 */
export function asks(state, _, answers) {
  const { prompt } = state;
  const isCurrent = answers.bars.prompt === prompt;
  return {
    bars: ["predict_for_sliders", { prompt }],
    stops: isCurrent ? ["slider_stops", { prompt }] : null,
    names: isCurrent ? whoAreThey(state, answers) : null,
  };
}

function whoAreThey(state, answers) {
  if (!state.drawn) return null;
  const now = afterSettings(settingsOf(state), answers);
  const beyond = lastDraws(state, now).filter(({ at }) => at < 0);
  if (!now.table || !beyond.length) return null;
  const uniforms = beyond.map(({ number }) => number);
  return ["name_drawn", { prompt: state.prompt, ...settingsOf(state), uniforms }];
}

const lastDraws = ({ seed, drawn, times }, { probabilities }) =>
  draws(probabilities, seed, Math.max(0, drawn - times), drawn);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const prompt = textbox(scene, "prompt", texts.prompt, { rows: 1 });
  const controls = samplingControls(scene);
  const chart = bars({ caption: texts.chart, zoom: tick(scene, "zoom", texts.zoom) });
  const drawing = drawingPanel(scene);
  const curve = cumulatedCurve(texts);
  const kept = el("p", { class: "gx-kept" });
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, prompt.node), controls.presets),
    controls.node,
    el(
      "div",
      { class: "gx-split gx-wide-left" },
      el("div", {}, legend(texts, toggle(scene, "more", texts.more)), chart.node),
      el(
        "div",
        { class: "gx-stack" },
        drawing.node,
        el("div", { class: "gx-panel" }, el("h3", {}, texts.curve_title), curve.node, kept),
      ),
    ),
  );
  return {
    paint(state, answers) {
      const { candidates, other_count } = answers.bars;
      const vocabulary = candidates.length + other_count;
      const now = afterSettings(settingsOf(state), answers);
      const isDrawn = now.table && answers.bars.prompt === state.prompt;
      const all = isDrawn ? draws(now.probabilities, state.seed, 0, state.drawn) : [];
      chart.draw(chartRows(texts, state, answers.bars, now, all), state.zoom);
      curve.show(now, candidates, vocabulary);
      kept.textContent = fill(texts.kept, {
        size: whole(now.size),
        vocabulary: whole(vocabulary),
        mass: percent(now.mass),
      });
      drawing.show(state, answers, all);
    },
  };
}

const legend = (texts, more) =>
  el(
    "p",
    { class: "gx-legend" },
    el("span", { class: "gx-swatch gx-raw" }),
    texts.legend_raw,
    el("span", { class: "gx-swatch gx-fill" }),
    texts.legend_result,
    more,
  );

function chartRows(texts, { more, times }, { candidates, other_count }, { probabilities, size }, drawn) {
  const { counts, beyond } = counted(drawn, candidates.length);
  const last = times === 1 ? drawn.at(-1)?.at : -1;
  const shown = Math.min(barsShown(more), candidates.length);
  const rows = candidates.slice(0, shown).map((one, index) => ({
    label: one.text,
    value: probabilities[index],
    raw: one.probability,
    title: fill(texts.bar_title, { raw: percent(one.probability), result: percent(probabilities[index]) }),
    cut: index >= size,
    count: counts[index],
    mark: last === index,
  }));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const rest = 1 - sum(rows.map((row) => row.value));
  const everythingElse = {
    rest: true,
    label: fill(texts.everything_else, { count: whole(candidates.length + other_count - shown) }),
    raw: Math.max(0, 1 - sum(rows.map((row) => row.raw))),
    value: rest < 1e-9 ? 0 : rest,
    cut: size <= shown,
    count: beyond + sum(counts.slice(shown)),
  };
  return [...rows, everythingElse];
}

/** Buttons that draw, the seed that decides what, and what was drawn last. */
function drawingPanel(scene) {
  const { texts } = scene;
  const result = el("p", { class: "gx-draw", role: "status" });
  function roll(times) {
    const { state, answers } = scene;
    if (answers.bars.prompt !== state.prompt || !afterSettings(settingsOf(state), answers).table) return;
    scene.set({ drawn: Math.min(MOST_DRAWS, state.drawn + times), times });
  }
  const buttons = el(
    "div",
    { class: "gx-row" },
    button(texts.draw_one, () => roll(1), { class: "gx-button gx-main" }),
    button(texts.draw_hundred, () => roll(MANY)),
    seedBox(scene, "seed", texts.seed).node,
  );
  return {
    node: el("div", { class: "gx-panel" }, buttons, result),
    show(state, answers, drawn) {
      if (!drawn.length) {
        result.replaceChildren(texts.draw_hint);
        return;
      }
      const last = drawn.slice(-state.times);
      const tokens = named(last, answers.bars, namesOf(scene, state, answers));
      if (state.times === 1) result.replaceChildren(...oneDraw(scene, drawn.length, tokens[0]));
      else result.replaceChildren(...manyDraws(texts, drawn.length, last, tokens));
    },
  };
}

/** The names that belong to these draws, once they are there. */
function namesOf(scene, state, answers) {
  const question = whoAreThey(state, answers);
  const isAnswered = question && JSON.stringify(question[1]) === JSON.stringify(scene.progress("names").values);
  return isAnswered ? answers.names.tokens : null;
}

function oneDraw(scene, number, token) {
  const { texts } = scene;
  const append = () => scene.set({ prompt: scene.state.prompt + token.text });
  return [
    fill(texts.drew, { number }),
    " ",
    token ? el("span", { class: "gx-chip" }, tokenText(token.text)) : "…",
    token && !token.control ? button(texts.append, append, { class: "gx-button gx-small" }) : "", // a command is no text
  ];
}

function manyDraws(texts, number, last, tokens) {
  const outside = last.filter(({ at }) => at < 0).length;
  const rare = tokens.filter((token, index) => token && last[index].at < 0).slice(0, RARE_SHOWN);
  const chips = rare.flatMap((token) => [el("span", { class: "gx-chip" }, tokenText(token.text)), " "]);
  return [fill(texts.drew_many, { number, outside }), ...(rare.length ? [" ", texts.rare, " ", ...chips] : [])];
}
