// Scene 4: predict, append, repeat. Every written token can be gone back to.
"use strict";
genai.scenes.repeat = (scene) => {
  const { el, button, fill, whole, percent, tokenText, spoken, bars } = genai;
  const { texts } = scene;
  const { promptBox, controls, seedField } = genai.nextToken;
  let tokens = scene.payload.tokens,
    upcoming = scene.payload.upcoming,
    stop = scene.payload.stop_reason;
  let at = null; // the chip whose bars are shown; null: the bars of the next token
  const history = []; // for undo
  let before = null; // what was there when the question was asked
  let writing = false,
    base = tokens.length,
    asked = base;
  let promptNow = scene.payload.prompt,
    settingsNow = null; // what the text and the bars shown were made with

  const prompt = promptBox(scene, texts.prompt, { rows: 1 });
  const sliders = controls(
    scene,
    texts,
    scene.debounce(() => {
      if (genai.isShown(scene)) scene.refresh();
    }),
  );
  const seed = seedField(scene, texts.seed, () => {});
  const written = el("div", { class: "gx-written", tabindex: "0", role: "group", "aria-label": texts.written });
  const status = el("p", { class: "gx-soft", role: "status" });
  const barsTitle = el("h3"),
    chart = bars({ caption: texts.chart, zoomLabel: texts.zoom, choosable: true });
  // Buttons that cannot be used now stay in the tab order: a keyboard keeps its place.
  const action = (label, work, attributes) =>
    button(
      label,
      (event) => {
        if (event.currentTarget.getAttribute("aria-disabled") !== "true") work();
      },
      attributes,
    );
  const enable = (node, on) => node.setAttribute("aria-disabled", String(!on));
  // What was written for another prompt is not gone on with.
  const here = () => (prompt.box.value !== promptNow ? [] : at === null ? tokens : tokens.slice(0, at + 1));
  const one = action(texts.one, () => write(here(), 1), { class: "gx-button gx-main" });
  const many = action(texts.many, () => write(here(), 40));
  const halt = action(texts.stop, stopWriting, { class: "gx-button gx-halt" });
  const undo = action(texts.undo, () => {
    const last = history.pop();
    if (last) restore(last);
  });
  const restart = button(texts.restart, () => {
    save();
    write([], 0);
  });
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, prompt.node), sliders.presets),
    sliders.node,
    el("div", { class: "gx-row gx-writer" }, one, many, halt, undo, restart, seed.node),
    el(
      "div",
      { class: "gx-split" },
      el(
        "div",
        { class: "gx-panel" },
        el(
          "div",
          { class: "gx-row" },
          el("h3", {}, texts.written),
          genai.copyButton(() => promptNow + tokens.map((token) => token.text).join("")),
        ),
        written,
        status,
        el("p", { class: "gx-soft" }, texts.colours),
      ),
      el("div", { class: "gx-panel" }, barsTitle, chart.node),
    ),
  );

  // The first time, the live model writes the opening example again; later only a new beginning asks anew.
  scene.refresh = () => {
    if (!scene.live) write([], scene.payload.tokens.length);
    else if (prompt.box.value !== promptNow) {
      save();
      write([], 0);
    } else if (JSON.stringify(sliders.get()) !== settingsNow && !writing) write(tokens, 0);
  };
  scene.shown = () => {
    draw();
    if (scene.live) scene.refresh();
  };
  document.addEventListener("gx-projector", () => draw());
  scene.ids = () => tokens.map((token) => token.id);
  const runs = genai.runner(scene, "write", arrived);

  const save = () => history.push({ promptNow, tokens, upcoming, stop, settingsNow });
  function restore(last) {
    stopWriting();
    ({ promptNow, tokens, upcoming, stop, settingsNow } = last);
    prompt.box.value = promptNow;
    genai.nextToken.prompt.set(promptNow, scene);
    at = null;
    base = tokens.length;
    scene.refresh(); // other settings than then: other bars
    draw();
  }

  // Ask for `count` more tokens after `kept` (0: only for the bars of the next one).
  function write(kept, count) {
    if (count && scene.live) save();
    if (!writing) before = { promptNow, settingsNow, tokens, upcoming, stop };
    tokens = kept;
    base = kept.length;
    asked = count;
    stop = null;
    at = null;
    writing = true;
    promptNow = prompt.box.value;
    settingsNow = JSON.stringify(sliders.get());
    runs.start({
      prompt: prompt.box.value,
      chosen: kept.map((token) => token.id),
      ...sliders.get(),
      seed: seed.get(),
      max_new_tokens: count,
    });
    draw();
  }
  function arrived(payload) {
    if (payload.error) {
      // a refused question leaves what was there, and is asked again when it has changed
      writing = false;
      asked = 0; // whatever is there did not reach the length that was asked for
      if (tokens.length === base) ({ tokens, upcoming, stop } = before);
      if (payload.lost && tokens === before.tokens) ({ promptNow, settingsNow } = before); // not refused: asked again when it can be
      draw();
      return;
    }
    scene.live = true;
    tokens = [...tokens.slice(0, base), ...payload.tokens];
    upcoming = payload.upcoming;
    stop = payload.stop_reason;
    writing = stop === null;
    if (!writing) scene.refresh(); // the sliders may have been moved meanwhile
    scene.origin(payload.provenance);
    draw();
  }
  function stopWriting() {
    if (!writing) return;
    runs.stop();
    writing = false;
    stop = "stopped";
    if (!scene.live) scene.origin({ ...scene.payload.provenance, stays: true });
    draw();
  }
  // A click on a bar chooses that token, at the end or at the chip that was gone back to.
  function choose(bar, place) {
    save();
    const rows = place < tokens.length ? tokens[place].bars : upcoming;
    const rank = rows.indexOf(bar) + 1;
    write(
      [
        ...tokens.slice(0, place),
        { text: bar.text, id: bar.id, probability: bar.probability, rank, chosen: true, bars: rows },
      ],
      0,
    );
  }

  function situation() {
    if (writing) return asked ? texts.writing : "";
    if (stop === "end_of_sequence") return texts.end_of_sequence;
    if (stop === "context") return texts.context;
    if (stop === "stopped") return texts.stopped;
    if (!tokens.length) return texts.waiting;
    return asked > 1 ? texts.length : texts.so_far;
  }
  function draw() {
    const chips = tokens.map((token, index) => {
      const strength = Math.max(0, 1 + Math.log10(Math.max(token.probability, 0.01)) / 2); // 1 % or less: 0; 100 %: 1
      return el(
        "button",
        {
          type: "button",
          class: `gx-chip gx-word${token.chosen ? " gx-chosen" : ""}`,
          "aria-pressed": String(at === index),
          style: `--p:${strength.toFixed(2)}`,
          "aria-label": fill(texts.chip, {
            text: spoken(token.text),
            probability: percent(token.probability),
            rank: whole(token.rank),
          }),
          onclick: () => {
            at = at === index ? null : index;
            draw();
          },
        },
        tokenText(token.text),
        el("small", {}, percent(token.probability)),
      );
    });
    const focused = [...written.querySelectorAll(".gx-word")].indexOf(document.activeElement);
    written.replaceChildren(
      el("bdi", { class: "gx-prompt-text" }, promptNow),
      ...chips,
      ...(stop === "end_of_sequence" ? [el("span", { class: "gx-chip gx-special" }, texts.end_chip)] : []),
    );
    chips[focused]?.focus({ preventScroll: true });
    if (writing) written.scrollTop = written.scrollHeight;
    const place = at ?? tokens.length,
      rows = at === null ? upcoming : tokens[at].bars;
    barsTitle.textContent = at === null ? texts.bars_next : fill(texts.bars_then, { number: at + 1 });
    chart.draw(
      rows.slice(0, document.body.classList.contains("gx-projector") ? 7 : 10).map((bar) => ({
        label: bar.text,
        value: bar.sampling_probability,
        raw: bar.probability,
        cut: bar.sampling_probability === 0,
        mark: at !== null && tokens[at].id === bar.id,
        title: texts.choose,
        onchoose: () => choose(bar, place),
      })),
    );
    status.textContent = fill(situation(), { count: tokens.length });
    enable(halt, writing);
    const over = stop === "end_of_sequence" || stop === "context";
    enable(one, !writing && !over);
    enable(many, !writing && !over);
    enable(undo, history.length > 0);
  }
  scene.origin(scene.payload.provenance);
  draw();
};
