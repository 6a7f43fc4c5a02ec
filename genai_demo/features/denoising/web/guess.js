// Scene 2: one look of the network at one noisy picture.
"use strict";
genai.scenes.guess = (scene) => {
  const { el, fill, slider } = genai;
  const { db, decimal, frame } = genai.pictures;
  const { texts } = scene;
  const STOPS = [1, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 1000];
  const captions = {
    x_t: texts.noisy,
    noise: texts.true_noise,
    guess: texts.predicted,
    difference: texts.difference,
    x0_guess: texts.implied,
    x0: texts.clean,
  };
  let payload = scene.payload,
    image = payload.pictures[0].image;

  const later = scene.debounce(() => scene.refresh(), 60);
  const time = slider({
    label: texts.step,
    stops: STOPS,
    value: payload.timestep + 1,
    show: (step) => fill(texts.step_value, { step }),
    onmove: later,
  });
  const prompt = genai.keys.onTyped(
    el("input", { type: "text", maxlength: 2000, autocomplete: "off", spellcheck: "false" }),
    scene.debounce(() => scene.refresh()),
  );
  prompt.value = payload.prompt;
  const frames = Object.fromEntries(Object.entries(captions).map(([name, words]) => [name, frame(words)]));
  const errors = el("p", { role: "status" }),
    numbers = el("p", { class: "gx-soft" });
  const pictures = genai.choices(texts.presets_label, "", [{ entries: payload.pictures }], choose);
  scene.work.append(
    el(
      "div",
      { class: "gx-row" },
      pictures.node,
      genai.field(texts.prompt, prompt, { class: "gx-field gx-grow" }),
      time.node,
    ),
    el(
      "div",
      { class: "gx-gallery gx-three gx-two-rows" },
      Object.values(frames).map((one) => one.node),
    ),
    el(
      "div",
      { class: "gx-panel" },
      errors,
      numbers,
      el("p", { class: "gx-soft" }, texts.errors_note, " ", texts.noise_shown),
    ),
  );
  function choose(one) {
    image = one.image;
    prompt.value = one.prompt;
    scene.refresh();
  }
  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.guess_noise, {
      image,
      prompt: prompt.value,
      timestep: time.get() - 1,
      seed: 1,
    });
    if (answer) {
      payload = answer;
      draw();
    }
  };
  scene.shown = () => draw();
  function draw() {
    for (const [name, one] of Object.entries(frames))
      one.show(payload[name], fill(captions[name], { factor: payload.amplified }));
    errors.textContent = fill(texts.errors, {
      noise: decimal(payload.noise_error),
      picture: decimal(payload.picture_error),
      factor: decimal(payload.factor),
    });
    numbers.textContent =
      `${fill(texts.numbers, { alpha_bar: decimal(payload.alpha_bar), snr: db(payload.snr) })} ${payload.provenance.space === "latent" ? texts.latent_note : ""}`.trim();
    scene.origin(payload.provenance);
  }
  draw();
};
