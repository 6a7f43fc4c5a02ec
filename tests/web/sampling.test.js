// The sliders' mathematics against a plain computation over a whole small vocabulary.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as sampling from "#features/next_word/web/sampling.js";

const { TEMPERATURES, TOP_PS } = sampling;

// 200 logits, the most probable first, of which the browser gets 60.
const logits = Array.from({ length: 200 }, (_, i) => 8 * Math.exp(-i / 12) + Math.sin(i) / 50).sort((a, b) => b - a);
const candidates = logits.slice(0, 60).map((logit) => ({ logit }));

/** softmax(logits / temperature), in plain steps. */
function softmax(temperature) {
  const powers = logits.map((logit) => Math.exp(logit / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
/** The smallest set whose mass reaches top_p: [size, mass]. */
function nucleus(probabilities, topP) {
  let size = 0,
    mass = 0;
  while (size < probabilities.length && (mass < topP || size === 0)) mass += probabilities[size++];
  return topP === 1 ? [probabilities.length, 1] : [size, mass];
}
const rows = TEMPERATURES.slice(1).map((temperature) => softmax(temperature));
const table = {
  log_normalizers: TEMPERATURES.slice(1).map((t) =>
    Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit / t), 0)),
  ),
  nucleus_sizes: rows.map((row) => TOP_PS.map((p) => nucleus(row, p)[0])),
  nucleus_masses: rows.map((row) => TOP_PS.map((p) => nucleus(row, p)[1])),
};

test("the stops are those of the server's table", () => {
  assert.deepEqual([TEMPERATURES[0], TEMPERATURES.at(-1), TEMPERATURES.length], [0, 2, 41]);
  assert.deepEqual([TOP_PS[0], TOP_PS.at(-1), TOP_PS.length], [0.05, 1, 20]);
});

test("every temperature and top-p agrees with the whole vocabulary", () => {
  TEMPERATURES.slice(1).forEach((temperature, row) => {
    for (const top_p of TOP_PS) {
      const { probabilities, size, mass } = sampling.distribution(candidates, table, { temperature, top_k: 0, top_p });
      const [wanted, wantedMass] = nucleus(rows[row], top_p);
      assert.equal(size, wanted);
      assert.ok(Math.abs(mass - wantedMass) < 1e-12);
      candidates.forEach((_, i) =>
        assert.ok(Math.abs(probabilities[i] - (i < wanted ? rows[row][i] / wantedMass : 0)) < 1e-9),
      );
    }
  });
});

test("top-k keeps k tokens and scales them before top-p cuts", () => {
  const { probabilities, size } = sampling.distribution(candidates, table, { temperature: 1, top_k: 5, top_p: 1 });
  const five = softmax(1).slice(0, 5),
    sum = five.reduce((a, b) => a + b, 0);
  assert.equal(size, 5);
  five.forEach((p, i) => assert.ok(Math.abs(probabilities[i] - p / sum) < 1e-12));
  assert.equal(probabilities[5], 0);
});

test("temperature 0 takes the first", () => {
  const { probabilities, size } = sampling.distribution(candidates, table, { temperature: 0, top_k: 0, top_p: 0.05 });
  assert.deepEqual([probabilities[0], probabilities[1], size], [1, 0, 1]);
});

test("uniform numbers are SplitMix64's", () => {
  // Vigna's reference implementation gives 0xe220a8397b1dcdaf first for the seed 0.
  assert.equal(sampling.uniform(0, 0), Number(0xe220a8397b1dcdafn >> 11n) / 2 ** 53);
  assert.equal(sampling.uniform(0, 1), Number(0x6e789e6aa1b965f4n >> 11n) / 2 ** 53);
});

test("a draw falls where the running sum passes the number", () => {
  assert.equal(sampling.pick([0.5, 0.25], 0.49), 0);
  assert.equal(sampling.pick([0.5, 0.25], 0.5), 1);
  assert.equal(sampling.pick([0.5, 0.25], 0.75), -1);
});
