// Scene 4: predict, append, repeat. Every written token can be gone back to.
"use strict";
genai.scenes.repeat = (scene) => {
  const { el, button, fill, whole, percent, tokenText, spoken, bars } = genai;
  const { texts } = scene;
  const { promptBox, controls, seedField } = genai.nextToken;
  let tokens = scene.payload.tokens, upcoming = scene.payload.upcoming, stop = scene.payload.stop_reason;
  let at = null;            // the chip whose bars are shown; null: the bars of the next token
  let history = [];         // for undo
  let run = 0, writing = false, base = tokens.length;
  let answered = 0, haltWhenAnswered = 0;   // Gradio can only cancel a run that the server has begun

  const prompt = promptBox(scene, texts.prompt, { rows: 1 });
  const sliders = controls(scene, texts, () => {});
  const seed = seedField(scene, texts.seed, () => {});
  const written = el("div", { class: "gx-written", tabindex: "0", role: "group", "aria-label": texts.written });
  const status = el("p", { class: "gx-soft", role: "status" });
  const barsTitle = el("h3"), chart = bars({ caption: texts.chart, zoomLabel: texts.zoom, choosable: true });
  const one = button(texts.one, () => write(tokens, 1), { class: "gx-button gx-main" });
  const many = button(texts.many, () => write(tokens, 40));
  const halt = button(texts.stop, stopWriting, { disabled: true, class: "gx-button gx-halt" });
  const undo = button(texts.undo, () => { const before = history.pop(); if (before) restore(before); });
  const restart = button(texts.restart, () => { save(); write([], 0); });
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, prompt.node), sliders.presets),
    sliders.node,
    el("div", { class: "gx-row gx-writer" }, one, many, halt, undo, restart, seed.node),
    el("div", { class: "gx-split" },
      el("div", { class: "gx-panel" }, el("h3", {}, texts.written), written, status, el("p", { class: "gx-soft" }, texts.colours)),
      el("div", { class: "gx-panel" }, barsTitle, chart.node)));

  // The first time, the live model writes the opening example again; later only a new beginning asks anew.
  scene.refresh = () => {
    if (!scene.live) write([], scene.payload.tokens.length);
    else if (prompt.box.value !== scene.promptNow) write([], 0);
  };
  scene.shown = () => draw();
  document.addEventListener("gx-projector", () => draw());
  scene.ids = () => tokens.map((token) => token.id);
  scene.watch("value", () => arrived(scene.props.value));

  const save = () => history.push({ tokens, upcoming, stop });
  function restore(before) { stopWriting(); ({ tokens, upcoming, stop } = before); at = null; draw(); }

  // Ask for `count` more tokens after `kept` (0: only for the bars of the next one).
  function write(kept, count) {
    if (count && scene.live) save();
    run += 1;
    tokens = kept;
    base = kept.length;
    stop = null;
    at = null;
    writing = true;
    scene.promptNow = prompt.box.value;
    scene.message("");
    scene.trigger("write", { run, prompt: prompt.box.value, chosen: kept.map((token) => token.id), ...sliders.get(), seed: seed.get(), max_new_tokens: count });
    draw();
  }
  function arrived(payload) {
    if (!payload?.request) return;
    answered = payload.request.run;
    if (answered === haltWhenAnswered) { haltWhenAnswered = 0; scene.trigger("halt", {}); }
    if (answered !== run) return;   // an answer that is no longer wanted
    if (payload.error) {
      writing = false;
      scene.message(payload.error, payload.loading ? "gx-note" : "gx-error");
      draw();
      return;
    }
    scene.live = true;
    tokens = [...tokens.slice(0, base), ...payload.tokens];
    upcoming = payload.upcoming;
    stop = payload.stop_reason;
    writing = stop === null;
    scene.origin(payload.provenance);
    draw();
  }
  function stopWriting() {
    if (!writing) return;
    if (answered === run) scene.trigger("halt", {}); else haltWhenAnswered = run;
    run += 1;
    writing = false;
    stop = "stopped";
    draw();
  }
  // A click on a bar chooses that token, at the end or at the chip that was gone back to.
  function choose(bar, place) {
    save();
    const rows = place < tokens.length ? tokens[place].bars : upcoming;
    const rank = rows.indexOf(bar) + 1;
    write([...tokens.slice(0, place), { text: bar.text, id: bar.id, probability: bar.probability, rank, chosen: true, bars: rows }], 0);
  }

  const ended = (reason) => ({ end_of_sequence: texts.end_of_sequence, length: texts.length, stopped: texts.stopped })[reason] ?? "";
  function draw() {
    const chips = tokens.map((token, index) => {
      const strength = Math.max(0, 1 + Math.log10(Math.max(token.probability, 0.01)) / 2);   // 1 % or less: 0; 100 %: 1
      return el("button", { type: "button", class: `gx-chip gx-word${token.chosen ? " gx-chosen" : ""}`, "aria-pressed": String(at === index),
        style: `--p:${strength.toFixed(2)}`, "aria-label": fill(texts.chip, { text: spoken(token.text), probability: percent(token.probability), rank: whole(token.rank) }),
        onclick: () => { at = at === index ? null : index; draw(); } }, tokenText(token.text), el("small", {}, percent(token.probability)));
    });
    written.replaceChildren(el("bdi", { class: "gx-prompt-text" }, scene.promptNow ?? scene.payload.prompt ?? ""), ...chips, ...(stop === "end_of_sequence" ? [el("span", { class: "gx-chip gx-special" }, texts.end_chip)] : []));
    if (writing) written.scrollTop = written.scrollHeight;
    const place = at ?? tokens.length, rows = at === null ? upcoming : tokens[at].bars;
    barsTitle.textContent = at === null ? texts.bars_next : fill(texts.bars_then, { number: at + 1 });
    chart.draw(rows.slice(0, document.body.classList.contains("gx-projector") ? 7 : 10).map((bar) => ({
      label: bar.text, value: bar.sampling_probability, raw: bar.probability, cut: bar.sampling_probability === 0,
      mark: at !== null && tokens[at].id === bar.id, title: texts.choose, onchoose: () => choose(bar, place) })));
    status.textContent = writing ? texts.writing : fill(tokens.length || stop === "stopped" ? ended(stop) : texts.waiting, { count: tokens.length });
    halt.disabled = !writing;
    one.disabled = many.disabled = writing || stop === "end_of_sequence";
    undo.disabled = !history.length;
  }
  scene.origin(scene.payload.provenance);
  draw();
};
