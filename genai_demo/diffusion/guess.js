// Scene 2: one look of the network at one noisy picture.
"use strict";
genai.scenes.guess = (scene) => {
  const { el, presets, fill, slider, debounce } = genai;
  const { db, decimal, frame } = genai.pictures;
  const { texts } = scene;
  const STOPS = [1, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 1000];
  let payload = scene.payload, picture = payload.picture;

  const later = debounce(() => scene.refresh(), 60);
  const time = slider({ label: texts.step, stops: STOPS, value: payload.timestep, show: (step) => fill(texts.step_value, { step }), onmove: later });
  const prompt = el("input", { type: "text", maxlength: 2000, autocomplete: "off", spellcheck: "false", oninput: debounce(() => scene.refresh()) });
  prompt.value = payload.prompt;
  const frames = Object.fromEntries(["noisy", "true_noise", "predicted", "difference", "implied", "clean"].map((name) => [name, frame(texts[name])]));
  const errors = el("p", { role: "status" }), numbers = el("p", { class: "gx-soft" });
  scene.work.append(
    el("div", { class: "gx-row" }, presets(texts.presets_label, payload.pictures, (one) => { picture = one.name; prompt.value = one.prompt; scene.refresh(); }), genai.field(texts.prompt, prompt, { class: "gx-field gx-grow" })),
    time.node,
    el("div", { class: "gx-gallery" }, Object.values(frames).map((one) => one.node)),
    el("div", { class: "gx-panel" }, errors, numbers, el("p", { class: "gx-soft" }, texts.errors_note, " ", texts.noise_shown)));
  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.guess_noise, { picture, prompt: prompt.value, timestep: time.get(), seed: 1 });
    if (answer) { payload = answer; draw(); }
  };
  scene.shown = () => draw();
  function draw() {
    for (const [name, one] of Object.entries(frames)) one.show(payload[name], fill(texts[name], { factor: payload.factor }));
    errors.textContent = fill(texts.errors, { noise: decimal(payload.noise_error), picture: decimal(payload.picture_error), ratio: decimal(payload.ratio) });
    numbers.textContent = `ᾱ = ${decimal(payload.alpha_bar)} · ${db(payload.snr)}`;
    scene.origin(payload.provenance);
  }
  draw();
};
