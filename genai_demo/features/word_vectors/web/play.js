// Scene 5: guess what the vectors will say, for a point.
"use strict";
genai.scenes.play = (scene) => {
  const { el, button, field, fill, bars } = genai;
  const { signed, neighbourBars } = genai.vectors;
  const { texts } = scene;
  const GAMES = { sums: texts.game_sums, odd_ones: texts.game_odd };
  let payload = scene.payload,
    game = "sums";
  let state = newState();
  function newState() {
    return Object.fromEntries(
      Object.keys(GAMES).map((name) => [name, { number: 0, points: 0, guesses: 0, guess: null }]),
    );
  }

  const gameButtons = Object.entries(GAMES).map(([name, label]) =>
    button(
      label,
      () => {
        game = name;
        draw();
      },
      { class: "gx-button", "data-game": name },
    ),
  );
  const seed = el("input", {
    type: "number",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    step: 1,
    onchange: () => deal(+seed.value),
  });
  seed.value = payload.seed;
  const round = el("p", { class: "gx-soft" }),
    score = el("p", { class: "gx-score", role: "status" }),
    ask = el("p", {}),
    formula = el("p", { class: "gx-formula" });
  const options = el("div", { class: "gx-options", role: "group", "aria-label": texts.game_label });
  const verdict = el("p", { class: "gx-verdict", role: "status" });
  const sums = neighbourBars({
    caption: texts.ranking,
    row: (one) => ({ note: one.is_input ? texts.typed : "", mark: one.word === now().answer }),
  });
  const odd = bars({ caption: texts.closeness, unit: (at) => signed(at) });
  const heading = el("h3");
  const next = button(
    texts.next,
    () => {
      current().number += 1;
      current().guess = null;
      draw();
      options.querySelector("button")?.focus();
    },
    { class: "gx-button gx-main" },
  );
  const again = button(texts.again, () => deal(1 + Math.floor(Math.random() * 1e6)), { class: "gx-button" });
  const reveal = el("div", { class: "gx-panel" }, heading, sums.node, odd.node);
  scene.work.append(
    el(
      "div",
      { class: "gx-row" },
      el("div", { class: "gx-presets", role: "group", "aria-label": texts.game_label }, gameButtons),
      again,
      field(texts.seed, seed, { class: "gx-field gx-seed-field" }),
    ),
    el(
      "div",
      { class: "gx-split" },
      el(
        "div",
        { class: "gx-panel gx-quiz" },
        el("div", { class: "gx-row" }, round, score),
        ask,
        formula,
        options,
        verdict,
        next,
      ),
      reveal,
    ),
  );

  async function deal(number) {
    const answer = await scene.ask(scene.server.deal_game, {
      seed: Number.isSafeInteger(number) && number >= 0 ? number : 0,
    });
    if (!answer) return;
    payload = answer;
    seed.value = payload.seed;
    state = newState();
    draw();
  }
  // The live model deals the recorded game again, which is the same: whoever has begun to play keeps the score.
  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.deal_game, { seed: payload.seed });
    if (answer) {
      payload = answer;
      draw();
    }
  };
  scene.shown = () => draw();
  document.addEventListener("keydown", (event) => {
    const number = genai.keys.digit(event);
    if (number === null || !genai.isShown(scene) || event.target.closest?.("input, textarea, select")) return;
    options.children[number - 1]?.click();
  });

  const current = () => state[game];
  const now = () => payload[game][current().number];
  function guess(word) {
    if (current().guess !== null) return;
    current().guess = word;
    current().guesses += 1;
    current().points += word === now().answer ? 1 : 0;
    draw();
    next.focus();
  }
  function draw() {
    const here = current(),
      one = now(),
      guessed = here.guess !== null;
    for (const each of gameButtons) each.setAttribute("aria-pressed", each.dataset.game === game);
    score.textContent = fill(texts.score, { points: here.points, guesses: here.guesses });
    reveal.hidden = !guessed;
    next.hidden = !guessed || !payload[game][here.number + 1];
    formula.hidden = game !== "sums" || !one;
    scene.origin(payload.provenance);
    round.textContent = fill(texts.round, { number: here.number + 1, count: payload[game].length });
    ask.textContent = game === "sums" ? texts.ask_sum : texts.ask_odd;
    formula.textContent = `${one.formula ?? ""} = ?`;
    options.replaceChildren(
      ...one.options.map((word, index) =>
        button(fill(texts.option, { number: index + 1, word }), () => guess(word), {
          class: `gx-button gx-option${guessed && word === one.answer ? " gx-answer" : ""}`,
          "aria-disabled": guessed,
          "aria-pressed": word === here.guess ? "true" : null,
        }),
      ),
    );
    const last = guessed && next.hidden ? ` ${fill(texts.over, { score: score.textContent })}` : "";
    verdict.textContent = guessed ? fill(here.guess === one.answer ? texts.right : texts.wrong, one) + last : "";
    if (guessed) drawReveal(one);
  }
  function drawReveal(one) {
    heading.textContent = game === "sums" ? texts.ranking : texts.closeness;
    sums.node.hidden = game !== "sums";
    odd.node.hidden = game === "sums";
    if (game === "sums") sums.draw(one.neighbours, { count: 6 });
    else
      odd.draw(
        one.options.map((word, index) => ({
          label: word,
          value: one.closeness[index],
          number: signed(one.closeness[index]),
          mark: word === one.answer,
        })),
      );
  }
  draw();
};
