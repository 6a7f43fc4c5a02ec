// Scene 4: the same noise, more guidance or other words; and where each word is read.
"use strict";
genai.scenes.steer = (scene) => {
  const { el, button, fill, percent } = genai;
  const { frame, canvas, numbersOf, promptField, seedField, remark } = genai.pictures;
  const { texts } = scene,
    from = genai.partOrigins(scene);
  let payload = scene.payload;

  const prompt = promptField(scene, texts.prompt, payload.scales.prompt),
    seed = seedField(scene, texts.seed);
  const scales = el("div", { class: "gx-gallery" }),
    difference = frame(texts.difference),
    note = el("p", { class: "gx-soft", role: "status" });
  const askScales = scene.asker(),
    askPrompts = scene.asker(),
    askWords = scene.asker();
  const left = box(payload.prompts.pictures[0].prompt),
    right = box(payload.prompts.pictures[1].prompt);
  const prompts = el("div", { class: "gx-gallery" });
  scene.work.append(
    el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.scales_title),
      el(
        "div",
        { class: "gx-row" },
        prompt.node,
        seed.node,
        button(texts.draw, drawScales, { class: "gx-button gx-main" }),
      ),
      scales,
      note,
    ),
    el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.prompts_title),
      el(
        "div",
        { class: "gx-row" },
        genai.field(texts.left, left, { class: "gx-field gx-grow" }),
        genai.field(texts.right, right, { class: "gx-field gx-grow" }),
        button(texts.compare, () => drawPrompts([left.value, right.value])),
        button(texts.word_by_word, () => drawPrompts(prefixes(left.value))),
      ),
      prompts,
    ),
  );
  const wordsTitle = el("h3"),
    words = el("div", { class: "gx-gallery gx-reading" }),
    wordsNote = el("p", { class: "gx-soft" });
  scene.work.append(
    el(
      "div",
      { class: "gx-panel" },
      el("div", { class: "gx-row" }, wordsTitle, button(texts.reading_button, readWords)),
      words,
      wordsNote,
    ),
  );
  function box(value) {
    const input = el("input", { type: "text", maxlength: 2000, autocomplete: "off", spellcheck: "false" });
    input.value = value;
    return input;
  }
  // "a red apple" → "", "a", "a red", "a red apple": at most eight pictures.
  function prefixes(text) {
    const all = text.trim().split(/\s+/).filter(Boolean),
      most = 7;
    const lengths = Array.from({ length: Math.min(most, all.length) }, (_, index) =>
      Math.round(((index + 1) * all.length) / Math.min(most, all.length)),
    );
    return ["", ...lengths.map((length) => all.slice(0, length).join(" "))];
  }
  async function drawScales() {
    const asked = { prompt: prompt.box.value, seed: seed.get() },
      answer = await askScales(scene.server.steer_by_guidance, asked);
    if (answer) {
      payload = { ...payload, scales: { ...answer, prompt: asked.prompt } };
      showScales();
    }
  }
  async function drawPrompts(wanted) {
    const answer = await askPrompts(scene.server.steer_by_prompt, { prompts: wanted, seed: seed.get() });
    if (answer) {
      payload = { ...payload, prompts: answer };
      showPrompts();
    }
  }
  async function readWords() {
    const answer = await askWords(scene.server.read_words, { prompt: prompt.box.value, seed: seed.get() });
    if (answer) {
      payload = { ...payload, reading: answer };
      showWords();
    }
  }
  // The picture once for each word, dark where that word is not read.
  async function showWords() {
    const { reading } = payload,
      name = { "[CLS]": texts.reading_start, "[SEP]": texts.reading_end };
    wordsTitle.textContent = fill(texts.reading_title, { prompt: reading.prompt });
    from("reading", reading.provenance);
    if (!reading.words.length) {
      words.replaceChildren();
      wordsNote.textContent = texts.reading_none;
      return;
    }
    const rows = reading.words[0].attention.length,
      side = 64,
      numbers = await numbersOf(reading.image, side);
    if (reading !== payload.reading) return;
    wordsNote.textContent = fill(texts.reading_note, { places: `${rows} × ${rows}` });
    words.replaceChildren(
      ...reading.words.map((word) => {
        const shown = canvas("", side),
          most = Math.max(1, ...word.attention.flat());
        const light = (at) =>
          0.1 +
          (0.9 *
            word.attention[Math.floor((Math.floor(at / side) * rows) / side)][
              Math.floor(((at % side) * rows) / side)
            ]) /
            most;
        shown.paint(
          numbers.map((value, index) => (value + 1) * light(Math.floor(index / 3)) - 1),
          fill(texts.reading_word, { word: name[word.text] ?? word.text, share: percent(word.share) }),
        );
        return shown.node;
      }),
    );
  }
  function showScales() {
    scales.replaceChildren(
      ...payload.scales.pictures.map((one) => {
        const shown = frame("");
        shown.show(one.image, fill(texts.scale, { scale: one.guidance_scale }));
        return shown.node;
      }),
      difference.node,
    );
    difference.node.hidden = !payload.scales.difference;
    difference.show(
      payload.scales.difference,
      fill(texts.difference, { factor: payload.scales.amplified, scale: payload.scales.difference_scale }),
    );
    note.textContent =
      `${fill(texts.drawn_for, payload.scales)} ${remark(texts, payload.scales.unseen, payload.scales.prompt)} ${texts.noise_shown}`.trim();
    from("scales", payload.scales.provenance);
  }
  function showPrompts() {
    from("prompts", payload.prompts.provenance);
    prompts.replaceChildren(
      ...payload.prompts.pictures.map((one) => {
        const shown = frame("");
        shown.show(one.image, one.prompt.trim() || texts.nothing);
        return shown.node;
      }),
    );
  }
  function draw() {
    showScales();
    showPrompts();
    showWords();
  }
  scene.refresh = async () => {
    await drawScales();
    await drawPrompts(payload.prompts.pictures.map((one) => one.prompt));
    await readWords();
  };
  scene.shown = draw;
  draw();
};
