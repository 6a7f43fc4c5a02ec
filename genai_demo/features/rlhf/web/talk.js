// What the scenes of the Base-vs-RLHF tab share: stages, prompts, seeds, and how a reply has ended.
"use strict";
genai.rlhf = (() => {
  const { el, choices, field, shared, textbox } = genai;
  const prompt = shared(null);

  // Named one by one: the page's texts say what each stage is.
  const stageName = (texts, stage) =>
    ({ base: texts.stage_base, sft: texts.stage_sft, dpo: texts.stage_dpo, rlhf: texts.stage_rlhf })[stage] ?? stage;
  // A stage that was published as a model of its own is called by that model's name.
  const titles = {};
  const stageAbout = (texts, stage) =>
    titles[stage] || { base: texts.about_base, sft: texts.about_sft, rlhf: texts.about_rlhf }[stage] || "";
  const ending = (texts, reply) =>
    reply.stop_reason === null
      ? texts.writing
      : reply.stop_reason === "length"
        ? texts.length
        : reply.stop_reason === "context"
          ? texts.context
          : reply.stop_reason === "stopped"
            ? texts.stopped
            : reply.text
              ? texts.end_of_sequence
              : texts.nothing;

  // The prompt is shared by the scenes; Enter, or choosing an example, asks.
  function promptField(scene, label, value, ask) {
    const { box, node } = textbox(label, prompt.get() ?? value, () => prompt.set(box.value, scene), { rows: 1 });
    prompt.listen(scene, (text) => {
      box.value = text;
    });
    genai.keys.onEnter(box, ask);
    const { texts } = scene;
    const examples = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], (one) => {
      box.value = one.prompt;
      prompt.set(one.prompt, scene);
      ask();
    });
    return { box, node: el("div", { class: "gx-grow" }, node), examples: examples.node };
  }
  function stageField(scene, label, value, onchange) {
    const { texts } = scene;
    const select = el("select", { onchange });
    // The chosen one stays; one that is not there gives way to the most tuned.
    const offer = (names) => {
      const kept = select.value || value;
      select.replaceChildren(...names.map((stage) => el("option", { value: stage }, stageName(texts, stage))));
      select.value = names.includes(kept) ? kept : names.at(-1);
    };
    offer(scene.settings.stages);
    return {
      node: field(label, select),
      offer,
      get: () => select.value,
      offered: () => [...select.options].map((one) => one.value),
    };
  }
  // Which stages there are is known for certain when the models have loaded: --model may have chosen others.
  async function offerStages(scene, fields) {
    const found = await scene.ask(scene.server.list_stages, {});
    if (!found) return false;
    for (const { name, title } of found.stages) titles[name] = title;
    for (const one of fields) one.offer(found.stages.map((stage) => stage.name));
    return true;
  }
  function seedField(scene, value) {
    const box = el("input", { type: "number", min: 0, max: 9007199254740991, step: 1, class: "gx-seed" });
    box.value = value;
    const get = () => Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(+box.value || 0)));
    return {
      node: field(scene.texts.seed, box, { class: "gx-field gx-seed-field" }),
      get,
      set: (next) => {
        box.value = next;
      },
    };
  }
  return { prompt, stageName, stageAbout, ending, promptField, stageField, offerStages, seedField };
})();
