// Which text it is follows from what was chosen; what is shown is never a mixture of two texts.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as writing from "#features/next_word/web/writing.js";

const token = (id) => ({ text: ` t${id}`, id, probability: 0.5, rank: 1, bars: [bar(id), bar(id + 1)] });
const bar = (id) => ({ text: ` t${id}`, id, probability: 0.4, sampling_probability: 0.5 });
const SETTINGS = { temperature: 1, top_p: 0.9, top_k: 0, seed: 3 };
const opened = {
  prompt: "the cat",
  ...SETTINGS,
  ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [writing.then(name), null])),
  kept: [],
  write: 3,
  picked: [],
  at: null,
  stopped: false,
  known: { prompt: "", tokens: [] },
  past: [],
};
/** As the program answers: of the tokens that were chosen it tells figures only if it is asked to. */
function answered([, asked], ids, more = {}) {
  const chosen = asked.tell_chosen ? asked.chosen.map(token) : [];
  const tokens = ids.map(token);
  return {
    asked,
    chosen,
    tokens,
    upcoming: [bar(7), bar(8)],
    stop_reason: "length",
    provenance: { kind: "real" },
    ...more,
  };
}
const first = { writing: answered(writing.textQuestion(opened), [1, 2, 3]) };
const shown = (state, answers, isAsked = false) => writing.idsOf(writing.textOf(state, answers, isAsked).tokens);
const choose = (state, changes, answers) => {
  const after = { ...state, ...changes };
  return { ...after, ...writing.consequences(state, after, answers) };
};

test("going on keeps what is there, and asks for no figures of it", () => {
  const state = { ...opened, ...writing.goOn(opened, writing.textOf(opened, first, false), 40) };
  const [, values] = writing.textQuestion(state);
  assert.deepEqual([values.chosen, values.tell_chosen, values.max_new_tokens], [[1, 2, 3], false, 40]);
  assert.deepEqual(shown(state, first, true), [1, 2, 3]); // while it is asked
  assert.deepEqual(shown(state, { writing: answered(writing.textQuestion(state), [4]) }), [1, 2, 3, 4]);
});

test("who comes by a link knows no figures of kept tokens, and asks for them", () => {
  const state = { ...opened, kept: [5, 6], write: 1 };
  const question = writing.textQuestion(state);
  assert.equal(question[1].tell_chosen, true);
  assert.deepEqual(shown(state, first, true), []);
  const text = writing.textOf(state, { writing: answered(question, [9]) }, false);
  assert.deepEqual(writing.idsOf(text.tokens), [5, 6, 9]);
  assert.ok(text.tokens.every((one) => one.bars.length));
});

test("a question that was refused or lost leaves the text that was there", () => {
  const state = choose(opened, { prompt: "too long" }, first);
  assert.deepEqual(shown(state, first, true), []);
  const left = writing.textOf(state, first, false);
  assert.deepEqual([left.prompt, writing.idsOf(left.tokens), left.isCurrent], ["the cat", [1, 2, 3], false]);
});

test("a new beginning is empty, and undo brings the old one back with its tokens", () => {
  const fresh = choose(opened, { prompt: "a dog" }, first);
  assert.deepEqual([fresh.kept, fresh.write, fresh.past.length], [[], 0, 1]);
  const typedOn = choose(fresh, { prompt: "a dog ran" }, first); // nothing was answered between
  assert.equal(typedOn.past.length, 1);
  const back = { ...typedOn, ...writing.undone(typedOn) };
  assert.deepEqual([back.prompt, back.past], ["the cat", []]);
  assert.deepEqual(shown(back, first, true), [1, 2, 3]);
  assert.equal(writing.textQuestion(back)[1].tell_chosen, false);
});

test("the opening example is written for another beginning, too, until a model has answered", () => {
  const recorded = { writing: { ...first.writing, provenance: { kind: "recorded" } } };
  const state = choose(opened, { prompt: "a dog" }, recorded);
  assert.deepEqual([state.write, state.past], [3, []]);
});

test("moved sliders change the next bars and not the text, and moved back they change nothing", () => {
  const moved = choose(opened, { temperature: 0, seed: 8 }, first);
  assert.deepEqual(writing.textQuestion(moved), writing.textQuestion(opened));
  const [, values] = writing.barsQuestion(moved, first.writing);
  assert.deepEqual([values.temperature, values.seed, values.max_new_tokens, values.chosen], [0, 8, 0, [1, 2, 3]]);
  const bars = answered(writing.barsQuestion(moved, first.writing), [], { upcoming: [bar(70)] });
  assert.deepEqual(writing.textOf(moved, { ...first, bars }, false).upcoming, [bar(70)]);
  const unfinished = { ...first.writing, stop_reason: null };
  assert.equal(writing.barsQuestion(moved, unfinished), null);
  const back = choose(moved, { temperature: 1, seed: 3 }, first);
  assert.deepEqual(back, opened);
  assert.equal(writing.barsQuestion(choose(opened, { seed: 8 }, first), first.writing), null); // a seed has no bars
});

test("sliders that are moved before anything is written are simply those that it is written with", () => {
  const empty = { ...opened, write: 0 };
  const moved = choose(empty, { temperature: 0 }, first);
  assert.equal(moved[writing.then("temperature")], null);
  assert.equal(writing.textQuestion(moved)[1].temperature, 0);
});

test("a bar that is chosen takes the place of its token and of all that follow", () => {
  const text = writing.textOf(opened, first, false);
  const state = { ...opened, ...writing.choose(opened, text, text.tokens[1].bars[1], 1) };
  assert.deepEqual([state.kept, state.picked, state.write], [[1, 3], [1], 0]);
  assert.equal(state.known.tokens[1].rank, 2);
  const longer = { ...state, ...writing.choose(state, { ...text, tokens: state.known.tokens }, text.upcoming[0], 2) };
  assert.deepEqual(
    [longer.kept, longer.picked],
    [
      [1, 3, 7],
      [1, 2],
    ],
  );
  const shorter = writing.goOn(longer, { prompt: "the cat", tokens: longer.known.tokens.slice(0, 1) }, 1);
  assert.deepEqual([shorter.kept, shorter.picked], [[1], []]);
});
