// Scene 3: the reverse process, step by step. What has arrived is kept here: going back and forth asks for nothing.
"use strict";
genai.scenes.steps = (scene) => {
  const { el, button, choices, fill, slider, runner, onSpace } = genai;
  const { db, decimal, frame, promptField, seedField, remark, save } = genai.pictures;
  const { texts } = scene;
  const PLAY_MS = 160;
  let before = null; // the last run, until the next one has begun
  const payload = scene.payload;
  let made = finished(payload.steps, payload.picture),
    wanted = payload.total,
    at = made.length - 1;
  let latent = payload.provenance.space === "latent",
    drawing = false,
    stopped = false,
    follow = true,
    timer = null,
    asked = null,
    note = fill(texts.waiting, { count: payload.steps.length, total: wanted });

  const prompt = promptField(scene, texts.prompt, payload.prompt),
    seed = seedField(scene, texts.seed);
  const examples = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], (one) => {
    prompt.set(one.label);
    start();
  });
  const stepCount = select(texts.steps, [4, 10, 25, 50, 100], 25),
    sampler = select(texts.sampler, Object.keys(scene.settings.samplers), payload.sampler);
  const guidance = slider({
    label: texts.guidance,
    help: texts.guidance_help,
    stops: [0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15],
    value: payload.guidance_scale,
    show: (value) => `${value}`,
    onmove: () => {},
  });
  const drawButton = button(texts.draw, start, { class: "gx-button gx-main" });
  const stopButton = button(texts.stop, () => (drawing ? halt() : carryOn()));
  const captions = {
    x_t: [texts.x_t, texts.x_t_finished, texts.x_t_latent],
    x0: [texts.x0, texts.x0_finished, texts.x0_latent],
    noise: [texts.noise, texts.noise_finished, texts.noise_latent],
  };
  const frames = Object.fromEntries(Object.entries(captions).map(([name, [words]]) => [name, frame(words)]));
  const scrubber = el("input", {
    type: "range",
    min: 0,
    step: 1,
    oninput: () => {
      pause();
      follow = false;
      show(+scrubber.value);
    },
  });
  const place = el("output", { class: "gx-slider-value" });
  const playButton = button(texts.play, () => (timer ? pause() : play()), { class: "gx-button" });
  const decodeButton = button(texts.decode, decodeStep); // for models of latents, of which the panels show previews
  const numbers = el("p", { class: "gx-soft" }),
    status = el("p", { class: "gx-soft", role: "status" });
  const strip = el("ol", { class: "gx-strip-steps", "aria-label": texts.strip });
  const scrub = genai.field(texts.scrubber, scrubber, { class: "gx-field gx-slider gx-grow" });
  scrub.querySelector("label").append(place);
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, drawButton, stopButton),
    el("div", { class: "gx-row gx-settings" }, examples.node, seed.node, stepCount.node, sampler.node, guidance.node),
    status,
    el(
      "div",
      { class: "gx-gallery gx-three" },
      Object.values(frames).map((one) => one.node),
    ),
    el("div", { class: "gx-row" }, playButton, decodeButton, scrub),
    numbers,
    strip,
    el(
      "div",
      { class: "gx-buttons" },
      button(texts.save_strip, saveStrip, { class: "gx-button gx-small" }),
      button(texts.save_gif, saveGif, { class: "gx-button gx-small" }),
      el("span", { class: "gx-soft" }, texts.noise_shown),
    ),
  );
  function select(label, options, value) {
    const control = el(
      "select",
      {},
      options.map((one) => el("option", { value: one }, `${one}`)),
    );
    control.value = value;
    return { node: genai.field(label, control), get: () => control.value };
  }

  const runs = runner(scene, "draw", arrived);
  genai.keys.onEnter(prompt.box, start);
  const request = () => ({
    prompt: prompt.box.value,
    seed: seed.get(),
    steps: +stepCount.get(),
    sampler: sampler.get(),
    guidance_scale: guidance.get(),
  });
  function start() {
    pause();
    if (made.length) before = { made, wanted, at, asked, note, stopped };
    asked = request();
    [made, wanted, at, follow, drawing, stopped] = [[], asked.steps, 0, true, true, false];
    runs.start({ ...asked, skip: 0 });
    draw();
  }
  function halt() {
    runs.stop();
    [drawing, stopped] = [false, true];
    draw();
  }
  function carryOn() {
    [drawing, stopped] = [true, false];
    runs.start({ ...asked, skip: made.length });
    draw();
  }
  // The finished picture is the last frame of all.
  function finished(steps, picture) {
    return [...steps, { ...steps.at(-1), x_t: picture, latents: null, decoded: null, finished: true }];
  }
  function arrived(part) {
    if (part.error) {
      // a refused run leaves the last one; one that broke off can be gone on with
      drawing = false;
      if (!made.length && before) ({ made, wanted, at, asked, note, stopped } = before);
      else stopped = !made.at(-1)?.finished;
      draw();
      return;
    }
    if (part.skipped != null) return;
    if (part.step.index <= (made.at(-1)?.index ?? -1)) return; // Gradio may show a part twice
    made.push(part.step);
    wanted = part.total;
    latent = part.provenance.space === "latent";
    note = remark(texts, part.unseen, asked.prompt);
    if (part.picture) [made, drawing] = [finished(made, part.picture), false];
    scene.live = true;
    scene.origin(part.provenance);
    if (follow) at = made.length - 1;
    draw();
  }
  // The live model draws the recorded example anew; after that only a click draws.
  scene.refresh = () => {
    if (!scene.live) start();
  };
  scene.shown = () => draw();
  scene.made = () => made;

  function play() {
    if (at >= made.length - 1) at = -1;
    follow = false;
    timer = setInterval(() => {
      show(at + 1);
      if (at >= made.length - 1) pause();
    }, PLAY_MS);
    playButton.textContent = texts.pause;
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    playButton.textContent = texts.play;
  }
  onSpace(scene, () => {
    if (made.length) playButton.click();
  });
  function show(index) {
    at = Math.max(0, Math.min(made.length - 1, index));
    draw();
  }

  async function decodeStep() {
    const step = made[at],
      answer = await scene.ask(scene.server.decode_step, step.latents);
    if (answer) {
      step.decoded = answer;
      draw();
    }
  }
  const shown = (step, name) => step?.decoded?.[name] ?? step?.[name];
  function caption(step, name) {
    const isPicture = !latent || step?.decoded?.[name] || (step?.finished && name === "x_t");
    return captions[name][!isPicture ? 2 : step?.finished ? 1 : 0];
  }
  function draw() {
    const step = made[at];
    for (const name of Object.keys(frames)) frames[name].show(shown(step, name), caption(step, name));
    decodeButton.hidden = !latent;
    decodeButton.disabled = !step?.latents || !!step.decoded;
    scrubber.max = Math.max(0, made.length - 1);
    scrubber.value = at;
    scrubber.style.setProperty("--at", `${made.length > 1 ? (100 * at) / (made.length - 1) : 0}%`);
    place.textContent = step?.finished
      ? texts.scrubber_finished
      : fill(texts.scrubber_value, { index: step ? step.index + 1 : 0, count: wanted });
    scrubber.setAttribute("aria-valuetext", place.textContent);
    numbers.textContent =
      step && !step.finished
        ? fill(texts.numbers, {
            timestep: Math.round(step.timestep),
            alpha_bar: decimal(step.alpha_bar),
            snr: db(step.snr),
          })
        : "";
    const situation = drawing
      ? texts.drawing
      : stopped
        ? fill(texts.stopped, { count: made.length })
        : scene.live
          ? fill(texts.finished, { count: wanted })
          : "";
    status.textContent = `${fill(texts.drawn_for, { prompt: (asked ?? payload).prompt })} ${situation} ${note}`.trim();
    stopButton.textContent = stopped ? texts.carry_on : texts.stop;
    stopButton.disabled = !drawing && !stopped;
    playButton.disabled = made.length < 2;
    drawStrip();
  }
  function drawStrip() {
    while (strip.children.length > made.length) strip.lastChild.remove();
    made.forEach((step, index) => {
      let item = strip.children[index];
      if (!item) {
        const image = el("img", { class: "gx-picture", alt: "", width: 64, height: 64 });
        item = el(
          "li",
          {},
          el(
            "button",
            {
              type: "button",
              "aria-label": step.finished ? texts.scrubber_finished : fill(texts.strip_step, { index: step.index + 1 }),
              onclick: () => {
                pause();
                follow = false;
                show(index);
              },
            },
            image,
          ),
        );
        strip.append(item);
      }
      const image = item.querySelector("img");
      const source = shown(step, step.finished ? "x_t" : "x0");
      if (image.src !== source) image.src = source;
      item.firstChild.setAttribute("aria-current", index === at ? "step" : "false");
    });
  }

  // Two rows, the noisy picture above the predicted one, each pixel four wide.
  async function saveStrip() {
    const side = 128,
      rows = ["x_t", "x0"],
      surface = el("canvas", { width: side * made.length, height: side * rows.length }),
      pen = surface.getContext("2d");
    pen.imageSmoothingEnabled = false;
    for (const [row, name] of rows.entries()) {
      for (const [column, step] of made.entries()) {
        const image = new Image();
        image.src = shown(step, name);
        await image.decode();
        pen.drawImage(image, column * side, row * side, side, side);
      }
    }
    save("denoising.png", surface.toDataURL("image/png"));
  }
  async function saveGif() {
    const answer = await scene.ask(scene.server.save_gif, asked ?? request());
    if (answer) save("denoising.gif", answer.gif);
  }
  scene.origin(payload.provenance);
  draw();
};
