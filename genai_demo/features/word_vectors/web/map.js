// Scene 2: a map by principal components, in two dimensions or three.
"use strict";
genai.scenes.map = (scene) => {
  const { el, button, presets, fill, plane } = genai;
  const { share, sameWord, latinSwitch, neighbourBars, offers, wordList, leftOut } = genai.vectors;
  const { texts } = scene;
  let payload = scene.payload,
    start = wordsNow(),
    dimensions = 2,
    chosen = null;

  const map = plane({ label: texts.map_label, onselect: choose });
  const space = threeDimensions();
  const list = wordList(texts, (words, added) => ask(words, payload.fitted, added, true));
  offers(scene, list.replace);
  const refit = button(texts.refit, () => ask(wordsNow(), []), { class: "gx-button gx-small" });
  const reset = button(texts.reset, () => ask([], [], start), { class: "gx-button gx-small" });
  const twoButton = button(texts.dimensions_2, () => turn(2), { class: "gx-button gx-small" });
  const threeButton = button(texts.dimensions_3, () => turn(3), { class: "gx-button gx-small" });
  const title = el("h3"),
    chart = neighbourBars({ caption: texts.hover_hint });
  const hint = el("p", { class: "gx-soft" }, texts.hover_hint);
  const kept = el("p", { class: "gx-kept" }),
    projected = el("p", { class: "gx-soft" }, texts.projected),
    count = el("h3");
  const side = el("div", { class: "gx-panel", role: "status" }, title, hint, chart.node);
  scene.work.append(
    presets(texts.theme, texts.themes, (theme) => {
      start = theme.words;
      ask([], [], start);
    }),
    el(
      "div",
      { class: "gx-split gx-map-split" },
      el("div", {}, map.node, space.node, kept, projected),
      el(
        "div",
        { class: "gx-stack" },
        el(
          "div",
          { class: "gx-presets" },
          el(
            "div",
            { class: "gx-presets", role: "group", "aria-label": texts.dimensions_label },
            twoButton,
            threeButton,
          ),
          refit,
          reset,
        ),
        side,
        latinSwitch(scene, texts, () => choose(chosen)),
        el("div", { class: "gx-panel" }, list.form, el("details", {}, el("summary", {}, count), list.chips)),
      ),
    ),
  );

  // The recorded words may be more than another table has.
  scene.refresh = () => (scene.live ? ask(wordsNow(), payload.fitted) : ask([], [], wordsNow()));
  scene.shown = () => draw();
  function wordsNow() {
    return payload.points.map((point) => point.word);
  }
  // The words to show, and those whose principal components are the axes: all of them, if none are named.
  async function ask(words, fitted, added = [], byHand = false) {
    const answer = await scene.ask(scene.server.show_map, { words, fitted, added });
    if (!answer) return null;
    payload = answer;
    scene.live = true;
    draw(true);
    const newest = byHand && payload.points.find((point) => added.some((word) => sameWord(word, point.word)));
    if (newest) map.select(newest.word);
    return leftOut(scene, payload.refused, byHand);
  }
  function draw(animate = false) {
    const axes = payload.explained_variance,
      three = dimensions === 3 && axes.length > 2;
    const total = axes.slice(0, dimensions).reduce((sum, part) => sum + part, 0);
    const label = (number) => fill(texts.axis, { number: number + 1, share: share(axes[number]) });
    map.node.hidden = three;
    space.node.hidden = !three;
    twoButton.setAttribute("aria-pressed", !three);
    threeButton.setAttribute("aria-pressed", three);
    threeButton.disabled = axes.length < 3;
    if (three)
      space.draw(
        payload.points,
        axes.map((_, number) => label(number)),
      );
    else
      map.draw(
        {
          points: payload.points.map((point) => ({
            id: point.word,
            text: point.word,
            kind: point.fitted ? "reference" : "projected",
            ...point,
          })),
          xLabel: label(0),
          yLabel: label(1),
          cross: true,
        },
        { animate },
      );
    kept.textContent = fill(texts.kept, {
      axes: three ? 3 : 2,
      share: share(total),
      lost: share(1 - total),
      count: payload.fitted.length,
    });
    projected.hidden = payload.points.every((point) => point.fitted);
    count.textContent = fill(texts.on_map, { count: payload.points.length });
    list.draw(wordsNow(), (word) => !payload.points.find((point) => point.word === word).fitted);
    choose(payload.points.find((point) => point.word === chosen?.word) ?? null);
    scene.origin(payload.provenance);
  }
  function choose(point) {
    chosen = point;
    hint.hidden = !!point;
    title.hidden = chart.node.hidden = !point;
    if (!point) return;
    title.textContent = fill(texts.nearest, point);
    chart.draw(point.neighbours, { count: 6 });
  }
  function turn(to) {
    dimensions = to;
    draw();
  }

  // Plotly draws three dimensions; its script is fetched from the page's own server when it is first needed.
  function threeDimensions() {
    const node = el("div", { class: "gx-space", hidden: true });
    const frame = el("div", {
        class: "gx-space-frame",
        tabindex: "0",
        role: "application",
        "aria-label": texts.space_label,
        onkeydown: turnByKey,
      }),
      note = el("p", { class: "gx-soft" }, texts.turn);
    node.append(frame, note);
    let loaded = null,
      drawn = 0;
    const script = () =>
      (loaded ??= new Promise((resolve, reject) => {
        const root = window.gradio_config?.root ?? location.origin + location.pathname.replace(/\/$/, "");
        document.head.append(
          el("script", {
            src: `${root}/${scene.settings.plotly}`,
            onload: resolve,
            onerror: () => {
              loaded = null;
              reject();
            },
          }),
        );
      }));
    async function show(points, labels) {
      const mine = ++drawn;
      if (!window.Plotly) frame.textContent = texts.loading_3d;
      while (!window.Plotly) {
        try {
          await script();
        } catch {
          await scene.lost();
        }
        if (mine !== drawn) return;
      }
      if (!frame.data) frame.replaceChildren();
      const style = getComputedStyle(scene.node),
        colour = (name) => style.getPropertyValue(name).trim();
      const size = genai.vectors.projector() ? 20 : 13;
      const axis = (name) => ({
        title: { text: name, font: { size: size - 1 } },
        color: colour("--gx-soft"),
        gridcolor: colour("--gx-line"),
        zerolinecolor: colour("--gx-soft"),
        showbackground: false,
        showticklabels: false,
      });
      const plain = (text) => text.replace(/[<>&]/g, (sign) => ({ "<": "‹", ">": "›", "&": "+" })[sign]); // Plotly reads its texts as HTML
      const trace = {
        type: "scatter3d",
        mode: "markers+text",
        x: points.map((p) => p.x),
        y: points.map((p) => p.y),
        z: points.map((p) => p.z),
        text: points.map((p) => plain(p.word)),
        hoverinfo: "text",
        textfont: { size, color: colour("--gx-text") },
        marker: {
          size: 5,
          color: points.map((p) => colour(p.fitted ? "--gx-accent" : "--gx-warm")),
          symbol: points.map((p) => (p.fitted ? "circle" : "diamond-open")),
        },
      };
      await window.Plotly.react(
        frame,
        [trace],
        {
          uirevision: "turned",
          paper_bgcolor: "rgba(0,0,0,0)",
          margin: { l: 0, r: 0, t: 0, b: 0 },
          font: { family: style.fontFamily },
          scene: { aspectmode: "data", xaxis: axis(labels[0]), yaxis: axis(labels[1]), zaxis: axis(labels[2]) },
        },
        { responsive: true, displayModeBar: false },
      );
      frame.removeAllListeners?.("plotly_hover");
      frame.on("plotly_hover", ({ points: [hovered] }) => choose(points[hovered.pointNumber]));
    }
    const TURNS = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] };
    function turnByKey(event) {
      const by = TURNS[event.key],
        from = frame._fullLayout?.scene?.camera?.eye;
      if (!by || !from) return;
      event.preventDefault();
      const flat = Math.hypot(from.x, from.y),
        around = Math.atan2(from.y, from.x) + by[0],
        far = Math.hypot(flat, from.z);
      const up = Math.max(-1.5, Math.min(1.5, Math.atan2(from.z, flat) + by[1]));
      window.Plotly.relayout(frame, {
        "scene.camera.eye": {
          x: far * Math.cos(up) * Math.cos(around),
          y: far * Math.cos(up) * Math.sin(around),
          z: far * Math.sin(up),
        },
      });
    }
    document.addEventListener("gx-projector", () => {
      if (!node.hidden) scene.shown();
    });
    document.addEventListener("gx-dark", () => {
      if (!node.hidden) scene.shown();
    });
    return { node, draw: show };
  }
  draw();
};
