// Scene 3: sampling decides how the prediction is used. The sliders ask the server for nothing.
"use strict";
genai.scenes.sample = (scene) => {
  const { el, svg, button, fill, whole, percent, tokenText, bars } = genai;
  const { texts } = scene;
  const { promptBox, controls, seedField, barsShown } = genai.nextToken;
  const { distribution, uniform, pick } = genai.sampling;
  let payload = scene.payload,
    table = scene.payload.sliders,
    now,
    more = false;
  let drawn = 0,
    counts = new Map(),
    beyond = 0,
    lastDraw = null;

  const prompt = promptBox(scene, texts.prompt, { rows: 1 });
  const sliders = controls(scene, texts, () => {
    forgetDraws();
    draw();
  });
  const seed = seedField(scene, texts.seed, () => {
    forgetDraws();
    draw();
  });
  const chart = bars({ caption: texts.chart, zoomLabel: texts.zoom });
  const moreButton = button(
    texts.more,
    () => {
      more = !more;
      draw();
    },
    { class: "gx-button gx-small", "aria-pressed": "false" },
  );
  const kept = el("p", { class: "gx-kept" });
  const curve = svg("svg", { class: "gx-curve", viewBox: "0 0 420 190", role: "img" });
  const result = el("p", { class: "gx-draw", role: "status" }),
    askNames = scene.asker();
  scene.work.append(
    el("div", { class: "gx-row" }, el("div", { class: "gx-grow" }, prompt.node), sliders.presets),
    sliders.node,
    el(
      "div",
      { class: "gx-split gx-wide-left" },
      el(
        "div",
        {},
        el(
          "p",
          { class: "gx-legend" },
          el("span", { class: "gx-swatch gx-raw" }),
          texts.legend_raw,
          el("span", { class: "gx-swatch gx-fill" }),
          texts.legend_result,
          moreButton,
        ),
        chart.node,
      ),
      el(
        "div",
        { class: "gx-stack" },
        el(
          "div",
          { class: "gx-panel" },
          el(
            "div",
            { class: "gx-row" },
            button(texts.draw_one, () => roll(1), { class: "gx-button gx-main" }),
            button(texts.draw_hundred, () => roll(100)),
            seed.node,
          ),
          result,
        ),
        el("div", { class: "gx-panel" }, el("h3", {}, texts.curve_title), curve, kept),
      ),
    ),
  );

  scene.refresh = async () => {
    const request = { prompt: prompt.box.value };
    const answer = await scene.ask(scene.server.predict_for_sliders, request);
    if (!answer) return;
    payload = answer;
    table = null;
    forgetDraws();
    draw();
    const stops = await scene.ask(scene.server.slider_stops, request);
    if (stops) {
      table = stops;
      draw();
    }
  };
  scene.shown = () => draw();
  document.addEventListener("gx-projector", () => draw());

  function forgetDraws() {
    scene.drawn = null;
    drawn = 0;
    counts = new Map();
    beyond = 0;
    lastDraw = null;
  }
  // Until the table is there (a tenth of a second), the chart shows the raw distribution.
  const settingsNow = () => (table ? sliders.get() : { temperature: 1, top_k: 0, top_p: 1 });
  function draw() {
    const settings = settingsNow();
    now = table
      ? distribution(payload.candidates, table, settings)
      : {
          probabilities: payload.candidates.map((one) => one.probability),
          size: payload.candidates.length + payload.other_count,
          mass: 1,
        };
    scene.now = { ...now, settings, candidates: payload.candidates };
    const shown = Math.min(barsShown(more), payload.candidates.length);
    const rows = payload.candidates.slice(0, shown).map((one, index) => ({
      label: one.text,
      value: now.probabilities[index],
      raw: one.probability,
      title: fill(texts.bar_title, { raw: percent(one.probability), result: percent(now.probabilities[index]) }),
      cut: index >= now.size,
      count: counts.get(one.id),
      mark: lastDraw === one.id,
    }));
    let raw = 1,
      value = 1,
      counted = beyond;
    payload.candidates.forEach((one, index) => {
      if (index < shown) {
        raw -= one.probability;
        value -= now.probabilities[index];
      } else counted += counts.get(one.id) ?? 0;
    });
    const vocabulary = payload.candidates.length + payload.other_count;
    const label = fill(texts.everything_else, { count: whole(vocabulary - shown) });
    rows.push({
      rest: true,
      label,
      raw: Math.max(0, raw),
      value: Math.max(0, value < 1e-9 ? 0 : value),
      cut: now.size <= shown,
      count: counted,
    });
    chart.draw(rows);
    moreButton.setAttribute("aria-pressed", more);
    kept.textContent = fill(texts.kept, {
      size: whole(now.size),
      vocabulary: whole(vocabulary),
      mass: percent(now.mass),
    });
    drawCurve(settings, vocabulary);
    drawResult();
    scene.origin(payload.provenance);
  }
  function drawCurve({ temperature, top_k, top_p }, vocabulary) {
    const x = (rank) => 58 + (352 * Math.log(rank)) / Math.log(Math.max(2, vocabulary)),
      y = (mass) => 152 - 140 * mass;
    let points = [
      [1, 1],
      [vocabulary, 1],
    ];
    if (temperature > 0 && table) {
      const row = Math.round(temperature / 0.05) - 1;
      if (top_k) {
        let mass = 0;
        const cut = distribution(payload.candidates, table, { temperature, top_k, top_p: 1 });
        points = [...cut.probabilities.slice(0, cut.size)].map((p, index) => [index + 1, (mass += p)]);
      } else points = table.curve_ranks.map((rank, index) => [rank, table.curves[row][index]]);
    }
    const inside = points.filter(([rank]) => rank <= now.size);
    const path = points
      .map(([rank, mass], index) => `${index ? "L" : "M"}${x(rank).toFixed(1)} ${y(mass).toFixed(1)}`)
      .join("");
    const area = inside.length
      ? `M${x(1)} ${y(0)}${inside.map(([rank, mass]) => `L${x(rank).toFixed(1)} ${y(mass).toFixed(1)}`).join("")}L${x(now.size).toFixed(1)} ${y(inside.at(-1)[1]).toFixed(1)}L${x(now.size).toFixed(1)} ${y(0)}Z`
      : "";
    const ticks = (
      document.body.classList.contains("gx-projector") ? [1, 100, 10000] : [1, 10, 100, 1000, 10000, 100000]
    ).filter((rank) => rank <= vocabulary);
    curve.replaceChildren(
      ...[0, 0.5, 1].flatMap((mass) => [
        svg("line", { x1: 58, x2: 410, y1: y(mass), y2: y(mass), class: "gx-grid" }),
        svg("text", { x: 52, y: y(mass) + 5, "text-anchor": "end" }, `${100 * mass}%`),
      ]),
      ...ticks.map((rank) => svg("text", { x: x(rank), y: 170, "text-anchor": "middle" }, whole(rank))),
      svg("text", { x: 234, y: 187, "text-anchor": "middle" }, texts.curve_axis),
      svg("path", { d: area, class: "gx-area" }),
      svg("path", { d: path, class: "gx-line" }),
      ...(top_p < 1 && temperature > 0
        ? [
            svg("line", { x1: 58, x2: 410, y1: y(top_p), y2: y(top_p), class: "gx-level" }),
            svg(
              "text",
              { x: 410, y: y(top_p) + (top_p > 0.9 ? 16 : -5), "text-anchor": "end" },
              fill(texts.level, { p: top_p.toFixed(2) }),
            ),
          ]
        : []),
      svg("line", { x1: x(now.size), x2: x(now.size), y1: y(0), y2: y(1), class: "gx-cutline" }),
    );
    curve.setAttribute("aria-label", fill(texts.curve_description, { size: whole(now.size), mass: percent(now.mass) }));
  }

  // The seed's uniform numbers draw from the bars here; what falls beyond them is named by the server.
  async function roll(times) {
    if (!table) return;
    const settings = sliders.get(),
      names = [],
      outside = [];
    for (let i = 0; i < times; i++) {
      const number = uniform(seed.get(), drawn + i),
        index = pick(now.probabilities, number);
      if (index < 0) {
        outside.push(number);
        names.push(null);
        continue;
      }
      const one = payload.candidates[index];
      counts.set(one.id, (counts.get(one.id) ?? 0) + 1);
      names.push(one);
    }
    drawn += times;
    beyond += outside.length;
    lastDraw = times === 1 ? (names[0]?.id ?? null) : null;
    scene.drawn = { times, names, outside };
    draw();
    if (!outside.length) return;
    const mine = scene.drawn,
      answer = await askNames(scene.server.name_drawn, { prompt: payload.prompt, ...settings, uniforms: outside });
    if (!answer || scene.drawn !== mine) return;
    let next = 0;
    scene.drawn = { times, outside, names: names.map((name) => name ?? answer.tokens[next++]) };
    drawResult();
  }
  const canBeTyped = (name) => name && !name.control && !payload.control.includes(name.id); // a command is no text
  function drawResult() {
    if (!drawn) {
      result.replaceChildren(texts.draw_hint);
      return;
    }
    const { times, names, outside } = scene.drawn;
    if (times === 1) {
      result.replaceChildren(
        fill(texts.drew, { number: drawn }),
        " ",
        names[0] ? el("span", { class: "gx-chip" }, tokenText(names[0].text)) : "…",
        canBeTyped(names[0])
          ? button(texts.append, () => prompt.set(prompt.box.value + names[0].text), { class: "gx-button gx-small" })
          : "",
      );
      return;
    }
    const rare = names
      .slice()
      .filter((name) => name && !payload.candidates.some((one) => one.id === name.id))
      .slice(0, 8);
    result.replaceChildren(
      fill(texts.drew_many, { number: drawn, outside: outside.length }),
      ...(rare.length
        ? [
            " ",
            texts.rare,
            " ",
            ...rare.flatMap((name) => [el("span", { class: "gx-chip" }, tokenText(name.text)), " "]),
          ]
        : []),
    );
  }
  draw();
};
