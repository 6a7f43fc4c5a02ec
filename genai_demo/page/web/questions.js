// What a scene wants to know, asked of whoever answers. A scene only says which questions belong to its state; this sees to the
// rest: a question is asked when it changes; the newest answer wins; a refusal leaves what was there; a recorded answer is asked
// anew, quietly, once there is a model; a lost connection is waited out; and what is no longer wanted is halted.
import * as connection from "#page/connection.js";
import { askAgain, isReady } from "#page/ready.js";
import { words } from "#page/words.js";

/**
 * @typedef {[ask: string, values: Record<string, any>]} Question
 * @typedef {Record<string, Question | null>} Asked key → question; null: nothing is to be known now
 *
 * @typedef {object} Answered the question whose answer is shown
 * @property {string} text
 * @property {Record<string, any>} values
 * @property {boolean} live computed now, for this visitor
 * @property {boolean} whole a run that has come to its end
 * @property {boolean} stopped a run that the visitor ended
 * @property {boolean} stays a recorded answer that was not to be computed anew
 *
 * @typedef {object} How
 * @property {string} tab
 * @property {any} answerer `{server, run}`
 * @property {readonly string[]} streams the asks whose answers come in parts
 * @property {readonly string[]} onDemand keys that are asked when the visitor says so, see `ask`
 * @property {(state: any, answers: any) => Asked} asks pure
 * @property {(key: string, before: any, part: any, shown: any) => any} gather the answer so far and one more part of it, both left
 *   as they are; `shown`: what was there before, which a run may go on with
 * @property {() => any} state
 * @property {Record<string, any>} recorded key → {ask, values, answer}
 * @property {any} waiting of the scene
 * @property {(key: string, problem: string, reply?: any) => void} report what went wrong; "": nothing
 * @property {(key: string, text: string) => void} note what it is to wait for
 * @property {() => void} changed answers have changed
 */

export class Questions {
  /** @type {Record<string, any>} key → the answer that is shown */
  answers = {};
  /** @type {Map<string, Answered>} */
  #answered = new Map();
  /** @type {Map<string, any>} key → the question that is on its way */
  #flights = new Map();
  /** @type {Map<string, string>} key → a question that was refused or stopped: it is not asked again by itself */
  #unwanted = new Map();
  /** @type {Map<string, string>} key → a question of which a run broke off: it rests until there is a connection again */
  #lost = new Map();
  /** @type {Record<string, any>} key → the state at the moment when it was asked for */
  #demanded = {};
  /** @type {How} */
  #how;

  /** @param {How} how */
  constructor(how) {
    this.#how = how;
    for (const [key, { ask, values, answer }] of Object.entries(how.recorded)) {
      const live = !!answer.provenance && answer.provenance.kind !== "recorded";
      this.answers[key] = answer;
      this.#settle(key, { text: JSON.stringify([ask, values]), values }, { live, whole: true });
    }
    for (const key of how.onDemand) this.#demanded[key] = how.state();
  }

  /** Ask what has changed since the last time. */
  update() {
    const begun = Object.entries(this.#wanted()).filter(([key, question]) => this.#see(key, question));
    if (begun.length) this.#how.changed(); // what is being asked is to be seen
  }
  /** Ask a question now, with what the visitor has chosen by now, whether or not it has been answered before. @param {string} key */
  ask(key) {
    this.#demanded[key] = this.#how.state();
    const question = this.#wanted()[key];
    if (question) this.#start(key, question, JSON.stringify(question), false);
    this.#how.changed();
  }
  /** End a run. What has arrived stays. @param {string} key */
  stop(key) {
    const flight = this.#flights.get(key);
    if (!flight) return;
    this.#halt(key);
    this.#unwanted.set(key, flight.text);
    const shown = this.#answered.get(key);
    if (shown?.live) shown.stopped = shown.text === flight.text;
    else if (shown) shown.stays = true;
    this.#how.changed();
  }
  /**
   * How far a question is. `busy`: it was asked, and is being answered; `fresh`: parts of that answer are shown already;
   * `asking`: the values that were asked for; and what is known of the answer that is shown.
   * @param {string} key
   */
  progress(key) {
    const flight = this.#flights.get(key);
    const shown = this.#answered.get(key);
    const busy = !!flight && !flight.quiet;
    return { busy, fresh: busy && flight.hasParts, asking: flight?.values ?? null, ...shown };
  }

  /** @returns {Asked} */
  #wanted() {
    const { asks, state, onDemand } = this.#how;
    const now = asks(state(), this.answers);
    for (const key of onDemand) if (key in now) now[key] = asks(this.#demanded[key], this.answers)[key];
    return now;
  }
  /** Ask one of them, or halt it, if need be. @returns whether it was asked */
  #see(key, question) {
    const text = JSON.stringify(question);
    const shown = this.#answered.get(key);
    if (this.#flights.get(key)?.text === text || this.#lost.get(key) === text) return false;
    if (!question || (shown?.text === text && (shown.live || !isReady(this.#how.tab)))) {
      this.#halt(key);
      this.#how.report(key, "");
      return false;
    }
    if (this.#unwanted.get(key) === text) return false;
    this.#start(key, question, text, shown?.text === text);
    return true;
  }
  #start(key, question, text, quiet) {
    this.#halt(key);
    this.#unwanted.delete(key);
    this.#lost.delete(key);
    const flight = { text, values: question[1], quiet, id: null, hasParts: false };
    this.#flights.set(key, flight);
    if (this.#how.streams.includes(question[0])) this.#run(key, question, flight);
    else this.#exchange(key, question, flight);
  }
  #isCurrent(key, flight) {
    return this.#flights.get(key) === flight;
  }

  // ── a question with one answer ─────────────────────────────────────────────────────────────────────────────────
  async #exchange(key, [name, values], flight) {
    const { answerer, waiting, report } = this.#how;
    let reply;
    do {
      waiting.begin(key, !flight.quiet);
      reply = await answerer.server[name](values).catch(failure);
      if (!this.#isCurrent(key, flight)) return;
      waiting.end(key);
      if (reply.lost) {
        report(key, words.connection_lost);
        await connection.back();
        if (!this.#isCurrent(key, flight)) return;
      }
    } while (reply.lost);
    this.#flights.delete(key);
    if (reply.error) this.#refuse(key, flight, reply);
    else this.#accept(key, flight, reply, true);
  }

  // ── a run, whose answer comes in parts ─────────────────────────────────────────────────────────────────────────
  #run(key, [name, values], flight) {
    const { answerer, waiting, report } = this.#how;
    flight.id = crypto.getRandomValues(new Uint32Array(3)).join("-");
    report(key, "");
    waiting.begin(key, !flight.quiet);
    answerer.run(name, { run: flight.id, ...values }, (news) => {
      if (!this.#isCurrent(key, flight)) return;
      if (news.place != null) waiting.place(key, news.place);
      else if (news.part) this.#part(key, flight, news.part);
      else if (news.end) this.#end(key, flight, news);
    });
  }
  #part(key, flight, part) {
    this.#how.waiting.end(key);
    if (part.error) {
      this.#flights.delete(key);
      this.#refuse(key, flight, part);
      return;
    }
    flight.gathered = this.#how.gather(key, flight.gathered, part, this.answers[key]);
    if (!flight.quiet) this.#accept(key, flight, flight.gathered, false);
  }
  #end(key, flight, { lost, failed }) {
    const { waiting, report, changed } = this.#how;
    this.#flights.delete(key);
    waiting.end(key);
    if (!lost && !failed && flight.gathered) {
      this.#accept(key, flight, flight.gathered, true);
      return;
    }
    (lost ? this.#lost : this.#unwanted).set(key, flight.text);
    if (lost || failed) report(key, lost ? words.connection_lost : words.failed);
    changed();
    if (lost) connection.back().then(() => this.#goOn(key));
  }
  #goOn(key) {
    this.#lost.delete(key);
    if (this.#flights.has(key)) return;
    this.#how.report(key, "");
    this.update();
  }

  // ── what becomes of it ─────────────────────────────────────────────────────────────────────────────────────────
  #settle(key, { text, values }, { live, whole }) {
    this.#answered.set(key, { text, values, live, whole, stopped: false, stays: false });
  }
  #accept(key, flight, answer, whole) {
    flight.hasParts = true;
    this.answers[key] = answer;
    this.#settle(key, flight, { live: true, whole });
    this.#how.report(key, "", answer);
    this.#how.changed();
  }
  #refuse(key, flight, reply) {
    const { tab, note, report, changed } = this.#how;
    if (reply.loading) {
      note(key, reply.error);
      askAgain(tab, () => this.update());
      return;
    }
    this.#unwanted.set(key, flight.text);
    report(key, reply.error, reply);
    changed();
  }
  #halt(key) {
    const flight = this.#flights.get(key);
    if (!flight) return;
    const { answerer, waiting } = this.#how;
    this.#flights.delete(key);
    waiting.end(key);
    if (flight.id) answerer.server.halt({ run: flight.id }).catch(() => {});
  }
}

const failure = (error) => (error instanceof connection.Lost ? { lost: true } : { error: words.failed });
