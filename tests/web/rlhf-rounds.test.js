// A rater's rounds: what stays under the rater's hand, what is remembered, and what is learned from it.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as orders from "#features/rlhf/web/orders.js";
import { asks } from "#features/rlhf/web/rater.js";
import * as rounds from "#features/rlhf/web/rounds.js";

const LIMITS = { most_rated: 12, most_characters: 1_000 };
/** Features of two numbers. */
const features = (...numbers) => Buffer.from(new Uint16Array(numbers).buffer).toString("base64");
const SOME = features(0x3c00, 0xbc00); // 1 and −1

function shown(seed, { prompt = "the cat", model = "Tiny", kind = "real", say = "answer" } = {}) {
  const answers = [0, 1, 2, 3].map((at) => ({ text: `${say} ${seed}.${at}`, stop_reason: "length", features: SOME }));
  return { prompt, seed, provenance: { kind, title: model }, answers };
}
const NOTHING = { round: null, memory: rounds.EMPTY };
const ordered = (state, answers, order) =>
  order.reduce((before, place) => rounds.placed(before, answers, [place], LIMITS), state);

test("places are given one by one, each answer once", () => {
  const answers = shown(1);
  const state = ordered(NOTHING, answers, [2, 2, 0]);
  assert.deepEqual(rounds.current(state, answers).order, [2, 0]);
  assert.deepEqual(NOTHING, { round: null, memory: rounds.EMPTY });
  const done = ordered(state, answers, [3, 1, 0]);
  assert.deepEqual(rounds.current(done, answers).order, [2, 0, 3, 1]);
});

test("answers that are still growing cannot be ordered", () => {
  const growing = shown(1);
  delete growing.answers[3].features;
  assert.deepEqual(ordered(NOTHING, growing, [0]), NOTHING);
});

test("recorded answers that were ordered stay when their model writes others, and are learned from", () => {
  const old = shown(1, { kind: "recorded", say: "recorded" });
  const state = ordered(NOTHING, old, [3, 1, 0, 2]);
  const live = shown(1);
  assert.equal(rounds.current(state, live).answers[0].text, "recorded 1.0");
  assert.deepEqual(rounds.learnable(state, live, LIMITS).memory.rankings, [[3, 1, 0, 2]]);
  assert.equal(rounds.isDropped(state, live), false);
});

test("the same words of a live model take the place of the recorded ones, with their order", () => {
  const state = ordered(NOTHING, shown(1, { kind: "recorded" }), [3]);
  const round = rounds.current(state, shown(1));
  assert.deepEqual([round.provenance.kind, round.order], ["real", [3]]);
});

test("another model's answers are to be ordered anew, and nothing is learned of the recorded ones", () => {
  const state = ordered(NOTHING, shown(1, { kind: "recorded", say: "recorded" }), [3, 1, 0, 2]);
  const live = shown(1, { model: "Other" });
  assert.deepEqual(rounds.current(state, live).order, []);
  assert.equal(rounds.isDropped(state, live), true);
  assert.deepEqual(rounds.learnable(state, live, LIMITS).memory.rankings, []);
});

test("a finished round is learned from once, before and after it is kept", () => {
  const answers = shown(1);
  const state = ordered(NOTHING, answers, [1, 0, 2, 3]);
  const kept = rounds.settled(state, LIMITS, null);
  for (const one of [state, kept, rounds.settled(kept, LIMITS, null)]) {
    assert.deepEqual(rounds.learnable(one, answers, LIMITS).memory.rankings, [[1, 0, 2, 3]]);
  }
});

test("rankings of later rounds point at their own answers", () => {
  const [first, second] = [shown(1), shown(5)];
  const kept = rounds.settled(ordered(NOTHING, first, [1, 0, 2, 3]), LIMITS, null);
  const { memory } = rounds.learnable(ordered(kept, second, [3, 2, 1, 0]), second, LIMITS);
  const best = memory.rankings.map(([place]) => memory.answers[place].text);
  assert.deepEqual(best, ["answer 1.1", "answer 5.3"]);
});

test("a round that is begun without asking for it keeps the one before", () => {
  const before = ordered(NOTHING, shown(1), [1, 0, 2, 3]);
  const state = ordered(before, shown(5), [2]);
  assert.deepEqual(state.memory.rankings, [[1, 0, 2, 3]]);
});

test("what is foretold counts when the best answer was the same", () => {
  const answers = shown(1);
  const state = ordered(NOTHING, answers, [1, 0, 2, 3]);
  const tally = (foretold) => {
    const { memory } = rounds.learnable(state, answers, LIMITS, foretold);
    return [memory.hits, memory.rounds];
  };
  assert.deepEqual(tally([2, 1, 3, 4]), [1, 1]);
  assert.deepEqual(tally([1, 2, 3, 4]), [0, 1]);
  assert.deepEqual(tally(null), [0, 0]);
  assert.deepEqual(rounds.placesOf([0.1, 2, 0.1, -1]), [2, 1, 2, 4]);
});

test("the memory is bounded by answers and by characters", () => {
  const step = (state, seed) => rounds.settled(ordered(state, shown(seed), [0, 1, 2, 3]), LIMITS, null);
  const full = [1, 5, 9].reduce(step, NOTHING);
  assert.equal(full.memory.answers.length, LIMITS.most_rated);
  const more = ordered(full, shown(13), [0, 1, 2, 3]);
  assert.equal(rounds.learnable(more, shown(13), LIMITS).isFull, true);
  assert.deepEqual(rounds.settled(more, LIMITS, null).memory, full.memory);
  const long = { answers: [{ text: "x".repeat(1_001), features: SOME }], rankings: [] };
  assert.equal(rounds.added(rounds.EMPTY, long, LIMITS), null);
});

test("a memory belongs to one model", () => {
  const { memory } = rounds.settled(ordered(NOTHING, shown(1), [0, 1, 2, 3]), LIMITS, null);
  assert.equal(rounds.memoryOf(memory, "Tiny"), memory);
  assert.deepEqual(rounds.memoryOf(memory, "Other"), { ...rounds.EMPTY, model: "Other" });
});

// ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────

const asked = (state, answers) =>
  asks({ prompt: "the cat", seed: 1, ...state }, { settings: LIMITS }, { answers }); // prettier-ignore

test("nothing is learned before there is an order, nor of recorded answers before their model is there", () => {
  assert.equal(asked(NOTHING, shown(1)).taste, null);
  const old = shown(1, { kind: "recorded" });
  const state = ordered(NOTHING, old, [0, 1, 2, 3]);
  assert.equal(asked(state, old).taste, null);
  assert.deepEqual(asked(state, shown(1)).taste[1].rankings, [[0, 1, 2, 3]]);
});

test("new answers are foretold by the orders before them only", () => {
  const kept = rounds.settled(ordered(NOTHING, shown(1), [3, 2, 1, 0]), LIMITS, null);
  assert.equal(asked(kept, shown(1)).foretold, null);
  const [before, after] = [kept, ordered(kept, shown(5), [1, 0, 2, 3])].map((state) => asked(state, shown(5)).foretold);
  assert.deepEqual(before, after);
  assert.deepEqual(before[1].rankings, [[3, 2, 1, 0]]);
  assert.deepEqual(before[1].texts.slice(4), shown(5).answers.map((one) => one.text)); // prettier-ignore
});

// ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const BOUNDS = { places: 4, width: 2 };

test("orders come back from their file", () => {
  const { memory } = rounds.settled(ordered(NOTHING, shown(1), [3, 2, 1, 0]), LIMITS, null);
  const { model, answers, rankings } = orders.read(orders.written("Tiny", memory), BOUNDS);
  assert.deepEqual([model, answers, rankings], ["Tiny", memory.answers, memory.rankings]);
  assert.equal(orders.isMemory(memory, LIMITS.most_rated), true);
  assert.equal(orders.isMemory(memory, 3), false);
});

test("a file that no reward model could learn from is refused", () => {
  const good = { model: "Tiny", answers: [0, 1].map((at) => ({ text: `${at}`, features: SOME })), rankings: [[1, 0]] };
  assert.ok(orders.read(JSON.stringify(good), BOUNDS));
  const [one, other] = good.answers;
  const bad = [
    "{",
    "null",
    { ...good, answers: [] },
    { ...good, rankings: [] },
    { ...good, rankings: [[0]] },
    { ...good, rankings: [[0, 2]] },
    { ...good, rankings: [[0, 0]] },
    { ...good, rankings: [[0.5, 1]] },
    { ...good, answers: [one, { ...other, text: 7 }] },
    { ...good, answers: [one, { ...other, features: features(0x3c00) }] },
    { ...good, answers: [one, { ...other, features: features(0x3c00, 0x7c00) }] }, // infinity
    { ...good, answers: [one, { ...other, features: `${SOME} ` }] },
    { ...good, answers: [one, { ...other, features: "*" }] },
  ];
  for (const held of bad) {
    const text = typeof held === "string" ? held : JSON.stringify(held);
    assert.equal(orders.read(text, BOUNDS), null, text);
  }
});
