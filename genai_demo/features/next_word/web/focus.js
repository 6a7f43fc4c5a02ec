// Scene 5: vague prompts spread the probability, concrete ones focus it; and training is a penalty for surprise.
"use strict";
genai.scenes.focus = (scene) => {
  const { el, fill, whole, percent, textbox, presets, tokenText, bars } = genai;
  const { texts } = scene,
    from = genai.partOrigins(scene);
  const sides = [side(texts.left, scene.payload.left), side(texts.right, scene.payload.right)];
  const verdict = el("p", { class: "gx-verdict", role: "status" });
  const loss = surprise(scene.payload.surprise);
  scene.work.append(
    presets(texts.presets_label, texts.presets, (preset) => {
      sides[0].set(preset.left);
      sides[1].set(preset.right);
    }),
    el("div", { class: "gx-split" }, sides[0].node, sides[1].node),
    verdict,
    loss.node,
  );
  scene.refresh = () => {
    sides.forEach((one) => one.refresh());
    loss.refresh();
  };
  scene.shown = () => {
    sides.forEach((one) => one.draw());
    compare();
  };
  document.addEventListener("gx-projector", scene.shown);
  compare();

  function side(label, start) {
    let payload = start;
    const chart = bars({ caption: label });
    const number = el("span", { class: "gx-big" }),
      line = el("p", { class: "gx-soft" });
    const ask = scene.asker();
    const refresh = async () => {
      const answer = await ask(scene.server.predict_next, { prompt: box.value, watch: [] });
      if (answer) {
        payload = answer;
        draw();
        compare();
      }
    };
    const { box, node } = textbox(label, start.prompt, scene.debounce(refresh), { rows: 1 });
    function draw() {
      number.textContent = fill(texts.choices, {
        count: payload.effective_choices < 10 ? payload.effective_choices.toFixed(1) : whole(payload.effective_choices),
      });
      line.textContent = fill(texts.entropy, { bits: payload.entropy_bits.toFixed(2) });
      const shown = payload.candidates.slice(0, 6);
      const rest = fill(texts.everything_else, {
        count: whole(payload.other_count + payload.candidates.length - shown.length),
      });
      chart.draw([
        ...shown.map((one) => ({ label: one.text, value: one.probability })),
        { rest: true, label: rest, value: Math.max(0, 1 - shown.reduce((sum, one) => sum + one.probability, 0)) },
      ]);
      from(label, payload.provenance);
    }
    draw();
    return {
      node: el("div", { class: "gx-panel" }, node, el("p", {}, number), line, chart.node),
      draw,
      refresh,
      set(text) {
        box.value = text;
        refresh();
      },
      get payload() {
        return payload;
      },
    };
  }
  function compare() {
    const [left, right] = sides.map((one) => one.payload.effective_choices);
    const ratio = left / right;
    verdict.textContent = fill(
      ratio >= 1.15 ? texts.verdict_left : ratio <= 1 / 1.15 ? texts.verdict_right : texts.verdict_equal,
      { ratio: (ratio >= 1 ? ratio : 1 / ratio).toFixed(ratio > 10 || ratio < 0.1 ? 0 : 1) },
    );
  }
  function surprise(start) {
    const total = el("p", { class: "gx-loss" });
    const list = el("ol", { class: "gx-losses", "aria-label": texts.loss_label });
    const ask = scene.asker();
    const refresh = async () => {
      const answer = await ask(scene.server.measure_surprise, { text: box.value });
      if (answer) draw(answer);
    };
    const { box, node } = textbox(texts.sentence, start.text, scene.debounce(refresh), { rows: 1 });
    function draw(payload) {
      from(texts.sentence, payload.provenance);
      const most = Math.max(20, ...payload.tokens.map((token) => token.bits));
      list.replaceChildren(
        ...payload.tokens.map((token) =>
          el(
            "li",
            {
              title:
                token.bits === null
                  ? texts.no_loss
                  : fill(texts.loss_title, { probability: percent(2 ** -token.bits) }),
            },
            el("span", { class: "gx-loss-number" }, token.bits === null ? "–" : token.bits.toFixed(1)),
            el("span", { class: "gx-loss-track" }, el("span", { style: `height:${(100 * token.bits) / most}%` })),
            tokenText(token.text),
          ),
        ),
      );
      total.replaceChildren(
        el("span", { class: "gx-big" }, fill(texts.mean, { bits: payload.mean_bits.toFixed(2) })),
        ` ${fill(texts.perplexity, { perplexity: payload.perplexity < 1000 ? payload.perplexity.toFixed(1) : whole(payload.perplexity) })}`,
      );
    }
    draw(start);
    return {
      refresh,
      node: el(
        "div",
        { class: "gx-panel" },
        el("h3", {}, texts.loss_heading),
        node,
        presets(
          texts.sentences_label,
          texts.sentences.map((text) => ({ label: text, text })),
          (preset) => {
            box.value = preset.text;
            refresh();
          },
        ),
        list,
        total,
        el("p", { class: "gx-soft" }, texts.loss_note),
      ),
    };
  }
};
