// Scene 4: two pairs of opposites become the axes.
"use strict";
genai.scenes.axes = (scene) => {
  const { el, button, field, choices, fill, plane } = genai;
  const { signed, offers, wordList, sameWord, leftOut } = genai.vectors;
  const { texts } = scene;
  const RELATED = 0.2; // a cosine from which two axes are worth a warning
  let payload = scene.payload,
    words = payload.points.slice(4).map((point) => point.word),
    start = words;

  const map = plane({ label: texts.map_label, onselect: tell });
  const ends = [texts.left, texts.right, texts.bottom, texts.top].map((label, index) => {
    const box = genai.keys.onTyped(
      el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 200 }),
      scene.debounce(() => {
        examples.forget();
        scene.refresh();
      }, 400),
    );
    box.value = payload.poles.flat()[index];
    return { box, node: field(label, box, { class: "gx-field gx-grow" }) };
  });
  const list = wordList(texts, (next, added) => ask(next, added));
  offers(scene, (word, instead) => {
    const end = ends.find(({ box }) => box.value.trim() === word);
    if (end) {
      end.box.value = instead;
      scene.refresh();
    } else list.replace(word, instead);
  });
  const examples = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], (preset) => {
    ends.forEach(({ box }, index) => {
      box.value = [...preset.horizontal, ...preset.vertical][index];
    });
    start = preset.words;
    ask([], start, false);
  });
  const showEnds = el("input", { type: "checkbox", onchange: () => draw(true) });
  const place = el("p", { role: "status" }, texts.hint),
    scale = el("p", { class: "gx-soft" }),
    relation = el("p", { class: "gx-soft" }),
    count = el("h3");
  scene.work.append(
    el(
      "div",
      { class: "gx-row gx-ends" },
      examples.node,
      ends.map(({ node }) => node),
    ),
    el(
      "div",
      { class: "gx-split gx-map-split" },
      el("div", {}, map.node, el("label", { class: "gx-switch" }, showEnds, texts.show_ends), scale, relation),
      el(
        "div",
        { class: "gx-stack" },
        el("div", { class: "gx-panel" }, place),
        el(
          "div",
          { class: "gx-panel" },
          list.form,
          el("details", {}, el("summary", {}, count), list.chips),
          button(texts.reset, () => ask([], start, false), { class: "gx-button gx-small" }),
        ),
        el("div", { class: "gx-panel" }, el("h3", {}, texts.note_title), el("p", { class: "gx-soft" }, texts.note)),
      ),
    ),
  );

  scene.refresh = () => (scene.live ? ask(words) : ask([], words, false)); // another table may lack some of the recorded ones
  async function ask(next, added = [], byHand = true) {
    const [left, right, bottom, top] = ends.map(({ box }) => box.value);
    const answer = await scene.ask(scene.server.place_words, {
      horizontal: [left, right],
      vertical: [bottom, top],
      words: next,
      added,
    });
    if (!answer) return null;
    payload = answer;
    words = payload.points
      .map((point) => point.word)
      .filter((word) => [...next, ...added].some((one) => sameWord(one, word)));
    scene.live = true;
    draw(true);
    return leftOut(scene, payload.refused, byHand);
  }
  scene.shown = () => draw();
  function draw(animate = false) {
    const poles = payload.poles.flat();
    const [[left, right], [bottom, top]] = payload.poles;
    const enlarged = !showEnds.checked && words.length > 1; // words lie close to the middle, the ends far outside
    const shown = payload.points.filter(
      (point) => !enlarged || !poles.includes(point.word) || words.includes(point.word),
    );
    map.draw(
      {
        points: shown.map((point) => ({
          ...point,
          id: point.word,
          text: point.word,
          kind: poles.includes(point.word) ? "pole" : "reference",
        })),
        cross: true,
        stretch: enlarged,
        ends: { left, right, bottom, top },
      },
      { animate },
    );
    const end = (word) => payload.points.find((point) => point.word === word);
    scale.textContent = `${fill(texts.place_scale, { x: Math.abs(end(right).x).toFixed(2), y: Math.abs(end(top).y).toFixed(2) })} ${enlarged ? texts.enlarged : ""}`;
    relation.textContent = fill(Math.abs(payload.axes_cosine) >= RELATED ? texts.dependent : texts.independent, {
      cosine: signed(payload.axes_cosine),
    });
    list.draw(words);
    count.textContent = fill(texts.on_map, { count: words.length });
    scene.origin(payload.provenance);
  }
  function tell(point) {
    const [[, right], [, top]] = payload.poles;
    place.replaceChildren(
      el("strong", {}, point.word),
      ": ",
      fill(texts.place, { x: signed(point.x), y: signed(point.y), right, top }),
    );
  }
  draw();
};
