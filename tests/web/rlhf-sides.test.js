// Which column is which, while a class guesses.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isSwapped, placesOf, tunedPlace } from "#features/rlhf/web/sides.js";

const STAGES = ["base", "sft", "rlhf"];
const swaps = (prompt) => Array.from({ length: 2_000 }, (_, seed) => isSwapped({ seed, prompt }));
const share = (all) => all.filter(Boolean).length / all.length;

test("the sides change places as often as not, whatever the prompt", () => {
  // 2,000 fair coins deviate from one half by more than 0.05 once in 100,000 times.
  for (const prompt of ["", "Can you tell me what a bakery sells?", "🙂"]) {
    assert.ok(Math.abs(share(swaps(prompt)) - 0.5) < 0.05, prompt);
  }
});

test("neighbouring seeds and other prompts tell nothing of each other", () => {
  const one = swaps("one");
  const other = swaps("another");
  assert.ok(Math.abs(share(one.slice(1).map((swap, seed) => swap === one[seed])) - 0.5) < 0.05);
  assert.ok(Math.abs(share(one.map((swap, seed) => swap === other[seed])) - 0.5) < 0.05);
});

test("the same question has the same sides", () => {
  assert.deepEqual(swaps("x"), swaps("x"));
});

test("the tuned column is found wherever it stands", () => {
  for (const [left, right] of [
    ["base", "rlhf"],
    ["rlhf", "sft"],
    ["sft", "base"],
  ]) {
    // prettier-ignore
    const tuned = STAGES.indexOf(left) > STAGES.indexOf(right) ? left : right;
    for (const swapped of [false, true]) {
      const columns = placesOf(swapped).map((side) => ({ left, right })[side]);
      const place = tunedPlace(STAGES, { left, right }, swapped);
      assert.equal(columns[["left", "right"].indexOf(place)], tuned);
    }
  }
});

test("of two equal columns neither is the tuned one", () => {
  assert.equal(tunedPlace(STAGES, { left: "sft", right: "sft" }, true), null);
});
