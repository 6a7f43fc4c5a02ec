// Scene 5: from one step to sixty-four, for two samplers; and what no number of steps will draw.
"use strict";
genai.scenes.counts = (scene) => {
  const { el, button, fill, runner } = genai;
  const { frame, promptField, seedField, remark } = genai.pictures;
  const { texts } = scene,
    from = genai.partOrigins(scene);
  let pictures = scene.payload.pictures,
    cannot = scene.payload.cannot,
    drawing = false,
    unseen = [],
    drawnFor = scene.payload.prompt,
    before = null;

  const prompt = promptField(scene, texts.prompt, scene.payload.prompt),
    seed = seedField(scene, texts.seed);
  const pair = ["ddpm", "ddim"].map((value) => {
    const control = el(
      "select",
      {},
      Object.keys(scene.settings.samplers).map((one) => el("option", { value: one }, one)),
    );
    control.value = value;
    return control;
  });
  const table = el("div", { class: "gx-counts" }),
    status = el("p", { class: "gx-soft", role: "status" }),
    impossible = el("div", { class: "gx-gallery" });
  const drawButton = button(texts.draw, start, { class: "gx-button gx-main" });
  const samplers = el(
    "div",
    { class: "gx-field" },
    el("span", { class: "gx-soft" }, texts.samplers),
    el("div", { class: "gx-buttons" }, pair),
  );
  pair.forEach((control, index) => control.setAttribute("aria-label", `${texts.samplers} ${index + 1}`));
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, seed.node, samplers, drawButton),
    status,
    table,
    el(
      "div",
      { class: "gx-panel" },
      el(
        "div",
        { class: "gx-row" },
        el("h3", {}, texts.cannot_title),
        button(texts.cannot, tryImpossible, { class: "gx-button gx-small" }),
      ),
      impossible,
      el("p", { class: "gx-soft" }, texts.cannot_note),
    ),
  );

  const runs = runner(scene, "count_steps", arrived),
    ask = scene.asker();
  function start() {
    if (pictures.length) before = { pictures, unseen, drawnFor };
    drawnFor = prompt.box.value;
    [pictures, drawing] = [[], true];
    runs.start({ prompt: drawnFor, seed: seed.get(), samplers: [...new Set(pair.map((control) => control.value))] });
    draw();
  }
  function arrived(part) {
    if (part.error) {
      drawing = false;
      if (!pictures.length) ({ pictures, unseen, drawnFor } = before);
      draw();
      return;
    }
    if (pictures.some((one) => one.sampler === part.sampler && one.steps === part.steps)) return; // Gradio may show a part twice
    pictures.push(part);
    drawing = pictures.length < part.total;
    scene.live = true;
    unseen = part.unseen ?? unseen;
    from("pictures", part.provenance);
    draw();
  }
  async function tryImpossible() {
    const answer = await ask(scene.server.steer_by_prompt, { prompts: texts.cannot_prompts, seed: seed.get() });
    if (answer) {
      cannot = answer.pictures;
      from("cannot", answer.provenance);
      draw();
    }
  }
  scene.refresh = async () => {
    if (!scene.live) {
      await tryImpossible();
      start();
    }
  };
  scene.shown = () => draw();
  function draw() {
    const rows = [...new Set(pictures.map((one) => one.sampler))];
    table.replaceChildren(
      ...rows.map((sampler) =>
        el(
          "div",
          { class: "gx-count-row" },
          el("h3", {}, sampler),
          el(
            "div",
            { class: "gx-gallery" },
            pictures
              .filter((one) => one.sampler === sampler)
              .map((one) => {
                const shown = frame("");
                shown.show(one.image, one.steps === 1 ? texts.one_step : fill(texts.steps, { count: one.steps }));
                shown.node.append(
                  el("small", { class: "gx-soft" }, fill(texts.seconds, { seconds: one.seconds.toFixed(2) })),
                );
                return shown.node;
              }),
          ),
        ),
      ),
    );
    status.textContent = `${fill(texts.drawn_for, { prompt: drawnFor })} ${drawing ? texts.drawing : ""} ${remark(texts, unseen, drawnFor)}`;
    impossible.replaceChildren(
      ...cannot.map((one) => {
        const shown = frame("");
        shown.show(one.image, one.prompt);
        return shown.node;
      }),
    );
  }
  for (const part of ["pictures", "cannot"]) from(part, scene.payload.provenance);
  draw();
};
