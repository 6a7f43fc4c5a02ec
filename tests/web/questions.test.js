// How a scene's questions are asked: by an answerer that the test holds in its hands.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Questions } from "#page/questions.js";
import { becomeReady } from "#page/ready.js";

const moment = () => new Promise((resolve) => setTimeout(resolve));
let tabs = 0;

/** A scene that asks `double` for twice its number, `sum` in parts on demand, and records what it is told. */
function scene({ ready = true, recorded = {}, onDemand = ["run"], asks } = {}) {
  const tab = `tab-${++tabs}`;
  const asked = [];
  const said = {};
  const noted = {};
  const self = { tab, asked, said, noted, state: { number: 1, limit: 2 }, painted: 0, waits: new Map() };
  const server = {
    double: ({ number }) => new Promise((answer, fail) => asked.push({ number, answer, fail })),
    halt: async ({ run }) => asked.push({ halted: run }),
  };
  const run = (name, request, hear) => asked.push({ name, request, hear });
  self.questions = new Questions({
    tab,
    answerer: { server, run },
    streams: ["sum"],
    onDemand,
    recorded,
    asks: asks ?? (({ number, limit }) => ({ twice: ["double", { number }], run: ["sum", { limit }] })),
    gather: (_, before, part) => [...(before ?? []), part.value],
    state: () => self.state,
    waiting: {
      begin: (who, other) => self.waits.set(who, other),
      place: () => {},
      end: (who) => self.waits.delete(who),
    },
    report: (key, problem) => (said[key] = problem),
    note: (key, text) => (noted[key] = text),
    changed: () => self.painted++,
  });
  if (ready) becomeReady(tab);
  return self;
}
const choose = (one, changes) => {
  one.state = { ...one.state, ...changes };
  one.questions.update();
};
const onlyTwice = ({ number }) => ({ twice: ["double", { number }] });
const double = (number, value, kind = "recorded") => ({
  twice: { ask: "double", values: { number }, answer: { value, provenance: { kind } } },
});

test("the newest question wins, however late the others are answered", async () => {
  const one = scene({ asks: onlyTwice });
  one.questions.update();
  choose(one, { number: 2 });
  const [first, second] = one.asked;
  second.answer({ value: 4 });
  await moment();
  first.answer({ value: 2 });
  await moment();
  assert.deepEqual(one.questions.answers.twice, { value: 4 });
  assert.equal(one.waits.size, 0);
});

test("that a question is on its way is painted, once", () => {
  const one = scene({ asks: onlyTwice });
  one.questions.update();
  one.questions.update();
  assert.deepEqual([one.painted, one.questions.progress("twice").busy], [1, true]);
});

test("a question is asked once, and again only when it has changed", async () => {
  const one = scene({ asks: onlyTwice });
  for (let i = 0; i < 3; i++) one.questions.update();
  one.asked[0].answer({ value: 2 });
  await moment();
  one.questions.update();
  assert.equal(one.asked.length, 1);
  choose(one, { number: 3 });
  assert.equal(one.asked.length, 2);
});

test("a refusal leaves what was there, is said, and is not asked again by itself", async () => {
  const one = scene({ asks: onlyTwice });
  one.questions.update();
  one.asked[0].answer({ value: 2 });
  await moment();
  choose(one, { number: -1 });
  one.asked[1].answer({ error: "no negative numbers" });
  await moment();
  one.questions.update();
  assert.equal(one.asked.length, 2);
  assert.equal(one.said.twice, "no negative numbers");
  assert.deepEqual(one.questions.answers.twice, { value: 2 });
  choose(one, { number: 1 }); // what is answered already
  assert.equal(one.asked.length, 2);
  assert.equal(one.said.twice, "");
});

test("a recorded answer stands until there is a model, and then until it has answered", async () => {
  const one = scene({ ready: false, recorded: double(1, 2), asks: onlyTwice });
  one.questions.update();
  assert.equal(one.asked.length, 0);
  becomeReady(one.tab);
  one.questions.update();
  assert.equal(one.asked.length, 1);
  assert.equal(one.waits.get("twice"), false); // what is shown is of the same question: it is not dimmed
  assert.equal(one.questions.progress("twice").busy, false);
  one.asked[0].answer({ value: 2.001, provenance: { kind: "real" } });
  await moment();
  assert.equal(one.questions.answers.twice.value, 2.001);
});

test("a recorded answer stays, and is not said to be another question's, if nobody can compute it", async () => {
  const one = scene({ ready: false, recorded: double(1, 2), asks: onlyTwice });
  becomeReady(one.tab);
  one.questions.update();
  one.asked[0].answer({ error: "the weights are not installed" });
  await moment();
  assert.equal(one.noted.twice, "the weights are not installed");
  assert.equal(one.said.twice ?? "", "");
  assert.equal(one.questions.answers.twice.value, 2);
  assert.equal(one.questions.progress("twice").stays, true);
  choose(one, { number: 2 });
  one.asked[1].answer({ error: "the weights are not installed" });
  await moment();
  assert.equal(one.said.twice, "the weights are not installed");
});

test("another question than the recorded one is asked at once, and says that it waits for the model", async () => {
  const one = scene({ ready: false, recorded: double(1, 2), asks: onlyTwice });
  choose(one, { number: 5 });
  one.asked[0].answer({ error: "is loading", loading: true });
  await moment();
  assert.equal(one.noted.twice, "is loading");
  becomeReady(one.tab);
  assert.equal(one.asked.length, 2);
  one.asked[1].answer({ value: 10 });
  await moment();
  assert.equal(one.said.twice, "");
});

test("a run begins when it is demanded, with what was chosen at that moment", () => {
  const recorded = { run: { ask: "sum", values: { limit: 2 }, answer: [1, 2] } };
  const one = scene({ recorded, ready: false, asks: ({ limit }) => ({ run: ["sum", { limit }] }) });
  choose(one, { limit: 3 });
  assert.equal(one.asked.length, 0);
  one.questions.ask("run");
  choose(one, { limit: 4 });
  assert.equal(one.asked.length, 1);
  assert.equal(one.asked[0].request.limit, 3);
  assert.deepEqual(one.questions.progress("run").asking, { limit: 3 });
  assert.deepEqual(one.questions.answers.run, [1, 2]); // until the first part is there
  one.asked[0].hear({ part: { value: 7 } });
  one.asked[0].hear({ part: { value: 8 } });
  assert.deepEqual(one.questions.answers.run, [7, 8]);
  assert.equal(one.questions.progress("run").fresh, true);
  one.asked[0].hear({ end: true });
  assert.deepEqual(one.questions.progress("run"), { ...one.questions.progress("run"), busy: false, whole: true });
});

test("a run that is stopped or replaced is halted, and its late parts are dropped", () => {
  const one = scene({ asks: ({ limit }) => ({ run: ["sum", { limit }] }) });
  one.questions.ask("run");
  const [first] = one.asked;
  first.hear({ part: { value: 1 } });
  one.questions.ask("run");
  assert.deepEqual(one.asked[1], { halted: first.request.run });
  first.hear({ part: { value: 99 } });
  assert.deepEqual(one.questions.answers.run, [1]);
  const second = one.asked[2];
  second.hear({ part: { value: 2 } });
  one.questions.stop("run");
  second.hear({ part: { value: 3 } });
  assert.deepEqual(one.questions.answers.run, [2]);
  assert.equal(one.questions.progress("run").stopped, true);
  one.questions.update();
  assert.equal(one.asked.length, 4); // run, halt, run, halt: it does not begin again by itself
});

test("a recorded run is replaced in one piece, and stays if it is stopped before", () => {
  const recorded = { run: { ask: "sum", values: { limit: 2 }, answer: [1, 2] } };
  const asks = ({ limit }) => ({ run: ["sum", { limit }] });
  const replaced = scene({ recorded, asks });
  replaced.questions.update();
  replaced.asked[0].hear({ part: { value: 5 } });
  assert.deepEqual(replaced.questions.answers.run, [1, 2]);
  replaced.asked[0].hear({ end: true });
  assert.deepEqual(replaced.questions.answers.run, [5]);

  const stopped = scene({ recorded, asks });
  stopped.questions.update();
  stopped.questions.stop("run");
  assert.deepEqual(stopped.questions.answers.run, [1, 2]);
  assert.equal(stopped.questions.progress("run").stays, true);
});

test("a run that broke off says so and rests until there is a connection, and goes on only if nothing has come of it", async () => {
  for (const hasBegun of [true, false]) {
    const one = scene({ asks: ({ limit }) => ({ run: ["sum", { limit }] }), onDemand: [] });
    one.questions.update();
    if (hasBegun) one.asked[0].hear({ part: { value: 1 } });
    one.asked[0].hear({ end: true, lost: true });
    one.questions.update(); // as a scene does whenever answers have changed
    assert.notEqual(one.said.run, "");
    assert.equal(one.asked.length, 1);
    await moment();
    assert.equal(one.said.run, "");
    assert.equal(one.asked.length, hasBegun ? 1 : 2);
  }
});

test("a run that is refused leaves the last one", () => {
  const one = scene({ asks: ({ limit }) => ({ run: ["sum", { limit }] }) });
  one.questions.ask("run");
  one.asked[0].hear({ part: { value: 1 } });
  one.asked[0].hear({ end: true });
  choose(one, { limit: 9 });
  one.questions.ask("run");
  one.asked[1].hear({ part: { error: "too many" } });
  assert.deepEqual(one.questions.answers.run, [1]);
  assert.equal(one.said.run, "too many");
  assert.equal(one.questions.progress("run").busy, false);
});

test("one answer may decide the next question, and a question may be none", async () => {
  const asks = ({ number }, { twice }) => ({
    twice: ["double", { number }],
    again: twice ? ["double", { number: twice.value }] : null,
  });
  const one = scene({ asks });
  one.questions.update();
  one.asked[0].answer({ value: 2 });
  await moment();
  one.questions.update(); // as a scene does whenever answers have changed
  assert.equal(one.asked[1].number, 2);
});
