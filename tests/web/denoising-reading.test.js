// The words of a prompt, one by one, and where in a picture each is read.
import assert from "node:assert/strict";
import { test } from "node:test";

import { gather } from "#features/denoising/web/counts.js";
import { lit, prefixes } from "#features/denoising/web/reading.js";

test("a prompt grows word by word", () => {
  assert.deepEqual(prefixes("  a red  apple "), ["", "a", "a red", "a red apple"]);
  assert.deepEqual(prefixes(" "), [""]);
});

test("a long prompt grows in eight pictures, each longer than the one before, the last whole", () => {
  for (const count of [7, 8, 20, 199]) {
    const words = Array.from({ length: count }, (_, index) => `w${index}`);
    const all = prefixes(words.join(" "));
    assert.equal(all.length, 8);
    assert.equal(all.at(-1), words.join(" "));
    all.slice(1).forEach((one, index) => assert.ok(one.startsWith(all[index]) && one.length > all[index].length));
  }
});

test("a picture stays as it is where a word is read most, and keeps a tenth of its light where it is not", () => {
  const side = 4;
  const picture = new Float32Array(3 * side * side).fill(1);
  const attention = [
    [800, 400],
    [0, 200],
  ];
  const light = lit(picture, side, attention);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const share = attention[row >> 1][column >> 1] / 800;
      for (let c = 0; c < 3; c++) {
        const found = light[3 * (side * row + column) + c];
        assert.ok(Math.abs((found + 1) / 2 - (0.1 + 0.9 * share)) < 1e-6);
      }
    }
  }
  assert.deepEqual(lit(new Float32Array(48).fill(-1), side, attention), new Float32Array(48).fill(-1)); // black
});

test("pictures of the samplers come together, each once", () => {
  const parts = ["ddim", "euler"].flatMap((sampler) =>
    [1, 2].map((steps) => ({ total: 4, unseen: ["x"], sampler, steps, seconds: 1, image: `${sampler}${steps}` })),
  );
  const whole = parts.flatMap((one) => [one, one]).reduce((before, one) => gather("counts", before, one), undefined);
  assert.deepEqual(
    whole.pictures.map((one) => one.image),
    ["ddim1", "ddim2", "euler1", "euler2"],
  );
  assert.deepEqual([whole.total, whole.unseen], [4, ["x"]]);
  assert.deepEqual(gather("counts", undefined, whole), whole);
});
