// Scene 3: the three steps, with the data and the curves that they left.
"use strict";
genai.scenes.recipe = (scene) => {
  const { el, svg, button, choices, fill, slider, percent } = genai;
  const { stageName } = genai.rlhf,
    signed = (number) => number.toFixed(2).replace("-", "−");
  const { texts } = scene;
  const PARTS = ["demonstrations", "rankings", "reinforcement"];
  let payload = scene.payload,
    part = "demonstrations",
    example = 0;
  // What training left is recorded, whatever model is loaded; only the rewards of ranked answers are computed now.
  const recorded = () => el("strong", { class: "gx-kind gx-recorded" }, genai.texts.ui.provenance.kinds.recorded);
  const line = scene.node.querySelector(".gx-provenance"),
    rewardsLine = el("p", { class: "gx-soft" });

  const path = el(
    "ol",
    { class: "gx-path", "aria-label": texts.path },
    el("li", { class: "gx-path-start" }, el("strong", {}, texts.step_0), el("span", {}, texts.like_0)),
  );
  const labels = {
    demonstrations: [texts.step_1, texts.like_1],
    rankings: [texts.step_2, texts.like_2],
    reinforcement: [texts.step_3, texts.like_3],
  };
  const tabs = Object.fromEntries(
    PARTS.map((name) => {
      const node = el(
        "button",
        {
          type: "button",
          class: "gx-path-step",
          onclick: () => {
            part = name;
            draw();
          },
        },
        el("strong", {}, labels[name][0]),
        el("span", {}, labels[name][1]),
      );
      path.append(el("li", {}, node));
      return [name, node];
    }),
  );
  const panels = {
    demonstrations: el("div", { class: "gx-split" }),
    rankings: el("div", { class: "gx-split" }),
    reinforcement: el("div", { class: "gx-split" }),
  };
  scene.work.append(path, ...PARTS.map((name) => panels[name]));

  // 1 ─ demonstrations
  const kinds = [...new Set(payload.examples.map((one) => one.kind))];
  const kind = choices(
    texts.kind,
    null,
    [{ entries: kinds.map((one) => ({ label: one.replaceAll("_", " "), kind: one })) }],
    () => {
      example = 0;
      drawExamples();
    },
  );
  const shown = el("div", { class: "gx-stack" });
  const nextExample = button(
    texts.another,
    () => {
      example++;
      drawExamples();
    },
    { class: "gx-button gx-small" },
  );
  panels.demonstrations.append(
    el(
      "div",
      { class: "gx-panel" },
      el("div", { class: "gx-row" }, kind.node, nextExample),
      shown,
      el("p", { class: "gx-soft" }, fill(texts.demonstrations_note, { count: payload.demonstrations })),
    ),
    chart(texts.loss_title, texts.loss_note, [
      [texts.loss_train, payload.curves["sft loss"]],
      [texts.loss_held_out, payload.curves["sft held_out_loss"]],
    ]),
  );
  function drawExamples() {
    const of = payload.examples.filter((one) => one.kind === kind.get().kind),
      one = of[example % of.length];
    shown.replaceChildren(turn(texts.asked, one.prompt), turn(texts.answered, one.answer));
  }
  const turn = (who, text) =>
    el("div", { class: "gx-turn" }, el("strong", {}, who), el("p", { class: "gx-reply", dir: "auto" }, text));

  // 2 ─ rankings
  const judged = () => payload.ranked.answers.some((one) => one.reward != null),
    rewardsNote = el("span");
  const rankingTitle = el("h3"),
    ranked = el("ol", { class: "gx-answers" });
  const another = button(texts.another_ranking, () => ask((payload.ranked.number + 1) % payload.ranked.count), {
    class: "gx-button gx-small",
  });
  const inPercent = (name) => payload.curves[name]?.map(([step, share]) => [step, 100 * share]);
  const { sft_sft: own, base_sft: mixed } = payload.accuracy;
  panels.rankings.append(
    el(
      "div",
      { class: "gx-panel" },
      el("div", { class: "gx-row" }, rankingTitle, another),
      rewardsLine,
      ranked,
      el("p", {}, recorded(), " ", texts.rankings_note, " ", rewardsNote),
      rubric(),
    ),
  );
  if (own != null) {
    panels.rankings.append(
      el(
        "div",
        { class: "gx-stack" },
        calibration(),
        chart(
          texts.learning_title,
          fill(texts.accuracy, { own: percent(own), mixed: percent(mixed) }),
          [
            [texts.learning_own, inPercent("reward held_out_sft_sft")],
            [texts.learning_mixed, inPercent("reward held_out_base_sft")],
          ],
          texts.prompts_axis,
          texts.learning_words,
        ),
      ),
    );
  }
  function rubric() {
    return el(
      "details",
      { class: "gx-reads" },
      el("summary", {}, texts.rubric_title),
      el(
        "ol",
        {},
        texts.rubric.map((point) => el("li", {}, point)),
      ),
      el("p", { class: "gx-soft" }, texts.rubric_note),
    );
  }
  // Is it as often right as it thinks? A dot on the line says so; larger dots stand for more pairs.
  function calibration() {
    const rows = payload.calibration,
      most = Math.max(...rows.map(([, , pairs]) => pairs));
    const lowest = Math.min(0.5, ...rows.map(([, right]) => right));
    const place = (share) => 120 + (share - 0.5) * 520,
      height = (share) => 160 - ((share - lowest) / (1 - lowest)) * 145;
    const words = rows
      .map(([chance, right, pairs]) =>
        fill(texts.calibration_words, { chance: percent(chance), right: percent(right), pairs }),
      )
      .join(" ");
    const picture = svg("svg", { class: "gx-lines", viewBox: "0 0 500 200", role: "img", "aria-label": words });
    for (const share of [0.5, 0.75, 1]) {
      picture.append(
        svg("line", { x1: 120, x2: 380, y1: height(share), y2: height(share), class: "gx-rule" }),
        svg("text", { x: 112, y: height(share) + 4, "text-anchor": "end" }, percent(share)),
        svg("text", { x: place(share), y: 180, "text-anchor": "middle" }, percent(share)),
      );
    }
    picture.append(
      svg("line", { x1: place(0.5), y1: height(0.5), x2: place(1), y2: height(1), class: "gx-rule gx-ideal" }),
    );
    for (const [chance, right, pairs] of rows)
      picture.append(
        svg(
          "circle",
          { cx: place(chance), cy: height(right), r: 4 + 6 * Math.sqrt(pairs / most), class: "gx-dot" },
          svg("title", {}, fill(texts.calibration_words, { chance: percent(chance), right: percent(right), pairs })),
        ),
      );
    picture.append(svg("text", { x: 250, y: 196, "text-anchor": "middle" }, texts.calibration_axis));
    return el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.calibration_title),
      picture,
      el("p", { class: "gx-soft" }, recorded(), " ", texts.calibration_note),
    );
  }
  function drawRanking() {
    const { prompt, number, count, answers } = payload.ranked;
    rankingTitle.textContent = fill(texts.ranking_title, { number: number + 1, count, prompt });
    rewardsNote.textContent = judged() ? texts.rewards_note : texts.rewards_missing;
    rewardsLine.replaceChildren(
      ...(judged() ? [texts.rewards_line, " ", ...genai.provenance(payload.ranked.provenance)] : []),
    );
    ranked.replaceChildren(
      ...answers.map((one) =>
        el(
          "li",
          {},
          el(
            "div",
            { class: "gx-answer" },
            el("span", { class: "gx-badge" }, fill(texts.place, { place: one.place })),
            el("span", { class: "gx-reply", dir: "auto" }, one.text || texts.nothing),
            el(
              "small",
              { class: "gx-soft" },
              fill(texts.written_by, { stage: stageName(texts, one.stage), temperature: one.temperature }),
            ),
            one.reward == null ? null : el("strong", {}, fill(texts.reward, { reward: signed(one.reward) })),
          ),
        ),
      ),
    );
  }

  // 3 ─ reinforcement learning: the run that is shipped, and one for the reward alone
  const runs = Object.keys(payload.practices),
    runLabels = { rlhf: texts.run_rlhf, unleashed: texts.run_unleashed };
  const runNotes = {
    rlhf: [texts.about_run_rlhf, texts.shipped, texts.kl_note],
    unleashed: [texts.about_run_unleashed, texts.unleashed, texts.kl_note_unleashed],
  };
  const runButtons = Object.fromEntries(
    runs.map((name) => [name, button(runLabels[name], () => chooseRun(name), { class: "gx-button gx-small" })]),
  );
  const runNote = el("p"),
    asked = el("div", { class: "gx-wide-choice" }),
    checkpoint = el("div"),
    runAfter = el("p", { class: "gx-soft" });
  const sampledFor = el("p", { class: "gx-soft", dir: "auto" }),
    sampled = el("p", { class: "gx-reply", dir: "auto" }),
    sampledReward = el("p", { class: "gx-soft" });
  const lengths = el("div"),
    runCurves = el("div", { class: "gx-stack" });
  // The prompt that both runs show: at first the one whose reward rose most in the last run, for what was learned shows there.
  const gain = ({ answers }) => answers.at(-1).reward - answers[0].reward;
  let chosenPrompt = runs.length
    ? Object.values(payload.practices[runs.at(-1)].samples).reduce((best, one) => (gain(one) > gain(best) ? one : best))
        .prompt
    : null;
  if (!runs.length) panels.reinforcement.append(el("p", {}, texts.not_yet));
  else {
    panels.reinforcement.append(
      el(
        "div",
        { class: "gx-stack" },
        el(
          "div",
          { class: "gx-panel" },
          el("h3", {}, texts.sample_title),
          runs.length > 1
            ? el("div", { class: "gx-row", role: "group", "aria-label": texts.runs }, ...Object.values(runButtons))
            : null,
          runNote,
          asked,
          checkpoint,
          el("div", { role: "status" }, sampledFor, sampled, sampledReward),
          runAfter,
        ),
        lengths,
      ),
      runCurves,
    );
    chooseRun(runs[0]);
  }
  function chooseRun(run) {
    const { samples, step: exported } = payload.practices[run],
      [about, after, klNote] = runNotes[run];
    for (const name of runs) runButtons[name].setAttribute("aria-pressed", String(name === run));
    runNote.textContent = about;
    runAfter.replaceChildren(recorded(), " ", fill(after, { step: exported }));
    const entries = Object.values(samples).map((one) => ({ label: one.prompt, answers: one.answers }));
    const prompts = choices(texts.sample_prompt, null, [{ entries }], drawSample);
    prompts.set(entries.find((one) => one.label === chosenPrompt) ?? entries[0]);
    const steps = Object.values(samples)[0].answers.map((one) => one.step);
    const scrub = slider({
      label: texts.checkpoint,
      stops: steps,
      value: steps.includes(exported) ? exported : steps.at(-1),
      show: (step) => fill(texts.after, { step }),
      onmove: drawSample,
    });
    asked.replaceChildren(prompts.node);
    checkpoint.replaceChildren(scrub.node);
    lengths.replaceChildren(
      chart(texts.length_title, texts.length_note, [[texts.length_curve, payload.curves[`${run} length`]]]),
    );
    runCurves.replaceChildren(
      chart(texts.reward_title, texts.reward_note, [[texts.reward_curve, payload.curves[`${run} reward`]]]),
      chart(texts.rules_title, texts.rules_note, [[texts.rules_curve, payload.curves[`${run} broken_rules`]]]),
      chart(texts.kl_title, klNote, [[texts.kl_curve, payload.curves[`${run} kl`]]]),
    );
    function drawSample() {
      const one = prompts.get().answers.find((answer) => answer.step === scrub.get());
      chosenPrompt = prompts.get().label;
      sampledFor.textContent = `“${chosenPrompt}”`; // all of it, which the list may have cut off
      sampled.textContent = one.text || texts.nothing;
      sampledReward.textContent = fill(texts.reward, { reward: signed(one.reward) });
    }
    drawSample();
  }

  // Curves over training steps; each is named at its end and in words for those who do not see it.
  function chart(title, note, curves, axis = texts.steps_axis, sentence = texts.curve_words) {
    const given = curves.filter(([, points]) => points?.length);
    const all = given.flatMap(([, points]) => points),
      last = Math.max(...all.map(([step]) => step), 1);
    const low = Math.min(0, ...all.map(([, value]) => value)),
      high = Math.max(...all.map(([, value]) => value), 1e-9);
    const x = (step) => 44 + (step / last) * 440,
      y = (value) => 150 - ((value - low) / (high - low)) * 138;
    const words = given
      .map(([name, points]) =>
        fill(sentence, { name, first: points[0][1].toFixed(2), last: points.at(-1)[1].toFixed(2), steps: last }),
      )
      .join(" ");
    const picture = svg("svg", { class: "gx-lines", viewBox: "0 0 500 176", role: "img", "aria-label": words });
    for (const value of [low, (low + high) / 2, high]) {
      picture.append(
        svg("line", { x1: 44, x2: 484, y1: y(value), y2: y(value), class: "gx-rule" }),
        svg(
          "text",
          { x: 40, y: y(value) + 4, "text-anchor": "end" },
          (Math.abs(value) < 0.05 ? 0 : value).toFixed(high > 20 ? 0 : 1),
        ),
      );
    }
    picture.append(svg("text", { x: 484, y: 172, "text-anchor": "end" }, fill(axis, { steps: last })));
    given.forEach(([name, points], index) =>
      picture.append(
        svg("polyline", {
          points: points.map(([step, value]) => `${x(step)},${y(value)}`).join(" "),
          class: `gx-line-${index}`,
        }),
        svg(
          "text",
          {
            x: 484,
            y: Math.max(26, y(points.at(-1)[1]) + (index ? -8 : 18)),
            "text-anchor": "end",
            class: `gx-line-${index}`,
          },
          name,
        ),
      ),
    );
    return el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, title),
      picture,
      el("p", { class: "gx-soft" }, recorded(), " ", note),
    );
  }

  async function ask(number) {
    const found = await scene.ask(scene.server.tell_ranking, { number });
    if (!found) return;
    payload = { ...payload, ranked: found };
    draw();
  }
  scene.refresh = () => ask(payload.ranked.number);
  function draw() {
    for (const name of PARTS) {
      tabs[name].setAttribute("aria-pressed", String(part === name));
      panels[name].hidden = part !== name;
    }
    drawExamples();
    drawRanking();
    line.replaceChildren(
      ...(part === "rankings" ? [] : [recorded(), ` ${fill(texts.recorded_line, scene.payload.provenance)}`]),
    );
  }
  scene.state = () => ({ payload, part, writing: false });
  draw();
};
