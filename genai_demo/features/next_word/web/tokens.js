// Scene 1: text becomes tokens.
"use strict";
genai.scenes.tokens = (scene) => {
  const { el, textbox, presets, fill, whole, tokenText, spoken } = genai;
  const { texts } = scene;
  const refresh = async () => {
    const answer = await scene.ask(scene.server.tokenize_text, { text: box.value });
    if (answer) draw(answer);
  };
  scene.refresh = refresh;
  const { box, node } = textbox(texts.input, scene.payload.text, scene.debounce(refresh, 150));
  const main = panel(),
    variant = panel();
  scene.work.append(
    node,
    presets(texts.presets_label, texts.presets, (preset) => {
      box.value = preset.text;
      refresh();
    }),
    main.node,
    variant.node,
    el("p", { class: "gx-soft" }, texts.note),
  );
  draw(scene.payload);

  function panel() {
    const title = el("h3"),
      chips = el("ol", { class: "gx-chips" }),
      count = el("p", { class: "gx-soft" });
    return { node: el("div", { class: "gx-panel" }, title, chips, count), title, chips, count };
  }
  function fillPanel(part, title, result) {
    const begin = result.begin ?? 1; // recorded answers are of a model whose texts begin with <bos>
    part.title.textContent = title;
    part.chips.setAttribute("aria-label", title);
    part.chips.replaceChildren(
      ...result.tokens.map((token, index) =>
        el(
          "li",
          { class: `gx-chip ${index < begin ? "gx-special" : `gx-c${index % 4}`}`, title: spoken(token.text) },
          tokenText(token.text),
          el("small", {}, String(token.id)),
        ),
      ),
    );
    part.count.textContent = fill(begin ? texts.count : texts.count_bare, {
      tokens: whole(result.tokens.length - begin),
      characters: whole(result.characters),
      begin: result.tokens[0]?.text,
    });
  }
  function draw(payload) {
    fillPanel(main, texts.result, payload);
    fillPanel(variant, payload.text.startsWith(" ") ? texts.without_space : texts.with_space, payload.variant);
    variant.node.hidden = payload.tokens.length > 60;
    scene.origin(payload.provenance);
  }
};
