// Scene 2: the model only predicts the next token.
"use strict";
genai.scenes.predict = (scene) => {
  const { el, button, field, presets, fill, whole, percent, oneIn, tokenText, bars } = genai;
  const { texts } = scene;
  const { promptBox, barsShown } = genai.nextToken;
  const CHAIN_SHOWN = 12;
  let payload = scene.payload,
    hidden = false,
    more = false,
    guess = null,
    guessedFor = null;

  const prompt = promptBox(scene, texts.prompt, { rows: 1 });
  const warning = el(
    "p",
    { class: "gx-message gx-note", hidden: true },
    texts.trailing_space,
    " ",
    button(texts.remove_space, () => prompt.set(prompt.box.value.trimEnd()), { class: "gx-button gx-small" }),
  );
  const nothing = el("p", { class: "gx-message gx-note", hidden: true });
  const chart = bars({ caption: texts.chart, zoomLabel: texts.zoom });
  const moreButton = button(
    texts.more,
    () => {
      more = !more;
      draw();
    },
    { class: "gx-button gx-small", "aria-pressed": "false" },
  );
  const hideButton = button(
    texts.guess_mode,
    () => {
      hidden = !hidden;
      guess = null;
      draw();
      if (hidden) guessBox.focus();
    },
    { class: "gx-button gx-small", "aria-pressed": "false" },
  );
  const guessBox = el("input", {
    type: "text",
    maxlength: 60,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const guessForm = el(
    "form",
    { class: "gx-row gx-panel", hidden: true },
    field(texts.guess_label, guessBox, { class: "gx-field gx-grow" }),
    el("button", { class: "gx-button gx-main" }, texts.guess_reveal),
  );
  genai.keys.onSubmit(guessForm, () => {
    guess = guessBox.value.trim();
    guessedFor = prompt.box.value;
    hidden = false;
    hideButton.focus();
    refresh();
  });
  const guessResult = el("p", { class: "gx-panel", role: "status", hidden: true });

  const keyboard = el("div", { class: "gx-keyboard", role: "group", "aria-label": texts.keyboard });
  const wordBox = el("input", { type: "text", maxlength: 60, autocomplete: "off", spellcheck: "false" });
  wordBox.value = scene.payload.watched.at(-1).word;
  genai.keys.onTyped(
    wordBox,
    scene.debounce(() => scene.refresh()),
  );
  const wordResult = el("div", { "aria-live": "polite" });
  const wordPanel = el("div", { class: "gx-panel" }, field(texts.how_likely, wordBox), wordResult);
  const articlePanel = el("div", { class: "gx-panel" });
  const keyboardPanel = el("div", { class: "gx-panel" }, el("h3", {}, texts.keyboard), keyboard);

  scene.work.append(
    prompt.node,
    warning,
    nothing,
    presets(texts.presets_label, texts.presets, (preset) => {
      wordBox.value = preset.word;
      prompt.set(preset.prompt);
    }),
    el(
      "div",
      { class: "gx-split" },
      el("div", {}, el("div", { class: "gx-buttons" }, hideButton, moreButton), guessForm, guessResult, chart.node),
      el("div", { class: "gx-stack" }, wordPanel, articlePanel, keyboardPanel),
    ),
  );

  const presetNow = () => texts.presets.find((preset) => preset.prompt === prompt.box.value);

  async function refresh() {
    if (prompt.box.value !== guessedFor) guess = null;
    const words = [...(presetNow()?.watch ?? []), ...(guess ? [guess] : []), wordBox.value.trim()].filter(Boolean);
    const answer = await scene.ask(scene.server.predict_next, { prompt: prompt.box.value, watch: [...new Set(words)] });
    if (answer) {
      payload = answer;
      draw();
    }
  }
  scene.refresh = refresh;
  scene.shown = () => draw();
  document.addEventListener("gx-projector", () => draw());

  function draw() {
    const watched = new Map(payload.watched.map((word) => [word.word, word]));
    nothing.hidden = payload.prompt !== "";
    const [likeliest] = payload.candidates,
      headline = /^<h\d>$/.test(likeliest.text) ? texts.empty_headline : ""; // what another model begins with says something else
    nothing.textContent =
      `${fill(texts.empty_prompt, { start: payload.tokens[0].text })} ${fill(headline, { title: payload.provenance.title, token: likeliest.text })}`.trim();
    warning.hidden = !/[ \u00a0]$/.test(payload.prompt);
    hideButton.setAttribute("aria-pressed", hidden);
    moreButton.setAttribute("aria-pressed", more);
    moreButton.hidden = hidden;
    chart.node.hidden = wordPanel.hidden = keyboardPanel.hidden = hidden;
    guessForm.hidden = !hidden;
    drawBars(watched);
    drawGuess(watched.get(guess));
    drawWord(watched.get(wordBox.value.trim()));
    drawArticle(watched);
    drawKeyboard();
    scene.origin(payload.provenance);
  }
  function drawBars(watched) {
    const marked = new Set(
      [watched.get(guess), ...(presetNow()?.watch ?? []).map((word) => watched.get(word))]
        .filter((word) => word?.tokens.length === 1)
        .map((word) => word.tokens[0].id),
    );
    const shown = payload.candidates.slice(0, barsShown(more));
    const rows = shown.map((one) => ({
      label: one.text,
      value: one.probability,
      mark: marked.has(one.id),
      title: fill(texts.bar_title, { rank: one.rank, id: one.id, logit: one.logit.toFixed(2) }),
    }));
    const rest = 1 - shown.reduce((sum, one) => sum + one.probability, 0);
    const count = payload.other_count + payload.candidates.length - shown.length;
    rows.push({ rest: true, label: fill(texts.everything_else, { count: whole(count) }), value: Math.max(0, rest) });
    chart.draw(rows);
  }
  function drawGuess(word) {
    guessResult.hidden = !word || hidden;
    if (word)
      guessResult.textContent = word.rank
        ? fill(texts.guess_rank, { word: word.word, rank: whole(word.rank), probability: percent(word.probability) })
        : fill(texts.guess_several, {
            word: word.word,
            probability: percent(word.probability),
            count: word.tokens.length,
          });
  }
  function drawWord(word) {
    if (!word) {
      wordResult.replaceChildren();
      return;
    }
    const lines = [
      el("span", { class: "gx-big" }, percent(word.probability)),
      ` ${fill(texts.one_in, { odds: oneIn(word.probability) })}`,
    ];
    if (word.rank)
      lines.push(
        el(
          "p",
          { class: "gx-soft" },
          fill(texts.rank, { rank: whole(word.rank), count: whole(payload.other_count + payload.candidates.length) }),
        ),
      );
    else
      lines.push(
        el("p", { class: "gx-soft" }, fill(texts.chain, { count: word.tokens.length })),
        el(
          "p",
          { class: "gx-chain" },
          word.tokens
            .slice(0, CHAIN_SHOWN)
            .flatMap((token, index) => [
              index ? " × " : "",
              el("span", { class: "gx-chip" }, tokenText(token.text), el("small", {}, percent(token.probability))),
            ]),
          word.tokens.length > CHAIN_SHOWN ? " × …" : "",
        ),
      );
    wordResult.replaceChildren(...lines);
  }
  function drawArticle(watched) {
    const preset = presetNow();
    const rows = (preset?.watch ?? []).map((name, index) => ({
      name,
      word: watched.get(name),
      article: preset.article?.[index],
    }));
    articlePanel.hidden = hidden || !rows.length || rows.some((row) => !row.word);
    if (articlePanel.hidden) return;
    const columns = [texts.table_word, ...(preset.article ? [texts.table_article] : []), texts.table_model];
    const best = Math.max(...rows.map((row) => row.word.probability));
    articlePanel.replaceChildren(
      el("h3", {}, preset.article ? texts.article_title : texts.label_title),
      el(
        "table",
        { class: "gx-table" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            columns.map((name) => el("th", { scope: "col" }, name)),
          ),
        ),
        el(
          "tbody",
          {},
          rows.map((row) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, row.name),
              preset.article ? el("td", {}, row.article) : null,
              el(
                "td",
                {},
                percent(row.word.probability),
                !preset.article && row.word.probability === best ? ` ← ${texts.label_answer}` : "",
              ),
            ),
          ),
        ),
      ),
      el("p", { class: "gx-soft" }, preset.article ? texts.article_why : texts.label_why),
    );
  }
  function drawKeyboard() {
    const words = payload.candidates.filter((one) => !payload.control.includes(one.id)); // a command is no text to type
    keyboard.replaceChildren(
      ...words
        .slice(0, 3)
        .map((one) =>
          el(
            "button",
            { type: "button", class: "gx-key", onclick: () => prompt.set(prompt.box.value + one.text) },
            tokenText(one.text),
          ),
        ),
    );
  }
  draw();
};
