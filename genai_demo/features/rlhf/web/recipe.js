// Scene 3: the three steps, with the data and the curves that they left.
// What training left is recorded, whatever model is loaded; only the rewards of ranked answers are computed now.
import { calibrationChart } from "#features/rlhf/web/calibration.js";
import { stageName } from "#features/rlhf/web/talk.js";
import { slider } from "#page/controls.js";
import { button, choices, el } from "#page/dom.js";
import { choice, stop, whole } from "#page/fields.js";
import { lineChart } from "#page/linechart.js";
import { fill, percent } from "#page/numbers.js";
import { provenance } from "#page/provenance.js";
import { words } from "#page/words.js";

const PARTS = ["demonstrations", "rankings", "reinforcement"];

const kindsOf = (story) => [...new Set(story.examples.map((one) => one.kind))];
const ofKind = (story, kind) => story.examples.filter((one) => one.kind === kind);
const stepsOf = (practice) => Object.values(practice.samples)[0].answers.map((one) => one.step);
const stepField = (run) => `${run}_step`;

/** The prompt whose reward rose most in the last run, for what was learned shows there. */
export function tellingSample(practices) {
  const gain = ([, { answers }]) => answers.at(-1).reward - answers[0].reward;
  const samples = Object.entries(Object.values(practices).at(-1).samples);
  return samples.reduce((best, one) => (gain(one) > gain(best) ? one : best))[0];
}

/** @param {import("#page/scene.js").Given} given */
export function fields({ recorded: { story, ranking } }) {
  const kinds = kindsOf(story);
  const runs = Object.keys(story.practices);
  const found = {
    part: choice(PARTS[0], PARTS),
    kind: choice(kinds[0], kinds),
    example: whole(0, 0, Math.max(...kinds.map((kind) => ofKind(story, kind).length)) - 1),
    ranking: whole(0, 0, ranking.count - 1),
  };
  if (!runs.length) return found;
  const step = ([run, practice]) => {
    const stops = stepsOf(practice);
    return [stepField(run), stop(stops.includes(practice.step) ? practice.step : stops.at(-1), stops)];
  };
  return {
    ...found,
    run: choice(runs[0], runs),
    sample: choice(tellingSample(story.practices), Object.keys(story.practices[runs[0]].samples)),
    ...Object.fromEntries(Object.entries(story.practices).map(step)),
  };
}

/** @param {import("#page/scene.js").State} state @returns {import("#page/questions.js").Asked} */
export const asks = (state) => ({
  story: ["tell_story", {}],
  ranking: ["tell_ranking", { number: state.ranking }],
});

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const steps = path(scene);
  const panels = { demonstrations: examples(scene), rankings: rankings(scene), reinforcement: reinforcement(scene) };
  scene.work.append(steps.node, ...PARTS.map((name) => panels[name].node));
  return {
    paint(state, answers) {
      steps.show(state.part);
      for (const name of PARTS) {
        panels[name].node.hidden = name !== state.part;
        panels[name].show(state, answers);
      }
    },
    provenance: ({ part }) =>
      part === "rankings"
        ? [] // what is computed now says so itself
        : [recorded(), ` ${fill(texts.recorded_line, scene.recorded.ranking.provenance)}`],
  };
}

const recorded = () => el("strong", { class: "gx-kind gx-recorded" }, words.provenance.kinds.recorded);
const signed = (number) => number.toFixed(2).replace("-", "−");

/** The way from the base model to the tuned one, whose steps are buttons. */
function path(scene) {
  const { texts } = scene;
  const labels = {
    demonstrations: [texts.step_1, texts.like_1],
    rankings: [texts.step_2, texts.like_2],
    reinforcement: [texts.step_3, texts.like_3],
  };
  const inside = ([name, like]) => [el("strong", {}, name), el("span", {}, like)];
  const steps = PARTS.map((name) => {
    const onclick = () => scene.set({ part: name });
    return el("button", { type: "button", class: "gx-path-step", onclick }, inside(labels[name]));
  });
  return {
    node: el(
      "ol",
      { class: "gx-path", "aria-label": texts.path },
      el("li", { class: "gx-path-start" }, inside([texts.step_0, texts.like_0])),
      steps.map((step) => el("li", {}, step)),
    ),
    show(part) {
      PARTS.forEach((name, index) => steps[index].setAttribute("aria-pressed", String(name === part)));
    },
  };
}

/** Curves over training steps, under a title and above a note. */
function chart(texts, title, note, curves, { axis = texts.steps_axis, sentence = texts.curve_words } = {}) {
  return el(
    "div",
    { class: "gx-panel" },
    el("h3", {}, title),
    lineChart(curves.map(([name, points]) => ({ name, points })), { axis, sentence }), // prettier-ignore
    el("p", { class: "gx-soft" }, recorded(), " ", note),
  );
}

// ── 1: demonstrations ────────────────────────────────────────────────────────────────────────────────────────────────

function examples(scene) {
  const { texts } = scene;
  const entries = kindsOf(scene.recorded.story).map((kind) => ({ label: kind.replaceAll("_", " "), kind }));
  const kind = choices(texts.kind, "", [{ entries }], (one) => scene.set({ kind: one.kind, example: 0 }));
  const next = button(texts.another, () => {
    const count = ofKind(scene.answers.story, scene.state.kind).length;
    scene.set({ example: (scene.state.example + 1) % count });
  }, { class: "gx-button gx-small" }); // prettier-ignore
  const shown = el("div", { class: "gx-stack" });
  const note = el("p", { class: "gx-soft" });
  const turn = (who, said) =>
    el("div", { class: "gx-turn" }, el("strong", {}, who), el("p", { class: "gx-reply", dir: "auto" }, said));
  const panel = el("div", { class: "gx-panel" }, el("div", { class: "gx-row" }, kind.node, next), shown, note);
  const node = el("div", { class: "gx-split" }, panel, el("div"));
  return {
    node,
    show(state, { story }) {
      const all = ofKind(story, state.kind);
      const one = all[state.example % all.length];
      kind.set(entries.find((entry) => entry.kind === state.kind));
      shown.replaceChildren(turn(texts.asked, one.prompt), turn(texts.answered, one.answer));
      note.textContent = fill(texts.demonstrations_note, { count: story.demonstrations });
      node.lastElementChild.replaceWith(
        chart(texts, texts.loss_title, texts.loss_note, [
          [texts.loss_train, story.curves["sft loss"]],
          [texts.loss_held_out, story.curves["sft held_out_loss"]],
        ]),
      );
    },
  };
}

// ── 2: rankings ──────────────────────────────────────────────────────────────────────────────────────────────────────

function rankings(scene) {
  const { texts } = scene;
  const ranking = rankingPanel(scene);
  const learned = el("div", { class: "gx-stack" });
  const inPercent = (points) => points?.map(([step, share]) => [step, 100 * share]);
  return {
    node: el("div", { class: "gx-split" }, ranking.node, learned),
    show(_, { ranking: one, story: { accuracy, calibration, curves } }) {
      ranking.show(one);
      const { sft_sft: own, base_sft: mixed } = accuracy;
      learned.hidden = own == null;
      if (own == null) return;
      const learning = [
        [texts.learning_own, inPercent(curves["reward held_out_sft_sft"])],
        [texts.learning_mixed, inPercent(curves["reward held_out_base_sft"])],
      ];
      const note = fill(texts.accuracy, { own: percent(own), mixed: percent(mixed) });
      const how = { axis: texts.prompts_axis, sentence: texts.learning_words };
      learned.replaceChildren(
        calibrationPanel(texts, calibration),
        chart(texts, texts.learning_title, note, learning, how),
      );
    },
  };
}

function rankingPanel(scene) {
  const { texts } = scene;
  const title = el("h3");
  const another = button(texts.another_ranking, () => {
    scene.set({ ranking: (scene.state.ranking + 1) % scene.answers.ranking.count });
  }, { class: "gx-button gx-small" }); // prettier-ignore
  const origin = el("p", { class: "gx-soft" });
  const list = el("ol", { class: "gx-answers" });
  const note = el("span");
  const written = ({ stage, temperature }) =>
    fill(texts.written_by, { stage: stageName(texts, stage), temperature }); // prettier-ignore
  const answer = (one) =>
    el(
      "div",
      { class: "gx-answer" },
      el("span", { class: "gx-badge" }, fill(texts.place, { place: one.place })),
      el("span", { class: "gx-reply", dir: "auto" }, one.text || texts.nothing),
      el("small", { class: "gx-soft" }, written(one)),
      one.reward == null ? null : el("strong", {}, fill(texts.reward, { reward: signed(one.reward) })),
    );
  return {
    node: el(
      "div",
      { class: "gx-panel" },
      el("div", { class: "gx-row" }, title, another),
      origin,
      list,
      el("p", {}, recorded(), " ", texts.rankings_note, " ", note),
      el(
        "details",
        { class: "gx-reads" },
        el("summary", {}, texts.rubric_title),
        el("ol", {}, texts.rubric.map((point) => el("li", {}, point))), // prettier-ignore
        el("p", { class: "gx-soft" }, texts.rubric_note),
      ),
    ),
    show({ prompt, number, count, answers, provenance: from }) {
      const isJudged = answers.some((one) => one.reward != null);
      title.textContent = fill(texts.ranking_title, { number: number + 1, count, prompt });
      note.textContent = isJudged ? texts.rewards_note : texts.rewards_missing;
      origin.replaceChildren(...(isJudged ? [texts.rewards_line, " ", ...provenance(from)] : []));
      list.replaceChildren(...answers.map((one) => el("li", {}, answer(one))));
    },
  };
}

function calibrationPanel(texts, rows) {
  const say = ([chance, right, pairs]) =>
    fill(texts.calibration_words, { chance: percent(chance), right: percent(right), pairs });
  return el(
    "div",
    { class: "gx-panel" },
    el("h3", {}, texts.calibration_title),
    calibrationChart(rows, { axis: texts.calibration_axis, say }),
    el("p", { class: "gx-soft" }, recorded(), " ", texts.calibration_note),
  );
}

// ── 3: reinforcement learning: the run that is shipped, and one for the reward alone ─────────────────────────────────

function reinforcement(scene) {
  const { texts } = scene;
  const runs = Object.keys(scene.recorded.story.practices);
  if (!runs.length) return { node: el("div", { class: "gx-split" }, el("p", {}, texts.not_yet)), show: () => {} };
  const sample = samplePanel(scene, runs);
  const lengths = el("div");
  const curves = el("div", { class: "gx-stack" });
  const klNotes = { rlhf: texts.kl_note, unleashed: texts.kl_note_unleashed };
  return {
    node: el("div", { class: "gx-split" }, el("div", { class: "gx-stack" }, sample.node, lengths), curves),
    show(state, { story }) {
      const of = (name) => story.curves[`${state.run} ${name}`];
      sample.show(state, story);
      lengths.replaceChildren(
        chart(texts, texts.length_title, texts.length_note, [[texts.length_curve, of("length")]]),
      );
      curves.replaceChildren(
        chart(texts, texts.reward_title, texts.reward_note, [[texts.reward_curve, of("reward")]]),
        chart(texts, texts.rules_title, texts.rules_note, [[texts.rules_curve, of("broken_rules")]]),
        chart(texts, texts.kl_title, klNotes[state.run], [[texts.kl_curve, of("kl")]]),
      );
    },
  };
}

/** What the model answered to one prompt at several moments of a run. */
function samplePanel(scene, runs) {
  const { texts } = scene;
  const { practices } = scene.recorded.story;
  const run = runChoice(scene, runs);
  const entries = Object.entries(practices[runs[0]].samples).map(([id, { prompt }]) => ({ label: prompt, id }));
  const prompts = choices(texts.sample_prompt, "", [{ entries }], (one) => scene.set({ sample: one.id }));
  const show = (step) => fill(texts.after, { step });
  const sliders = runs.map((name) =>
    slider(scene, stepField(name), { label: texts.checkpoint, stops: stepsOf(practices[name]), show }),
  );
  const asked = el("p", { class: "gx-soft", dir: "auto" });
  const said = el("p", { class: "gx-reply", dir: "auto" });
  const reward = el("p", { class: "gx-soft" });
  const about = el("p");
  const after = el("p", { class: "gx-soft" });
  const notes = {
    rlhf: [texts.about_run_rlhf, texts.shipped],
    unleashed: [texts.about_run_unleashed, texts.unleashed],
  };
  return {
    node: el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.sample_title),
      runs.length > 1 ? run.node : null,
      about,
      el("div", { class: "gx-wide-choice" }, prompts.node),
      el("div", {}, sliders.map((one) => one.node)), // prettier-ignore
      el("div", { role: "status" }, asked, said, reward),
      after,
    ),
    show(state, story) {
      const { samples, step: exported } = story.practices[state.run];
      const { prompt, answers } = samples[state.sample] ?? Object.values(samples)[0];
      const one = answers.find((answer) => answer.step === state[stepField(state.run)]) ?? answers.at(-1);
      run.show(state.run);
      sliders.forEach(({ node }, index) => {
        node.hidden = runs[index] !== state.run;
      });
      prompts.set(entries.find((entry) => entry.id === state.sample));
      about.textContent = notes[state.run][0];
      after.replaceChildren(recorded(), " ", fill(notes[state.run][1], { step: exported }));
      asked.textContent = `“${prompt}”`; // all of it, which the list may have cut off
      said.textContent = one.text || texts.nothing;
      reward.textContent = fill(texts.reward, { reward: signed(one.reward) });
    },
  };
}

function runChoice(scene, runs) {
  const { texts } = scene;
  const labels = { rlhf: texts.run_rlhf, unleashed: texts.run_unleashed };
  const buttons = runs.map((name) =>
    button(labels[name], () => scene.set({ run: name }), { class: "gx-button gx-small" }),
  );
  return {
    node: el("div", { class: "gx-row", role: "group", "aria-label": texts.runs }, buttons),
    show(run) {
      runs.forEach((name, index) => buttons[index].setAttribute("aria-pressed", String(name === run)));
    },
  };
}
