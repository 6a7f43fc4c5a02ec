// A scene: its state, its questions and its picture, held together. All that scenes do alike is done here.
import * as address from "#page/address.js";
import * as connection from "#page/connection.js";
import { el } from "#page/dom.js";
import { keepPlace } from "#page/focus.js";
import { modified } from "#page/keys.js";
import * as memory from "#page/memory.js";
import { commonOrigin, provenance } from "#page/provenance.js";
import { Questions } from "#page/questions.js";
import { whenReady } from "#page/ready.js";
import { share } from "#page/shared.js";
import { waiting } from "#page/waiting.js";
import { words } from "#page/words.js";

/**
 * What a scene is given: the words it writes, what else its feature knows, and the recorded answers that it opens with.
 * @typedef {object} Given
 * @property {any} texts
 * @property {any} settings
 * @property {Record<string, any>} recorded key → answer
 *
 * What a visitor has chosen, as plain JSON: it is never changed in place.
 * @typedef {Record<string, any>} State
 *
 * The module of a scene. `fields`, `asks` and `gather` are pure and touch no document: tests and a static edition call them, too.
 * @typedef {object} SceneModule
 * @property {(given: Given) => address.Fields} fields what a visitor can choose: name of a part of the state → field
 * @property {(state: State, given: Given, answers: Record<string, any>) => import("#page/questions.js").Asked} asks
 * @property {(scene: Scene) => Built} build makes the nodes, once
 * @property {(key: string, before: any, part: any, shown: any) => any} [gather] puts the parts of a run together; without it, the
 *   last one counts; `shown`: the answer that a run may go on with
 * @property {(before: State, after: State, answers: Record<string, any>) => State} [consequences] what else changes when a visitor
 *   has chosen something, here or in another scene of the tab; pure
 * @property {readonly string[]} [onDemand] keys of questions that are asked by `scene.ask(key)`, with the state of that moment
 * @property {readonly string[]} [shares] names of the state that all scenes of the tab have in common
 *
 * @typedef {object} Built
 * @property {(state: State, answers: Record<string, any>) => void} paint the only place that writes into the document
 * @property {(state: State, answers: Record<string, any>) => any[]} [provenance] what stands in the line under it, where that is not
 *   simply the origin that its answers have in common: nodes and texts
 * @property {() => void} [shown] the scene has come into view
 * @property {(key: string, reply: any) => void} [replied] an answer or a refusal, which may hold `offers`
 */

/**
 * Begin a scene in its frame.
 * @param {SceneModule} module
 * @param {string} tab
 * @param {string} name
 * @param {{element: any, props: any}} gradio what Gradio gives to a component's script
 * @param {{streams?: readonly string[], answerer?: any}} [how] answerer: who answers instead of the program
 */
export function mount(module, tab, name, { element, props }, { streams = [], answerer } = {}) {
  const node = element.querySelector(".gx-scene");
  const scene = new Scene(module, tab, name, node, props);
  node.genaiScene = scene;
  scene.begin(answerer ?? connection.of(element), props.value ?? {}, streams);
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export class Scene {
  /** @type {State} */
  state = {};
  /** @type {SceneModule} */
  #module;
  /** @type {Built | null} */
  #built = null;
  /** @type {Questions | null} */
  #questions = null;
  /** @type {((state: State) => void)[]} each shows what it stands for, before every painting */
  #controls = [];
  /** @type {Map<string, {text: string, kind: string}>} what is to be said above the scene, by who says it */
  #said = new Map();
  #tell = (_) => {};
  #isDirty = true;
  #isRecorded = false; // nobody computes here
  #later = null;

  /** @param {SceneModule} module @param {string} tab @param {string} name @param {any} node @param {any} props */
  constructor(module, tab, name, node, props) {
    this.#module = module;
    this.tab = tab;
    this.name = name;
    this.node = node;
    /** the scene's own part of the page @type {any} */
    this.work = node.querySelector(".gx-work");
    this.texts = props.texts;
    this.settings = props.settings;
    /** @type {Record<string, any>} key → the answer that was recorded */
    this.recorded = Object.fromEntries(Object.entries(props.value ?? {}).map(([key, { answer }]) => [key, answer]));
    this.fields = module.fields(this);
    this.waiting = waiting(node);
  }

  // ── what a scene's module may do ───────────────────────────────────────────────────────────────────────────────
  /**
   * The visitor has chosen something. It is painted at once; what it asks is asked after `wait` milliseconds without another change.
   * @param {State} changes
   * @param {{wait?: number}} [how]
   */
  set(changes, { wait = 0 } = {}) {
    const all = this.#withConsequences(changes);
    if (!this.#put(all)) return;
    if (Object.keys(changes).some((key) => !this.fields[key].local)) this.report("link", "");
    this.#tell(all);
    this.paint();
    if (!wait) {
      this.#settle();
      return;
    }
    this.composing();
    this.#later = setTimeout(() => this.#settle(), wait);
  }
  /** Something is being typed: what is shown is not of that. */
  composing() {
    clearTimeout(this.#later);
    this.waiting.begin("typing", true, true);
  }
  /** Ask a question now. @param {string} key @param {State} [changes] chosen at the same moment */
  ask(key, changes = {}) {
    clearTimeout(this.#later);
    this.waiting.end("typing");
    const all = this.#withConsequences(changes);
    this.#put(all);
    this.#tell(all);
    this.#questions.ask(key);
  }
  /** End a run; what has arrived stays. @param {string} key */
  stop(key) {
    this.#questions.stop(key);
  }
  /** How far a question is, see `Questions.progress`. @param {string} key */
  progress(key) {
    return this.#questions.progress(key);
  }
  /** The answers that are shown: key → answer. */
  get answers() {
    return this.#questions?.answers ?? this.recorded;
  }
  /** Keep a control in step with the state. @param {(state: State) => void} show */
  follow(show) {
    this.#controls.push(show);
  }
  /**
   * Say above the scene what went wrong, or what is to be noted; it stands until the same one has nothing to say.
   * @param {string} who
   * @param {string} text
   * @param {"gx-error" | "gx-note"} [kind]
   */
  report(who, text, kind = "gx-error") {
    if (!text && !this.#said.has(who)) return;
    this.#said.delete(who);
    if (text) this.#said.set(who, { text, kind });
    const all = [...this.#said.values()];
    const newest = all.at(-1) ?? { text: "", kind: "gx-note" };
    const message = this.node.querySelector(".gx-message");
    if (message.textContent !== newest.text) message.textContent = newest.text;
    message.className = `gx-message ${newest.kind}`;
    message.hidden = !newest.text;
    this.node.classList.toggle("gx-stale", all.some((one) => one.kind === "gx-error")); // prettier-ignore
  }
  /** Something else than an answer did not come: resolves when it is worth another try. */
  async lost() {
    connection.lose();
    this.report("other", words.connection_lost);
    await connection.back();
    this.report("other", "");
  }
  /** Whether it is in view: of its tab the current scene, in the tab that is open. */
  isShown() {
    return this.node.offsetParent !== null;
  }

  // ── what the page does with it ─────────────────────────────────────────────────────────────────────────────────
  /**
   * @param {any} answerer
   * @param {Record<string, any>} recorded key → {ask, values, answer}
   * @param {readonly string[]} streams
   */
  begin(answerer, recorded, streams) {
    const module = this.#module;
    this.#isRecorded = !!answerer.isRecorded;
    this.#remember();
    this.#questions = new Questions({
      tab: this.tab,
      answerer,
      streams,
      recorded,
      waiting: this.waiting,
      onDemand: module.onDemand ?? [],
      asks: (state, answers) => module.asks(state, this, answers),
      gather: module.gather ?? ((_key, _before, part) => part),
      state: () => this.state,
      report: (key, problem, reply) => {
        this.report(key, problem);
        if (reply) this.#built?.replied?.(key, reply);
      },
      note: (key, text) => this.report(key, text, "gx-note"),
      changed: () => {
        this.paint();
        if (this.isShown()) this.#questions.update();
      },
    });
    this.#built = module.build(this);
    keepPlace(this.node);
    for (const event of ["gx-projector", "gx-dark"]) document.addEventListener(event, () => this.paint());
    this.paint();
    whenReady(this.tab, () => this.#settle());
    if (this.isShown()) this.shown();
  }
  /** What was chosen before the page was loaded again, what other scenes have in common with this one, what the link says. */
  #remember() {
    this.state = address.defaults(this.fields);
    const kept = memory.keep(`${this.tab}/${this.name}`, () => this.state);
    for (const [key, field] of Object.entries(this.fields)) {
      if (key in kept && field.allows(kept[key])) this.state[key] = kept[key];
    }
    this.#tell = share(this.tab, this, this.#module.shares ?? []);
    const query = new URLSearchParams(location.search);
    if (query.get("tab") === this.tab && query.get("scene") === this.name) {
      const { state, refused } = address.restored(this.fields, query);
      for (const key of Object.keys(state)) if (query.has(key)) this.state[key] = state[key];
      if (refused.length) this.report("link", words.link_in_part, "gx-note");
    }
    this.#tell(this.#chosen());
  }
  /** The state, as others hear of it. Undefined: as the scene opens, which others may do otherwise. */
  #chosen() {
    const chosen = ([key, field]) => [key, isSame(this.state[key], field.initial) ? undefined : this.state[key]];
    return Object.fromEntries(Object.entries(this.fields).map(chosen));
  }
  /** It has come into view. */
  shown() {
    if (this.#isDirty) this.paint();
    this.#built.shown?.();
    this.#questions.update();
  }
  /** Paint it, now or as soon as it is in view. */
  paint() {
    this.#isDirty = !this.isShown();
    if (this.#isDirty || !this.#built) return;
    for (const show of this.#controls) show(this.state);
    this.#built.paint(this.state, this.answers);
    const line = this.#built.provenance?.(this.state, this.answers) ?? this.#commonProvenance();
    if (line) this.node.querySelector(".gx-provenance").replaceChildren(...line);
  }
  #commonProvenance() {
    const origin = commonOrigin(Object.values(this.answers));
    const stays = this.#isRecorded || Object.keys(this.answers).some((key) => this.progress(key).stays);
    return origin && provenance({ ...origin, stays });
  }
  /** Others have changed what this scene has in common with them. @param {State} changes undefined: as it opens */
  adopt(changes) {
    const known = Object.entries(changes).filter(([key]) => key in this.fields);
    const heard = ([key, value]) => [key, value === undefined ? this.fields[key].initial : value];
    if (!this.#put(this.#withConsequences(Object.fromEntries(known.map(heard))))) return;
    this.paint();
    this.#settle();
  }
  /** What the address is to hold of it: name → text. */
  written() {
    return address.differences(this.fields, this.state);
  }
  /** Take over what an address says. @param {URLSearchParams} query */
  restore(query) {
    const { state, refused } = address.restored(this.fields, query);
    for (const [key, field] of Object.entries(this.fields)) if (field.local) delete state[key];
    this.report("link", refused.length ? words.link_in_part : "", "gx-note");
    if (!this.#put(state)) return;
    this.#tell(this.#chosen());
    this.paint();
    this.#settle();
  }
  #withConsequences(changes) {
    const after = { ...this.state, ...changes };
    return { ...this.#module.consequences?.(this.state, after, this.answers), ...changes };
  }
  #put(changes) {
    if (Object.entries(changes).every(([key, value]) => isSame(this.state[key], value))) return false;
    this.state = { ...this.state, ...changes };
    if (this.#built) {
      memory.changed();
      document.dispatchEvent(new CustomEvent("gx-chosen", { detail: this }));
    }
    return true;
  }
  #settle() {
    clearTimeout(this.#later);
    this.waiting.end("typing");
    if (this.isShown()) this.#questions?.update();
  }
}

/** Space plays or pauses, where no button or field has the focus. @param {Scene} scene @param {() => void} work */
export function onSpace(scene, work) {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const controls = "button, input, textarea, select, summary, a, [contenteditable]";
    const isElsewhere = target instanceof Element && target.closest(controls);
    if (event.key !== " " || event.repeat || modified(event) || isElsewhere || !scene.isShown()) return;
    event.preventDefault();
    work();
  });
}

/** Give the visitor a file. @param {string} name @param {string} href */
export const download = (name, href) => el("a", { href, download: name }).click();
