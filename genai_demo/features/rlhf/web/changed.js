// Scene 2: the tuned answer, each token marked by what the other model thinks of it.
"use strict";
genai.scenes.changed = (scene) => {
  const { el, svg, button, fill, percent, tokenText, spoken, bars, whole } = genai;
  const { stageName, ending, promptField, stageField, offerStages } = genai.rlhf;
  const { texts } = scene;
  let payload = scene.payload,
    before = null,
    writing = false,
    quiet = false,
    at = farthest();

  const prompt = promptField(scene, texts.prompt, payload.prompt, start);
  const write = button(texts.write, start, { class: "gx-button gx-main" }),
    halt = button(texts.stop, stop);
  const stage = stageField(scene, texts.stage, payload.stage, start),
    other = stageField(scene, texts.other, payload.other, start);
  const answer = el("div", { class: "gx-written", role: "group", "aria-label": texts.answer, tabindex: "0" });
  const asked = el("p", { class: "gx-soft" }),
    status = el("p", { class: "gx-soft", role: "status" }),
    share = el("p", { class: "gx-verdict" });
  const instead = el("h3"),
    names = { own: el("h4"), other: el("h4") };
  const charts = { own: bars({ caption: texts.stage }), other: bars({ caption: texts.other }) };
  const curve = svg("svg", { class: "gx-kl", viewBox: "0 0 600 90", preserveAspectRatio: "none", role: "img" });
  const curvePanel = el("div", { class: "gx-panel" }, el("h3", {}, texts.curve), curve);
  const legend = el(
    "p",
    { class: "gx-legend" },
    el("span", { class: "gx-chip gx-first" }, texts.legend_first),
    el("span", { class: "gx-chip gx-near" }, texts.legend_near),
    el("span", { class: "gx-chip gx-far" }, texts.legend_far),
  );
  const chosen = el(
    "div",
    { class: "gx-panel" },
    instead,
    el(
      "div",
      { class: "gx-pair" },
      el("div", {}, names.own, charts.own.node),
      el("div", {}, names.other, charts.other.node),
    ),
  );
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, write, halt),
    el("div", { class: "gx-row gx-settings" }, prompt.examples, stage.node, other.node),
    el(
      "div",
      { class: "gx-panel" },
      asked,
      legend,
      answer,
      el(
        "div",
        { class: "gx-row" },
        status,
        genai.copyButton(() => payload.text),
      ),
      share,
    ),
    chosen,
    curvePanel,
  );

  const runs = genai.runner(scene, "mark", arrived);
  function farthest() {
    const tokens = payload.scored?.tokens ?? [];
    return tokens.length
      ? tokens.reduce((best, token, index) => (token.kl_nats > tokens[best].kl_nats ? index : best), 0)
      : null;
  }
  function start() {
    if (stage.get() === other.get()) {
      scene.message(texts.choose_other, "gx-note");
      return;
    }
    scene.message("");
    if (!writing || quiet) before = { payload, at };
    [writing, quiet] = [true, false];
    payload = {
      ...payload,
      prompt: prompt.box.value,
      stage: stage.get(),
      other: other.get(),
      text: "",
      stop_reason: null,
      scored: null,
    };
    at = null;
    ask(80);
    draw();
  }
  const ask = (longest) =>
    runs.start({
      prompt: payload.prompt,
      stage: payload.stage,
      other: payload.other,
      temperature: 0,
      max_new_tokens: longest,
    });
  function stop() {
    if (!writing) return;
    runs.stop();
    writing = false;
    if (!scene.live) scene.origin({ ...payload.provenance, stays: true }); // the recorded example was not to be computed anew
    payload = { ...payload, stop_reason: payload.stop_reason ?? "stopped" };
    draw();
  }
  function arrived(part) {
    if (part.error) {
      if (!quiet) ({ payload, at } = before);
      writing = false;
      draw();
      return;
    }
    if (quiet && !part.scored) return;
    scene.live = true;
    payload = part;
    if (part.scored) [writing, at] = [false, farthest()];
    scene.origin(part.provenance);
    draw();
  }
  // The live model computes the recorded example anew, which stands until that is done.
  scene.refresh = async () => {
    const known = await offerStages(scene, [stage, other]);
    if (!known || scene.live || writing) return;
    payload = { ...payload, stage: stage.get(), other: other.get() };
    [writing, quiet] = [true, true];
    ask(scene.settings.recorded_tokens);
  };
  scene.shown = () => draw();
  document.addEventListener("gx-projector", () => draw());

  const kind = (token) => (token.other_rank === 1 ? "gx-first" : token.other_rank <= 3 ? "gx-near" : "gx-far");
  const isEnd = (index, tokens) => index === tokens.length - 1 && payload.stop_reason === "end_of_sequence"; // a command, and no word
  function choose(index, focus) {
    at = index;
    draw();
    if (focus) answer.querySelectorAll("button")[index]?.focus();
  }
  function draw() {
    const tokens = payload.scored?.tokens;
    const focused = [...answer.querySelectorAll("button")].indexOf(document.activeElement);
    asked.textContent = fill(texts.asked, { prompt: payload.prompt });
    answer.replaceChildren(
      ...(tokens
        ? tokens.map((token, index) =>
            el(
              "button",
              {
                type: "button",
                class: `gx-chip ${kind(token)}${isEnd(index, tokens) ? " gx-no-text" : ""}`,
                "aria-pressed": String(at === index),
                "aria-label": fill(texts.chip, {
                  text: spoken(token.text),
                  probability: percent(token.probability),
                  other: percent(token.other_probability),
                  rank: whole(token.other_rank),
                }),
                onclick: () => choose(index),
              },
              tokenText(token.text),
            ),
          )
        : [el("bdi", { class: "gx-reply" }, payload.text)]),
    );
    if (focused >= 0) answer.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
    status.textContent = writing && !quiet && payload.stop_reason !== null ? texts.waiting : ending(texts, payload);
    share.textContent =
      payload.scored?.shifted_share == null ? "" : fill(texts.share, { share: percent(payload.scored.shifted_share) });
    halt.setAttribute("aria-disabled", String(!writing));
    chosen.hidden = curvePanel.hidden = !tokens?.length;
    if (!tokens?.length) return;
    const token = tokens[at ?? 0],
      rows = document.body.classList.contains("gx-projector") ? 5 : 8;
    instead.textContent = fill(texts.at_token, { text: spoken(token.text) });
    const list = (candidates, mine) =>
      candidates
        .slice(0, rows)
        .map((one) => ({ label: one.text, value: one.probability, mark: one.id === token.id, title: mine }));
    names.own.textContent = fill(texts.by_stage, { stage: stageName(texts, payload.stage) });
    names.other.textContent = fill(texts.by_stage, { stage: stageName(texts, payload.other) });
    charts.own.draw(list(token.candidates, names.own.textContent));
    charts.other.draw(list(token.other_candidates, names.other.textContent));
    drawCurve(tokens);
  }
  function drawCurve(tokens) {
    const most = Math.max(...tokens.map((token) => token.kl_nats), 1e-9),
      wide = 600 / tokens.length;
    const top = tokens.find((token) => token.kl_nats === most) ?? tokens[0];
    curve.setAttribute(
      "aria-label",
      fill(texts.curve_label, {
        least: Math.min(...tokens.map((token) => token.kl_nats)).toFixed(2),
        most: most.toFixed(2),
        text: spoken(top.text),
      }),
    );
    curve.replaceChildren(
      ...tokens.map((token, index) => {
        const bar = svg("rect", {
          x: index * wide + 1,
          width: Math.max(1, wide - 2),
          y: 88 - (84 * token.kl_nats) / most,
          height: 2 + (84 * token.kl_nats) / most,
          class: at === index ? "gx-now" : "",
        });
        bar.append(svg("title"));
        bar.firstChild.textContent = `${token.text}: ${token.kl_nats.toFixed(2)}`;
        bar.addEventListener("click", () => choose(index, true));
        return bar;
      }),
    );
  }
  scene.state = () => ({ payload, writing, at });
  scene.origin(scene.payload.provenance);
  draw();
};
