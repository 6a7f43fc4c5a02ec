// What the scenes of the Base-vs-RLHF tab share: stages, prompts, and how a reply has ended.
import { textbox } from "#page/controls.js";
import { choices, el, field } from "#page/dom.js";
import { choice } from "#page/fields.js";
import { onEnter } from "#page/keys.js";

/** @typedef {import("#page/scene.js").Scene} Scene */

/** The question which stages there are: `--model` and `--tuned` choose them. */
export const ASK_STAGES = /** @type {import("#page/questions.js").Question} */ (["list_stages", {}]);

/** A stage that a visitor chooses. Where the recorded one is not to be had, it is the most tuned one. */
export const stageChoice = (recorded, { stages }) =>
  choice(stages.includes(recorded) ? recorded : stages.at(-1), stages);

/** Named one by one: the page's texts say what each stage is. */
export const stageName = (texts, stage) =>
  ({ base: texts.stage_base, sft: texts.stage_sft, dpo: texts.stage_dpo, rlhf: texts.stage_rlhf })[stage] ?? stage;

/** What is said of a stage beside its name: one that was published as a model of its own is called by that model's name. */
export const stageAbout = (texts, { name, title }) =>
  title || { base: texts.about_base, sft: texts.about_sft, rlhf: texts.about_rlhf }[name] || "";

/**
 * The stages from raw to most tuned, with the titles under which they were published as soon as the models say them.
 * @param {Scene} scene
 * @returns {{name: string, title: string}[]}
 */
export function stagesOf(scene) {
  if (scene.progress("stages").live) return scene.answers.stages.stages;
  return scene.settings.stages.map((name) => ({ name, title: "" }));
}

/**
 * How a reply has ended, or that it is still growing.
 * @param {any} texts
 * @param {{text: string, stop_reason: string | null}} reply
 * @param {any} progress of its run
 */
export function ending(texts, reply, { fresh, stopped }) {
  if (fresh && reply.stop_reason === null) return texts.writing;
  const { length, context } = texts;
  const reason = reply.stop_reason ?? (stopped ? "stopped" : "lost");
  const ended = reply.text ? texts.end_of_sequence : texts.nothing;
  return { length, context, stopped: texts.stopped, end_of_sequence: ended, lost: "" }[reason];
}

/**
 * The prompt, which the tab's scenes have in common; Enter, or choosing an example, asks.
 * @param {Scene} scene
 * @param {string} label
 * @param {(changes?: any) => void} ask
 */
export function promptField(scene, label, ask) {
  const { texts } = scene;
  const { box, node } = textbox(scene, "prompt", label, { wait: 0, rows: 1 });
  onEnter(box, () => ask());
  const examples = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], (one) => {
    chosen = one.prompt;
    ask({ prompt: chosen });
  });
  let chosen = null;
  scene.follow((state) => {
    if (state.prompt !== chosen) examples.forget();
  });
  return { node: el("div", { class: "gx-grow" }, node), examples: examples.node };
}

/**
 * A list of the stages.
 * @param {Scene} scene
 * @param {string} name of the state
 * @param {string} label
 * @param {(changes: any) => void} [choose] what is to happen besides
 */
export function stageField(scene, name, label, choose = (changes) => scene.set(changes)) {
  const control = el("select", { onchange: () => choose({ [name]: control.value }) });
  let offered = "";
  scene.follow((state) => {
    const names = stagesOf(scene).map((stage) => stage.name);
    if (offered !== names.join()) {
      offered = names.join();
      control.replaceChildren(...names.map((one) => el("option", { value: one }, stageName(scene.texts, one))));
    }
    control.value = state[name];
  });
  return { node: field(label, control) };
}
