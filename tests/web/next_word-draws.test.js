// Draws follow from the seed and from how many there were before.
import assert from "node:assert/strict";
import { test } from "node:test";

import { curvePoints } from "#features/next_word/web/curve.js";
import { afterSettings, counted, draws, named } from "#features/next_word/web/draws.js";
import * as sample from "#features/next_word/web/sample.js";

const provenance = { kind: "real", model: "tiny", device: "cpu", dtype: "float32" };
const logits = [2, 1, 0];
const total = [...logits, -1, -2].reduce((sum, logit) => sum + Math.exp(logit), 0); // five tokens, three of them with bars
const bars = {
  prompt: "the cat",
  provenance,
  control: [12],
  other_count: 2,
  candidates: logits.map((logit, at) => ({ text: `t${at}`, id: 10 + at, logit, probability: Math.exp(logit) / total })),
};
const atEveryStop = (value) => Array.from({ length: 40 }, () => new Array(20).fill(value));
const stops = {
  prompt: "the cat",
  provenance,
  log_normalizers: new Array(40).fill(Math.log(total)),
  nucleus_sizes: atEveryStop(5),
  nucleus_masses: atEveryStop(1),
  curve_ranks: [1, 5],
  curves: new Array(40).fill([0.6, 1]),
};
const AS_TRAINED = { temperature: 1, top_k: 0, top_p: 1 };
const opened = { prompt: "the cat", ...AS_TRAINED, seed: 4, drawn: 0, times: 1, more: false, zoom: false };

test("one draw after the other is the same as all at once", () => {
  const probabilities = [0.5, 0.2, 0.1];
  const atOnce = draws(probabilities, 7, 0, 300);
  const inTurn = Array.from({ length: 300 }, (_, index) => draws(probabilities, 7, index, index + 1)[0]);
  assert.deepEqual(inTurn, atOnce);
  const { counts, beyond } = counted(atOnce, 3);
  assert.equal(
    counts.reduce((sum, count) => sum + count, beyond),
    300,
  );
  for (const [at, p] of [...probabilities, 0.2].entries()) {
    assert.ok(Math.abs(([...counts, beyond][at] ?? 0) - 300 * p) < 4 * Math.sqrt(300 * p * (1 - p))); // four standard deviations
  }
});

test("what is beyond the bars gets its names in turn, and a command is named as one", () => {
  const drawn = [{ at: 2 }, { at: -1 }, { at: 0 }, { at: -1 }];
  const names = [
    { text: "x", id: 90, control: false },
    { text: "y", id: 91, control: true },
  ];
  assert.deepEqual(named(drawn, bars, names).map((one) => one.id), [12, 90, 10, 91]); // prettier-ignore
  assert.deepEqual(named(drawn, bars, names).map((one) => one.control), [true, false, false, true]); // prettier-ignore
  assert.deepEqual(named(drawn, bars, null).map((one) => one?.id ?? null), [12, null, 10, null]); // prettier-ignore
});

test("a table of another prompt or of another model cuts nothing", () => {
  for (const other of [
    { ...stops, prompt: "the dog" },
    { ...stops, provenance: { ...provenance, kind: "recorded" } },
    null,
  ]) {
    const now = afterSettings({ temperature: 0.5, top_k: 1, top_p: 0.1 }, { bars, stops: other });
    assert.deepEqual([now.table, now.size, now.mass], [null, 5, 1]);
    assert.deepEqual(now.probabilities, bars.candidates.map((one) => one.probability)); // prettier-ignore
  }
  const cut = afterSettings({ ...AS_TRAINED, top_k: 1 }, { bars, stops });
  assert.deepEqual([...cut.probabilities], [1, 0, 0]);
});

test("the curve of top-k ends with everything, and is steep where the temperature is 0", () => {
  const rising = curvePoints(afterSettings({ ...AS_TRAINED, top_k: 3 }, { bars, stops }), bars.candidates, 5);
  const three = bars.candidates.map((one) => one.probability);
  assert.deepEqual(rising.map(([rank]) => rank), [1, 2, 3]); // prettier-ignore
  assert.ok(Math.abs(rising[0][1] - three[0] / (three[0] + three[1] + three[2])) < 1e-12);
  assert.ok(Math.abs(rising[2][1] - 1) < 1e-12);
  const greedy = afterSettings({ ...AS_TRAINED, temperature: 0 }, { bars, stops });
  assert.deepEqual(curvePoints(greedy, bars.candidates, 5), [[1, 1], [5, 1]]); // prettier-ignore
});

test("only the last draws that fell beyond the bars are asked for, with their numbers", () => {
  const state = { ...opened, drawn: 230, times: 100 };
  const expected = draws(afterSettings(AS_TRAINED, { bars, stops }).probabilities, 4, 130, 230).filter(
    ({ at }) => at < 0,
  );
  assert.ok(expected.length > 0);
  const [ask, values] = sample.asks(state, null, { bars, stops }).names;
  assert.equal(ask, "name_drawn");
  assert.deepEqual(values, { prompt: "the cat", ...AS_TRAINED, uniforms: expected.map(({ number }) => number) });
  assert.equal(sample.asks(opened, null, { bars, stops }).names, null);
  assert.equal(sample.asks({ ...state, prompt: "the dog" }, null, { bars, stops }).stops, null); // the bars come first
});

test("draws are forgotten when what they were made with changes, and by nothing else", () => {
  const before = { ...opened, drawn: 5 };
  for (const changes of [{ prompt: "a" }, { temperature: 2 }, { top_k: 3 }, { top_p: 0.5 }, { seed: 9 }]) {
    assert.deepEqual(sample.consequences(before, { ...before, ...changes }), { drawn: 0 });
  }
  assert.deepEqual(sample.consequences(before, { ...before, drawn: 6, more: true, zoom: true }), {});
});
