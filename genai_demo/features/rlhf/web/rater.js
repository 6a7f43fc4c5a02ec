// Scene 4: the visitor puts answers in order; a reward head of their own is refit after every order.
"use strict";
genai.scenes.rater = (scene) => {
  const { el, button, fill, percent } = genai;
  const { ending, promptField } = genai.rlhf;
  const { texts } = scene;
  const LETTERS = "ABCD";
  let payload = scene.payload,
    before = null,
    writing = false,
    quiet = false,
    order = [],
    predicted = null,
    taste = null,
    hits = 0,
    rounds = 0,
    seed = 1;
  let known = []; // every answer that was put in order: {text, features}
  let rankings = []; // places in `known`, the best first
  let untaught = []; // orders of recorded answers that wait for the live model: {answers, order, predicted, model}
  let raters = 1; // the visitor, and those whose files were added
  let arranged = [0, 1, 2, 3],
    sorted = false; // how the answers lie on the page; whether somebody has dragged them
  let memory = 0; // which memory it is: what was being learned when it was emptied is not wanted any more

  const prompt = promptField(scene, texts.prompt, payload.prompt, start);
  const sample = button(texts.sample, start, { class: "gx-button gx-main" });
  const asked = el("p", { class: "gx-soft" }),
    list = el("ol", { class: "gx-answers" });
  const status = el("p", { class: "gx-verdict", role: "status" });
  const again = button(
    texts.order_again,
    () => {
      order = [];
      draw();
      list.querySelector("button").focus();
    },
    { class: "gx-button gx-small" },
  );
  const mine = button(
    texts.my_order,
    async () => {
      for (const index of arranged) await place(index);
    },
    { class: "gx-button gx-main" },
  );
  const summary = el("p"),
    foretold = el("p"),
    traitList = el("ul", { class: "gx-traits" }),
    caution = el("p", { class: "gx-soft" }, texts.caution);
  const traitTitle = el("h4"),
    forget = button(texts.forget, forgetAll, { class: "gx-button gx-small" });
  const save = button(texts.save, saveOrders, { class: "gx-button gx-small" });
  const files = el("input", {
    type: "file",
    accept: ".json,application/json",
    multiple: true,
    class: "gx-file",
    onchange: addFiles,
  });
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, prompt.examples, sample),
    asked,
    status,
    list,
    el("div", { class: "gx-row" }, mine, again),
    el(
      "div",
      { class: "gx-panel" },
      el("h3", {}, texts.taste),
      summary,
      foretold,
      traitTitle,
      traitList,
      caution,
      el("div", { class: "gx-row" }, save, genai.field(texts.add, files, { class: "gx-field gx-upload" }), forget),
    ),
  );

  const runs = genai.runner(scene, "sample", arrived);
  function start() {
    if (!writing || quiet) before = { payload, order, predicted };
    [order, predicted, writing, quiet] = [[], null, true, false];
    [arranged, sorted] = [[0, 1, 2, 3], false];
    payload = {
      ...payload,
      prompt: prompt.box.value,
      answers: LETTERS.split("").map(() => ({ text: "", stop_reason: null })),
    };
    seed += payload.answers.length;
    runs.start({ prompt: payload.prompt, seed });
    draw();
  }
  async function arrived(part) {
    if (part.error) {
      if (!quiet) ({ payload, order, predicted } = before);
      else if (part.loading) setTimeout(() => scene.refresh(), 3_000); // a sibling of the page's model is still on its way
      writing = false;
      draw();
      return;
    }
    if (quiet && !part.answers[0].features) return;
    if (quiet && drag) {
      late = part;
      return;
    } // not under the visitor's hand
    scene.live = true;
    if (quiet) takeOver(part);
    else {
      payload = part;
      scene.origin(part.provenance);
    }
    if (ready() && writing) {
      writing = false;
      await teach();
      if (order.length < payload.answers.length) await predict();
    }
    draw();
  }
  // The recorded answers can be put in order at once. When the live model has written them anew, what was ordered stays,
  // unless it is another model, whose states cannot be learned from together with those of the recorded one.
  function takeOver(part) {
    const same = part.provenance.model === payload.provenance.model,
      words = ({ answers }) => JSON.stringify(answers.map((one) => one.text));
    if (same && words(part) !== words(payload) && (order.length || sorted)) {
      scene.origin({ ...payload.provenance, stays: true });
      return;
    }
    if (!same) {
      if (order.length || sorted) scene.message(texts.other_answers, "gx-note");
      [order, arranged, sorted] = [[], [0, 1, 2, 3], false];
    }
    payload = part;
    scene.origin(part.provenance);
  }
  const busy = () => writing && !quiet; // with answers that the visitor has asked for
  const ready = () => payload.answers.every((one) => one.features);
  const room = (more) => known.length + more.length <= scene.settings.most_rated;

  // What the head of all orders so far makes of the new answers, before they are put in order.
  async function predict() {
    const asOf = memory;
    if (!rankings.length) return;
    const learned = await learn([...known, ...payload.answers], rankings);
    if (!learned || asOf !== memory) return;
    const scores = learned.scores.slice(known.length);
    predicted = scores.map((score) => 1 + scores.filter((other) => other > score).length);
  }
  const learn = (answers, orders) =>
    scene.ask(scene.server.learn_taste, {
      texts: answers.map((one) => one.text),
      features: answers.map((one) => one.features),
      rankings: orders,
    });
  // What cannot be learned from is not kept.
  async function take(answers, orders) {
    const all = [...known, ...answers.map(({ text, features }) => ({ text, features }))],
      asOf = memory;
    const everyOrder = [...rankings, ...orders.map((ranking) => ranking.map((at) => known.length + at))];
    const learned = await learn(all, everyOrder);
    if (!learned || asOf !== memory) return false;
    [known, rankings, taste] = [all, everyOrder, learned];
    return true;
  }
  async function place(index) {
    if (busy() || !ready() || order.includes(index) || order.length === payload.answers.length) return;
    order.push(index);
    draw();
    if (order.length < payload.answers.length) return;
    untaught.push({ answers: payload.answers, order, predicted, model: payload.provenance.model });
    await teach();
    draw();
  }
  // The reward model learns from the orders that it has not seen yet, as soon as the live model is there.
  async function teach() {
    while (scene.live && untaught.length) {
      const { answers, order: ranking, predicted: guess, model } = untaught.shift(),
        asOf = memory,
        full = !room(answers);
      if (model !== payload.provenance.model) continue;
      if (!full && (await take(answers, [ranking]))) {
        if (guess) {
          rounds++;
          if (guess[ranking[0]] === 1) hits++;
        }
      } else if (order === ranking && asOf === memory) order = [];
      if (full) scene.message(fill(texts.full, { most: scene.settings.most_rated }), "gx-note");
    }
  }
  // A class pools its orders in files, from hand to hand: the program itself keeps nothing.
  function saveOrders() {
    const held = { model: payload.provenance.title, answers: known, rankings };
    const link = el("a", {
      href: URL.createObjectURL(new Blob([JSON.stringify(held)], { type: "application/json" })),
      download: "orders.json",
    });
    link.click();
    URL.revokeObjectURL(link.href);
  }
  async function addFiles() {
    const notes = [];
    for (const file of files.files) {
      const held = readOrders(await file.text());
      if (!held) notes.push(fill(texts.not_orders, { name: file.name }));
      else if (held.model !== payload.provenance.title)
        notes.push(fill(texts.other_model, { name: file.name, model: held.model }));
      else if (!room(held.answers))
        notes.push(fill(texts.too_many_orders, { name: file.name, most: scene.settings.most_rated }));
      else if (await take(held.answers, held.rankings)) raters++;
      else notes.push(fill(texts.not_orders, { name: file.name }));
    }
    files.value = "";
    draw();
    if (notes.length) scene.message(notes.join(" "), "gx-note");
  }
  // What `saveOrders` wrote, or null.
  function readOrders(text) {
    try {
      const { model, answers, rankings: orders } = JSON.parse(text);
      const whole = (at) => Number.isInteger(at) && at >= 0 && at < answers.length;
      const good =
        answers.length &&
        orders.length &&
        orders.every((one) => one.every(whole)) &&
        answers.every((one) => typeof one.text === "string" && typeof one.features === "string");
      return good
        ? {
            model: String(model),
            answers: answers.map(({ text: said, features }) => ({ text: said, features })),
            rankings: orders,
          }
        : null;
    } catch {
      return null;
    }
  }
  function forgetAll() {
    [known, rankings, taste, predicted, hits, rounds, raters] = [[], [], null, null, 0, 0, 1];
    memory++;
    [order, untaught] = [[], []];
    draw();
  }
  document.addEventListener("keydown", (event) => {
    const number = genai.keys.digit(event);
    if (!(number - 1 in arranged) || !genai.isShown(scene) || event.target.closest?.("input, textarea, select")) return;
    place(arranged[number - 1]);
  });

  // With a mouse or a pen the answers can also be dragged into order; fingers need the movement for scrolling.
  const NUDGE = 8; // pixels that are still a click
  let drag = null,
    late = null;
  list.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("li");
    if (card && event.pointerType !== "touch" && event.button === 0 && !order.length && ready() && !busy())
      drag = { card, x: event.clientX, y: event.clientY, moved: false };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > NUDGE;
    if (!drag.moved) return;
    drag.card.classList.add("gx-dragged");
    const cards = [...list.children],
      over = document.elementFromPoint(event.clientX, event.clientY)?.closest("li");
    if (over === drag.card || !cards.includes(over)) return;
    list.insertBefore(drag.card, cards.indexOf(over) > cards.indexOf(drag.card) ? over.nextSibling : over);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      const moved = drag?.moved,
        waited = late;
      [drag, late] = [null, null];
      if (waited) setTimeout(() => arrived(waited), 50);
      if (!moved) return;
      [arranged, sorted] = [[...list.children].map((card) => +card.dataset.answer), true];
      list.addEventListener("click", swallow, { capture: true }); // the one that ends the drag
      setTimeout(() => {
        list.removeEventListener("click", swallow, { capture: true });
        draw();
      });
    });
  }
  const swallow = (event) => event.stopPropagation();
  // The live model computes the recorded example anew, which stands until that is done.
  scene.refresh = () => {
    if (!scene.live && !writing) {
      [writing, quiet] = [true, true];
      runs.start({ prompt: payload.prompt, seed });
    }
  };

  const traitName = (name) =>
    ({
      long: texts.trait_long,
      lists: texts.trait_lists,
      questions: texts.trait_questions,
      exclamations: texts.trait_exclamations,
      numbers: texts.trait_numbers,
      first_person: texts.trait_first_person,
    })[name];
  function situation() {
    if (busy()) return texts.writing;
    if (!ready()) return texts.writing;
    if (order.length < payload.answers.length) return texts.order;
    return untaught.length && !scene.live ? texts.ordered_early : texts.ordered;
  }
  function draw() {
    const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.replaceChildren(
      ...arranged.map((index) => {
        const one = payload.answers[index],
          at = order.indexOf(index);
        return el(
          "li",
          { "data-answer": index },
          el(
            "button",
            {
              type: "button",
              class: `gx-answer${at >= 0 ? " gx-placed" : ""}`,
              "aria-pressed": String(at >= 0),
              onclick: () => place(index),
            },
            el("strong", {}, fill(texts.answer, { letter: LETTERS[index] })),
            at >= 0 ? el("span", { class: "gx-badge" }, fill(texts.place, { place: at + 1 })) : null,
            predicted && order.length === payload.answers.length
              ? el("span", { class: "gx-badge gx-foretold" }, fill(texts.predicted, { place: predicted[index] }))
              : null,
            el("span", { class: "gx-reply", dir: "auto" }, one.text || "…"),
            el("small", { class: "gx-soft" }, ending(texts, one)),
          ),
        );
      }),
    );
    if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
    asked.textContent = fill(texts.asked, { prompt: payload.prompt });
    status.textContent = situation();
    mine.hidden = !sorted || order.length > 0;
    again.hidden = !order.length || order.length === payload.answers.length;
    summary.textContent = taste
      ? fill(raters > 1 ? texts.taste_pooled : texts.taste_pairs, {
          pairs: taste.pairs,
          raters,
          agreement: percent(taste.agreement),
        })
      : texts.taste_empty;
    foretold.textContent = rounds ? fill(texts.foretold, { hits, rounds }) : "";
    save.hidden = forget.hidden = traitTitle.hidden = caution.hidden = !taste;
    traitTitle.textContent = fill(texts.traits, { count: known.length });
    traitList.replaceChildren(
      ...(taste?.traits ?? []).map((trait) => {
        const value = trait.correlation.toFixed(2).replace("-", "−"),
          half = 50 * Math.min(1, Math.abs(trait.correlation));
        return el(
          "li",
          {},
          el("span", {}, traitName(trait.name)),
          el(
            "span",
            { class: "gx-lean", "aria-hidden": "true" },
            el("span", { style: `${trait.correlation < 0 ? "right" : "left"}:50%;width:${half}%` }),
          ),
          el("span", { class: "gx-bar-number" }, fill(texts.correlation, { value })),
        );
      }),
    );
  }
  scene.state = () => ({ payload, writing, order, predicted, taste, known, rankings, raters });
  scene.origin(scene.payload.provenance);
  draw();
};
