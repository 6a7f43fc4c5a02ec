// Scene 3: a sum of words, term by term on the map; then the words nearest to where it lands.
"use strict";
genai.scenes.arithmetic = (scene) => {
  const { el, button, textbox, choices, fill, plane, onSpace, calm } = genai;
  const { signed, share, latinSwitch, neighbourBars, offers, ordinary, bare } = genai.vectors;
  const { texts } = scene;
  const STEP_MS = 1100,
    ON_MAP = 3;
  let payload = scene.payload,
    step = payload.terms.length,
    timer = null,
    looked = null;

  const typed = scene.debounce(() => {
    examples.forget();
    scene.refresh();
  }, 400);
  const { box, node: formulaNode } = textbox(texts.formula, payload.formula, typed, { rows: 1 });
  const theme = choices(texts.reference, "", [{ entries: texts.themes }], () => scene.refresh());
  const examples = choices(
    texts.examples,
    texts.examples_hint,
    [
      { label: texts.examples_work, entries: texts.presets },
      { label: texts.examples_fail, entries: texts.failures },
    ].filter((group) => group.entries.length),
    put,
  );
  function put(example) {
    box.value = example.formula;
    theme.set(texts.themes.find((one) => one.label === example.theme));
    scene.refresh();
  }
  offers(scene, (word, instead) => {
    box.value = ordinary(box.value)
      .split(/([\s+﬩﹢➕×*·⋅∙∗✕✖−‐‑‒–—―⁃﹘﹣➖-]+)/)
      .map((part) => (bare(part) === word ? instead : part))
      .join("");
    scene.refresh();
  });
  const map = plane({ label: texts.map_label, sparse: true });
  const terms = el("ol", { class: "gx-terms", "aria-label": texts.steps });
  const playButton = button(texts.play, () => (timer ? pause() : play()), { class: "gx-button gx-main" });
  const backButton = button(texts.back, () => {
    pause();
    go(step - 1);
  });
  const nextButton = button(texts.next, () => {
    pause();
    go(step + 1);
  });
  const line = el("p", { class: "gx-soft", role: "status" });
  const chart = neighbourBars({
    caption: texts.ranking,
    onchoose: (one) => {
      looked = looked === one.word ? null : one.word;
      draw();
    },
    row: (one) => ({ note: one.is_input ? texts.typed : "", mark: one.word === payload.best }),
  });
  const detail = el("p", { class: "gx-soft gx-detail", role: "status" });
  const hide = el("input", { type: "checkbox", onchange: () => draw() });
  const why = el("p", { class: "gx-message gx-note", hidden: true }),
    repeated = el("p", { class: "gx-message gx-note", hidden: true });
  const parallel = el("p", { class: "gx-soft" }),
    parallelPanel = el("div", { class: "gx-panel" }, el("h3", {}, texts.parallel_title), parallel);
  const ranking = el(
    "div",
    { class: "gx-panel gx-ranking" },
    el("h3", {}, texts.ranking),
    chart.node,
    detail,
    el(
      "div",
      { class: "gx-row" },
      el("label", { class: "gx-switch" }, hide, texts.hide_inputs),
      latinSwitch(scene, texts, () => draw()),
    ),
  );
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, formulaNode), examples.node, theme.node),
    el("div", { class: "gx-buttons" }, playButton, backButton, nextButton, terms),
    el(
      "div",
      { class: "gx-split gx-map-split gx-sum-split" },
      el("div", {}, map.node, line, why, repeated),
      el("div", { class: "gx-stack" }, ranking, parallelPanel),
    ),
  );

  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.work_out, { formula: box.value, reference: theme.get().words });
    if (!answer) {
      pause();
      return;
    }
    const same = answer.formula === payload.formula && answer.provenance.kind !== payload.provenance.kind;
    payload = answer;
    looked = null;
    pause();
    if (same || calm()) go(payload.terms.length);
    else {
      go(0);
      play();
    }
  };
  let opened = false;
  scene.shown = () => {
    draw();
    if (!opened && genai.isShown(scene) && !calm()) {
      opened = true;
      go(0);
      play();
    } // it says something without a click
  };
  onSpace(scene, () => playButton.click());

  // ── stepping: nothing is asked of the server ──
  function play() {
    if (step >= payload.terms.length) go(0);
    timer = setInterval(() => {
      go(step + 1);
      if (step >= payload.terms.length) pause();
    }, STEP_MS);
    playButton.textContent = texts.pause;
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    playButton.textContent = texts.play;
  }
  function go(to) {
    step = Math.max(0, Math.min(payload.terms.length, to));
    draw();
  }

  const sign = (term, index) => (term.weight < 0 ? "− " : index ? "+ " : "");
  const termText = (term, index) =>
    `${sign(term, index)}${Math.abs(term.weight) === 1 ? "" : `${+Math.abs(term.weight).toFixed(3)} × `}${term.word}`;
  function draw() {
    const done = step === payload.terms.length,
      at = step ? payload.steps[step - 1] : payload.origin;
    map.draw({
      points: points(done, at),
      arrows: payload.steps.slice(0, step).map((one, index) => ({
        from: index ? payload.steps[index - 1] : payload.origin,
        to: one,
        kind: payload.terms[index].weight < 0 ? "minus" : "plus",
        text: termText(payload.terms[index], index),
      })),
      xLabel: axis(0),
      yLabel: axis(1),
    });
    terms.replaceChildren(
      ...payload.terms.map((term, index) =>
        el(
          "li",
          {},
          el(
            "button",
            {
              type: "button",
              class: "gx-term",
              "aria-current": index === step - 1 ? "step" : null,
              onclick: () => {
                pause();
                go(index + 1);
              },
            },
            termText(term, index),
          ),
        ),
      ),
      el("li", {}, el("strong", {}, done ? `= ${payload.best}` : "= ?")),
    );
    line.textContent = step
      ? fill(texts.step, { number: step, count: payload.terms.length, length: at.length.toFixed(2) })
      : texts.step_start;
    backButton.disabled = step === 0;
    nextButton.disabled = done;
    ranking.classList.toggle("gx-pending", !done);
    parallelPanel.hidden = !payload.parallelogram || !done;
    if (payload.parallelogram) drawParallelogram(payload.parallelogram);
    drawDetail(chart.draw(payload.neighbours, { hideInputs: hide.checked, count: genai.vectors.projector() ? 6 : 8 }));
    const failure = texts.failures.find((one) => one.formula === payload.formula);
    why.hidden = !failure || !done;
    why.textContent = failure?.why ?? "";
    repeated.hidden = !payload.repeated.length || !!failure;
    repeated.textContent = fill(texts.repeated, { words: payload.repeated.join(", ") });
    scene.origin(payload.provenance);
  }
  const axis = (number) => fill(texts.axis, { number: number + 1, share: share(payload.explained_variance[number]) });
  function points(done, at) {
    const inputs = new Set(payload.terms.map((term) => term.word));
    const shown = payload.points.map((point) => ({
      ...point,
      id: point.word,
      text: point.word,
      kind: done && point.word === payload.best ? "answer" : inputs.has(point.word) ? "yours" : "reference",
    }));
    const there = new Set(shown.map((point) => point.word));
    const others = payload.neighbours.filter(
      (one) =>
        !there.has(one.word) &&
        (one.word === payload.best ||
          one.word === looked ||
          (!one.is_input && payload.neighbours.indexOf(one) < ON_MAP + inputs.size)),
    );
    if (done)
      shown.push(
        ...others
          .filter((one, index) => index <= ON_MAP || one.word === looked)
          .map((one) => ({
            ...one,
            id: one.word,
            text: one.word,
            kind: one.word === payload.best ? "answer" : "projected",
          })),
      );
    shown.push({ ...payload.origin, id: " 0", text: texts.zero, kind: "zero" });
    if (step) shown.push({ ...at, id: " sum", text: done ? texts.landing : "", kind: "landing" });
    return shown;
  }
  // Cosine in all dimensions beside the distance on the map: sometimes they disagree about what is near.
  function drawDetail(shown) {
    if (!shown.length) {
      detail.textContent = "";
      return;
    } // the switches may leave nothing
    const one = shown.find((other) => other.word === (looked ?? payload.best)) ?? shown[0];
    const nearer = shown.reduce((least, other) => (other.map_distance < least.map_distance ? other : least));
    const misled = nearer.map_distance < one.map_distance && nearer.similarity < one.similarity;
    detail.textContent = `${fill(texts.detail, { word: one.word, cosine: signed(one.similarity), distance: one.map_distance.toFixed(2), dimensions: payload.provenance.dimensions })} ${misled ? fill(texts.misled, { word: nearer.word, distance: nearer.map_distance.toFixed(2) }) : ""}`;
  }
  function drawParallelogram({ first, second, cosine, chance }) {
    parallel.textContent = fill(texts.parallel, {
      a: first[0],
      b: first[1],
      c: second[0],
      d: second[1],
      cosine: signed(cosine),
      chance: chance.toFixed(2),
      degrees: Math.round((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI),
    });
  }
  draw();
};
