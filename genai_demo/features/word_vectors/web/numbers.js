// Scene 1: a word is a list of numbers, and similarity is a sum of products.
"use strict";
genai.scenes.numbers = (scene) => {
  const { el, field, presets, fill, whole } = genai;
  const { signed, latinSwitch, neighbourBars, offers } = genai.vectors;
  const { texts } = scene;
  const COLUMNS = 64;
  let payload = scene.payload;

  const boxes = [texts.first, texts.second].map((label, index) => {
    const box = genai.keys.onTyped(
      el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 200 }),
      scene.debounce(() => scene.refresh()),
    );
    box.value = payload.words[index].word;
    return { box, node: field(label, box, { class: "gx-field gx-grow" }) };
  });
  const put = (words) => {
    boxes.forEach(({ box }, index) => {
      box.value = words[index];
    });
    scene.refresh();
  };
  offers(scene, (word, instead) => put(boxes.map(({ box }) => (box.value.trim() === word ? instead : box.value))));

  const strips = [strip(), strip(), strip()];
  const number = el("span", { class: "gx-big" }),
    verdict = el("span");
  const charts = [0, 1].map(() => neighbourBars({ caption: texts.nearest }));
  const titles = [el("h3"), el("h3")];
  const inside = el("p", { class: "gx-soft" }, texts.inside);
  const legend = el(
    "p",
    { class: "gx-legend" },
    el("span", { class: "gx-swatch gx-negative" }),
    texts.negative,
    el("span", { class: "gx-swatch gx-positive" }),
    texts.positive,
  );
  scene.work.append(
    el(
      "div",
      { class: "gx-row" },
      boxes.map(({ node }) => node),
    ),
    presets(texts.presets_label, texts.presets, (preset) => put(preset.words)),
    el(
      "div",
      { class: "gx-split gx-strips" },
      strips.slice(0, 2).map((one) => one.node),
    ),
    el(
      "div",
      { class: "gx-split gx-strips" },
      strips[2].node,
      el(
        "div",
        { class: "gx-panel gx-cosine", role: "status" },
        el("p", {}, number),
        el("p", {}, verdict),
        el("p", { class: "gx-soft" }, texts.scale),
        legend,
      ),
    ),
    el(
      "div",
      { class: "gx-split" },
      charts.map((chart, index) => el("div", {}, titles[index], chart.node)),
    ),
    el(
      "div",
      { class: "gx-row" },
      latinSwitch(scene, texts, () => draw()),
      inside,
    ),
  );

  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.compare_words, { words: boxes.map(({ box }) => box.value) });
    if (answer) {
      payload = answer;
      draw();
    }
  };
  scene.shown = () => draw();
  document.addEventListener("gx-dark", () => draw());

  function draw() {
    const [first, second] = payload.words,
      count = first.numbers.length;
    const largest = Math.max(...[...first.numbers, ...second.numbers].map(Math.abs));
    const products = first.numbers.map((value, index) => value * second.numbers[index]);
    [first, second].forEach((one, index) =>
      strips[index].draw(fill(texts.strip, { word: one.word, count }), one.numbers, largest, 3),
    );
    strips[2].draw(fill(texts.product, { count }), products, Math.max(...products.map(Math.abs)), 5);
    number.textContent = signed(payload.cosine);
    verdict.textContent = fill(texts.verdict, { first: first.word, second: second.word });
    charts.forEach((chart, index) => {
      titles[index].textContent = fill(texts.nearest, payload.words[index]);
      chart.list.setAttribute("aria-label", titles[index].textContent);
      chart.draw(payload.words[index].neighbours, { count: 6 });
    });
    inside.hidden = !payload.provenance.inside_model;
    scene.origin(payload.provenance);
  }

  // A strip of cells, row by row from the top left: colour says the sign, strength says the size.
  function strip() {
    const title = el("h3"),
      canvas = el("canvas", { class: "gx-strip", role: "img" });
    let shown = [],
      digits = 3;
    canvas.addEventListener("pointermove", (event) => {
      const rows = Math.ceil(shown.length / COLUMNS),
        frame = canvas.getBoundingClientRect();
      const index =
        Math.floor(((event.clientY - frame.top) / frame.height) * rows) * COLUMNS +
        Math.floor(((event.clientX - frame.left) / frame.width) * COLUMNS);
      canvas.title =
        index in shown ? fill(texts.cell, { index: whole(index + 1), value: signed(shown[index], digits) }) : "";
    });
    function fillCells(label, numbers, largest, precision) {
      [shown, digits] = [numbers, precision];
      title.textContent = label;
      canvas.setAttribute("aria-label", label);
      canvas.width = COLUMNS;
      canvas.height = Math.ceil(numbers.length / COLUMNS);
      const pen = canvas.getContext("2d"),
        style = getComputedStyle(scene.node);
      numbers.forEach((value, index) => {
        pen.fillStyle = style.getPropertyValue(value < 0 ? "--gx-minus" : "--gx-plus");
        pen.globalAlpha = Math.sqrt(Math.abs(value) / (largest || 1));
        pen.fillRect(index % COLUMNS, Math.floor(index / COLUMNS), 1, 1);
      });
    }
    return { node: el("div", {}, title, canvas), draw: fillCells };
  }
  draw();
};
