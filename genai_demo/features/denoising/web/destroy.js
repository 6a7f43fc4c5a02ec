// Scene 1: the forward process, computed here in the browser: x_t = √ᾱ x0 + √(1−ᾱ) ε.
"use strict";
genai.scenes.destroy = (scene) => {
  const { el, svg, button, fill, slider, onSpace } = genai;
  const { db, decimal, canvas, asNoise, numbersOf, gaussian } = genai.pictures;
  const { texts } = scene;
  const STEPS = 1000,
    PLAY_MS = 45,
    BY = 10;
  let payload = scene.payload,
    clean = null,
    noise = null,
    timer = null;
  const side = payload.side;

  const parts = [canvas(texts.picture_part, side), canvas(texts.noise_part, side), canvas(texts.result_part, side)];
  const stops = Array.from({ length: STEPS / BY + 1 }, (_, index) => index * BY);
  const time = slider({
    label: texts.step,
    stops,
    value: 400,
    show: (step) => fill(texts.step_value, { step }),
    onmove: () => {
      pause();
      draw();
    },
  });
  const playButton = button(texts.play, () => (timer ? pause() : play()), { class: "gx-button gx-main" });
  const file = el("input", {
    type: "file",
    accept: "image/*",
    class: "gx-file",
    onchange: () => file.files[0] && choose(file.files[0]),
  });
  const shares = el("p", { class: "gx-soft", role: "status" });
  const curve = svg("svg", { class: "gx-curve gx-snr", viewBox: "0 0 420 180", role: "img" });
  scene.work.append(
    el(
      "div",
      { class: "gx-row" },
      genai.choices(texts.pictures_label, "", [{ entries: payload.pictures }], (one) => choose(one.image)).node,
      genai.field(texts.upload, file, { class: "gx-field gx-upload" }),
    ),
    el(
      "div",
      { class: "gx-row" },
      playButton,
      button(texts.new_noise, () => {
        noise = gaussian(clean.length);
        draw();
      }),
      time.node,
    ),
    el(
      "div",
      { class: "gx-sum", role: "group", "aria-label": texts.sum_label },
      parts[0].node,
      sign("+"),
      parts[1].node,
      sign("="),
      parts[2].node,
    ),
    shares,
    el("div", { class: "gx-panel" }, el("h3", {}, texts.curve_title), curve),
    el("p", { class: "gx-soft" }, fill(texts.upload_note, { side }), " ", texts.noise_shown),
  );
  function sign(mark) {
    return el("span", { class: "gx-sign", "aria-hidden": "true" }, mark);
  }

  async function choose(source) {
    try {
      clean = await numbersOf(source, side);
      scene.message("");
    } catch {
      scene.message(texts.upload_failed);
      return;
    }
    noise ??= gaussian(clean.length);
    draw();
  }
  const alphaBar = (step) => (step === 0 ? 1 : payload.alpha_bars[step - 1]);
  function play() {
    if (time.get() >= STEPS) time.set(0);
    timer = setInterval(() => {
      time.set(time.get() + BY);
      draw();
      if (time.get() >= STEPS) pause();
    }, PLAY_MS);
    playButton.textContent = texts.pause;
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    playButton.textContent = texts.play;
  }
  onSpace(scene, () => playButton.click());

  function draw() {
    if (!clean) return;
    const step = time.get(),
      bar = alphaBar(step),
      alpha = Math.sqrt(bar),
      sigma = Math.sqrt(1 - bar);
    parts[0].paint(
      clean.map((value) => alpha * value),
      fill(texts.picture_part, { weight: decimal(alpha) }),
    );
    parts[1].paint(
      noise.map((value) => sigma * value),
      fill(texts.noise_part, { weight: decimal(sigma) }),
      asNoise,
    );
    scene.noisy = clean.map((value, index) => alpha * value + sigma * noise[index]);
    parts[2].paint(scene.noisy, texts.result_part);
    shares.textContent = fill(texts.share, {
      signal: `${(100 * bar).toFixed(1)} %`,
      noise: `${(100 * (1 - bar)).toFixed(1)} %`,
      snr: step === 0 ? "∞" : db(bar / (1 - bar)),
    });
    drawCurve(step, bar);
    scene.origin(payload.provenance);
  }
  function drawCurve(step, bar) {
    const decibels = (value) => 10 * Math.log10(value / (1 - value));
    const x = (at) => 60 + (350 * at) / STEPS,
      y = (level) => 12 + (140 * (30 - Math.max(-50, Math.min(30, level)))) / 80;
    const path = payload.alpha_bars
      .map((value, index) => `${index ? "L" : "M"}${x(index + 1).toFixed(1)} ${y(decibels(value)).toFixed(1)}`)
      .join("");
    const label = (text, attributes) => {
      const node = svg("text", attributes);
      node.textContent = text;
      return node;
    };
    curve.replaceChildren(
      ...[20, 0, -20, -40].flatMap((level) => [
        svg("line", { x1: 60, x2: 410, y1: y(level), y2: y(level), class: "gx-grid" }),
        label(`${level} dB`.replace("-", "−"), { x: 54, y: y(level) + 5, "text-anchor": "end" }),
      ]),
      ...[0, 500, 1000].map((at) =>
        label(at.toLocaleString("en-US"), { x: x(at), y: 174, "text-anchor": at === STEPS ? "end" : "middle" }),
      ),
      svg("path", { d: path, class: "gx-line" }),
      svg("circle", { cx: x(step), cy: y(step ? decibels(bar) : 30), r: 7, class: "gx-now" }),
    );
    curve.setAttribute("aria-label", fill(texts.curve_label, { step, snr: step ? db(bar / (1 - bar)) : "∞" }));
  }
  scene.refresh = async () => {
    const answer = await scene.ask(scene.server.forward_process, {});
    if (answer) {
      payload = answer;
      draw();
    }
  };
  scene.shown = () => draw();
  choose(payload.pictures[0].image);
};
