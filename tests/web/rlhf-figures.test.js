// The figures of the tab: where two models are farthest apart, how sure a reward model is, which prompt tells most.
import assert from "node:assert/strict";
import { test } from "node:test";

import { scales } from "#features/rlhf/web/calibration.js";
import { farthest } from "#features/rlhf/web/changed.js";
import { tellingSample } from "#features/rlhf/web/recipe.js";
import { ending } from "#features/rlhf/web/talk.js";

test("two models are farthest apart at the largest divergence, the first of equal ones", () => {
  const place = (...all) => farthest(all.map((kl_nats) => ({ kl_nats })));
  assert.deepEqual([place(0), place(0.1, 3, 2), place(1, 1)], [0, 1, 0]);
});

test("a model that knows how far to trust itself lies on the diagonal", () => {
  const { x, y } = scales([
    [0.5, 0.5, 10],
    [1, 1, 10],
  ]);
  const along = [0.5, 0.6, 0.9, 1].map((share) => [(x(share) - x(0.5)) / (x(1) - x(0.5)), (y(share) - y(0.5)) / (y(1) - y(0.5))]); // prettier-ignore
  for (const [across, up] of along) assert.ok(Math.abs(across - up) < 1e-12);
});

test("shares below one half stay in the picture, and areas tell the pairs", () => {
  const { y, radius } = scales([
    [0.6, 0.3, 25],
    [0.9, 1, 100],
  ]);
  assert.ok(y(0.3) > y(0.5) && y(0.5) > y(1));
  assert.equal((radius(100) - 4) / (radius(25) - 4), 2);
});

test("the telling prompt is the one whose reward rose most in the last run", () => {
  const sample = (...rewards) => ({ answers: rewards.map((reward) => ({ reward })) });
  const practices = {
    rlhf: { samples: { a: sample(0, 9), b: sample(0, 1) } },
    unleashed: { samples: { a: sample(2, 2.5, 3), b: sample(-1, 1) } },
  };
  assert.equal(tellingSample(practices), "b");
});

test("a reply says how it ended, and only a growing one that it grows", () => {
  const texts = new Proxy({}, { get: (_, name) => name });
  const said = (stop_reason, progress = {}, text = "x") => ending(texts, { text, stop_reason }, progress);
  assert.equal(said(null, { fresh: true, stopped: true }), "writing");
  assert.equal(said(null, { stopped: true }), "stopped");
  assert.equal(said(null), "");
  assert.deepEqual(
    ["length", "context", "end_of_sequence"].map((reason) => said(reason)),
    ["length", "context", "end_of_sequence"],
  );
  assert.equal(said("end_of_sequence", {}, ""), "nothing");
});
