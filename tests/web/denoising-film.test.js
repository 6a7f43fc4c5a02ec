// The frames of a run: how they come together, and which of them is looked at.
import assert from "node:assert/strict";
import { test } from "node:test";

import { frames, gathered, numberOf, placeOf, stepAt } from "#features/denoising/web/film.js";
import { asks, gather } from "#features/denoising/web/steps.js";

const TOTAL = 5;
const step = (index) => ({ index, x_t: `x${index}`, x0: `guess${index}` });
const part = (index) => ({
  total: TOTAL,
  unseen: [],
  provenance: { kind: "real" },
  step: step(index),
  picture: index === TOTAL - 1 ? "done" : null,
  request: { run: "1" },
});
const parts = Array.from({ length: TOTAL }, (_, index) => part(index));
const whole = (all, shown) => all.reduce((before, one) => gathered(before, one, shown), undefined);

test("a run keeps all its steps, and the finished picture is the last frame", () => {
  const film = whole(parts);
  assert.deepEqual(
    film.steps,
    parts.map((one) => one.step),
  );
  assert.ok(!("request" in film) && !("step" in film));
  const all = frames(film);
  assert.equal(all.length, TOTAL + 1);
  assert.equal(all.at(-1).x_t, "done");
  assert.equal(all.at(-1).x0, `guess${TOTAL - 1}`);
  assert.equal(frames(whole(parts.slice(0, 3))).length, 3);
});

test("a part that comes twice is kept once, and the parts are left as they are", () => {
  const before = JSON.stringify(parts);
  assert.deepEqual(whole(parts.flatMap((one) => [one, one])), whole(parts));
  assert.equal(JSON.stringify(parts), before);
});

test("a run that goes on after a stop comes to the same film, however often it is stopped", () => {
  const skipped = (count) => Array.from({ length: count }, (_, index) => ({ total: TOTAL, skipped: index }));
  const first = whole(parts.slice(0, 2));
  const second = whole([...skipped(2), ...parts.slice(2, 4)], first);
  const third = whole([...skipped(4), ...parts.slice(4)], second);
  assert.deepEqual(third, whole(parts));
  assert.deepEqual(whole(skipped(2), first), first);
});

test("a new run has nothing of the one before", () => {
  assert.deepEqual(whole(parts.slice(0, 1), whole(parts)).steps, [step(0)]);
});

test("a recorded run comes at once", () => {
  assert.deepEqual(gather("drawing", undefined, whole(parts), whole(parts)), whole(parts));
});

test("a place and the step that is looked at there lead to one another", () => {
  for (const all of [frames(whole(parts)), frames(whole(parts.slice(0, 3)))]) {
    all.forEach((_, place) => assert.equal(placeOf(all, stepAt(all, place)), place));
  }
});

test("a step that is not there is stood for by the one before it", () => {
  const sparse = frames({ steps: [step(0), step(2), step(4)], picture: "done" });
  assert.deepEqual(
    [1, 2, 3, 4, 5, 99].map((number) => placeOf(sparse, number)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.equal(placeOf(sparse, null), 3);
  assert.deepEqual(sparse.slice(0, 3).map(numberOf), [1, 3, 5]);
});

test("only steps of latents that the visitor has chosen are decoded", () => {
  const latents = (index) => ({ x_t: `l${index}`, x0: `m${index}` });
  const drawing = { steps: [0, 1, 2].map((index) => ({ ...step(index), latents: latents(index) })), picture: "done" };
  const asked = asks({ decoded: [2, 3, 9] }, /** @type {any} */ ({}), { drawing });
  assert.deepEqual(Object.keys(asked), ["drawing", "step 2", "step 3"]);
  assert.deepEqual(asked["step 2"], ["decode_step", latents(1)]);
  assert.deepEqual(Object.keys(asks({ decoded: [2] }, /** @type {any} */ ({}), { drawing: whole(parts) })), [
    "drawing",
  ]);
});
