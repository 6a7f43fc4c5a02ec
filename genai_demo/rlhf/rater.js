// Scene 4: the visitor puts answers in order; a reward head of their own is refit after every order.
"use strict";
genai.scenes.rater = (scene) => {
  const { el, button, fill, percent } = genai;
  const { ending, promptField } = genai.rlhf;
  const { texts } = scene;
  const LETTERS = "ABCD";
  let payload = scene.payload, writing = false, quiet = false, order = [], predicted = null, taste = null, hits = 0, rounds = 0, seed = 1;
  let known = [];      // every answer that was put in order: {text, features}
  let rankings = [];   // places in `known`, the best first
  let raters = 1;      // the visitor, and those whose files were added

  const prompt = promptField(scene, texts.prompt, payload.prompt, start);
  const sample = button(texts.sample, start, { class: "gx-button gx-main" });
  const list = el("ol", { class: "gx-answers" });
  const status = el("p", { class: "gx-verdict", role: "status" });
  const again = button(texts.order_again, () => { order = []; draw(); }, { class: "gx-button gx-small" });
  const summary = el("p"), foretold = el("p"), traitList = el("ul", { class: "gx-traits" }), caution = el("p", { class: "gx-soft" }, texts.caution);
  const traitTitle = el("h4"), forget = button(texts.forget, forgetAll, { class: "gx-button gx-small" });
  const save = button(texts.save, saveOrders, { class: "gx-button gx-small" });
  const files = el("input", { type: "file", accept: ".json,application/json", multiple: true, class: "gx-file", onchange: addFiles });
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, prompt.examples, sample), status, list, again,
    el("div", { class: "gx-panel" }, el("h3", {}, texts.taste), summary, foretold, traitTitle, traitList, caution,
      el("div", { class: "gx-row" }, save, genai.field(texts.add, files, { class: "gx-field gx-upload" }), forget)));

  const runs = genai.runner(scene, "sample", arrived);
  function start() {
    [order, predicted, writing, quiet] = [[], null, true, false];
    payload = { ...payload, prompt: prompt.box.value, answers: LETTERS.split("").map(() => ({ text: "", stop_reason: null })) };
    seed += payload.answers.length;
    runs.start({ prompt: payload.prompt, seed });
    draw();
  }
  async function arrived(part) {
    if (part.error) { writing = false; draw(); return; }
    if (quiet && !part.answers[0].features) return;
    scene.live = true;
    payload = part;
    scene.origin(part.provenance);
    if (ready() && writing) {
      writing = false;
      await predict();
    }
    draw();
  }
  const ready = () => payload.answers.every((one) => one.features);

  // What the head of all orders so far makes of the new answers, before they are put in order.
  async function predict() {
    if (!rankings.length) return;
    const learned = await learn([...known, ...payload.answers]);
    if (!learned) return;
    const scores = learned.scores.slice(known.length);
    predicted = scores.map((score) => 1 + scores.filter((other) => other > score).length);
  }
  const learn = (answers) => scene.ask(scene.server.learn_taste, { texts: answers.map((one) => one.text), features: answers.map((one) => one.features), rankings });
  async function place(index) {
    if ((writing && !quiet) || !ready() || order.includes(index) || order.length === payload.answers.length) return;
    order.push(index);
    draw();
    if (order.length < payload.answers.length) return;
    if (predicted) { rounds++; if (predicted[order[0]] === 1) hits++; }
    rankings.push(order.map((one) => known.length + one));
    known.push(...payload.answers.map(({ text, features }) => ({ text, features })));
    taste = await learn(known) ?? taste;
    draw();
  }
  // A class pools its orders in files, from hand to hand: the program itself keeps nothing.
  function saveOrders() {
    const held = { model: payload.provenance.title, answers: known, rankings };
    const link = el("a", { href: URL.createObjectURL(new Blob([JSON.stringify(held)], { type: "application/json" })), download: "orders.json" });
    link.click();
    URL.revokeObjectURL(link.href);
  }
  async function addFiles() {
    for (const file of files.files) {
      const held = readOrders(await file.text());
      if (!held) { scene.message(fill(texts.not_orders, { name: file.name }), "gx-note"); break; }
      if (held.model !== payload.provenance.title) { scene.message(fill(texts.other_model, { name: file.name, model: held.model }), "gx-note"); break; }
      if (known.length + held.answers.length > scene.settings.most_rated) { scene.message(fill(texts.too_many_orders, { most: scene.settings.most_rated }), "gx-note"); break; }
      rankings.push(...held.rankings.map((ranking) => ranking.map((at) => known.length + at)));
      known.push(...held.answers);
      raters++;
    }
    files.value = "";
    if (rankings.length) taste = await learn(known) ?? taste;
    draw();
  }
  // What `saveOrders` wrote, or null.
  function readOrders(text) {
    try {
      const { model, answers, rankings: orders } = JSON.parse(text);
      const whole = (at) => Number.isInteger(at) && at >= 0 && at < answers.length;
      const good = answers.length && orders.length && orders.every((one) => one.every(whole)) && answers.every((one) => typeof one.text === "string" && typeof one.features === "string");
      return good ? { model: String(model), answers: answers.map(({ text: said, features }) => ({ text: said, features })), rankings: orders } : null;
    } catch { return null; }
  }
  function forgetAll() {
    [known, rankings, taste, predicted, hits, rounds, raters] = [[], [], null, null, 0, 0, 1];
    order = [];
    draw();
  }
  document.addEventListener("keydown", (event) => {
    const index = "1234".indexOf(event.key);
    if (index < 0 || event.key === "" || !genai.isShown(scene) || event.target.closest?.("input, textarea, select")) return;
    place(index);
  });
  // The live model computes the recorded example anew, which stands until that is done.
  scene.refresh = () => { if (!scene.live && !writing) { [writing, quiet] = [true, true]; runs.start({ prompt: payload.prompt, seed }); } };

  const traitName = (name) => ({ long: texts.trait_long, lists: texts.trait_lists, questions: texts.trait_questions,
    exclamations: texts.trait_exclamations, numbers: texts.trait_numbers, first_person: texts.trait_first_person })[name];
  function draw() {
    const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.replaceChildren(...payload.answers.map((one, index) => {
      const at = order.indexOf(index);
      return el("li", {}, el("button", { type: "button", class: `gx-answer${at >= 0 ? " gx-placed" : ""}`, "aria-pressed": String(at >= 0), onclick: () => place(index) },
        el("strong", {}, fill(texts.answer, { letter: LETTERS[index] })),
        at >= 0 ? el("span", { class: "gx-badge" }, fill(texts.place, { place: at + 1 })) : null,
        predicted && order.length === payload.answers.length ? el("span", { class: "gx-badge gx-foretold" }, fill(texts.predicted, { place: predicted[index] })) : null,
        el("span", { class: "gx-reply", dir: "auto" }, one.text || "…"), el("small", { class: "gx-soft" }, ending(texts, one))));
    }));
    if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
    status.textContent = (writing && !quiet) || !ready() ? texts.writing : order.length === payload.answers.length ? texts.ordered : texts.order;
    again.hidden = !order.length || order.length === payload.answers.length;
    summary.textContent = taste ? fill(raters > 1 ? texts.taste_pooled : texts.taste_pairs, { pairs: taste.pairs, raters, agreement: percent(taste.agreement) }) : texts.taste_empty;
    foretold.textContent = rounds ? fill(texts.foretold, { hits, rounds }) : "";
    save.hidden = forget.hidden = traitTitle.hidden = caution.hidden = !taste;
    traitTitle.textContent = fill(texts.traits, { count: known.length });
    traitList.replaceChildren(...(taste?.traits ?? []).map((trait) => {
      const value = trait.correlation.toFixed(2).replace("-", "−"), half = 50 * Math.min(1, Math.abs(trait.correlation));
      return el("li", {}, el("span", {}, traitName(trait.name)),
        el("span", { class: "gx-lean", "aria-hidden": "true" }, el("span", { style: `${trait.correlation < 0 ? "right" : "left"}:50%;width:${half}%` })),
        el("span", { class: "gx-bar-number" }, fill(texts.correlation, { value })));
    }));
  }
  scene.state = () => ({ payload, writing, order, predicted, taste, known, rankings, raters });
  scene.origin(scene.payload.provenance);
  draw();
};
