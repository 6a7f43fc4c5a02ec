// Recorded answers in the place of a program.
import assert from "node:assert/strict";
import { test } from "node:test";

import { recordedAnswerer } from "#page/recorded.js";

const answerer = recordedAnswerer([
  { ask: "double", values: { number: 2, unit: "m" }, answer: { value: 4 } },
  { ask: "draw", values: { prompt: "cat" }, answer: { steps: [1, 2] } },
]);

test("a recorded question is answered, in whatever order its values stand", async () => {
  assert.deepEqual(await answerer.server.double({ unit: "m", number: 2 }), { value: 4 });
});

test("any other question is refused", async () => {
  for (const values of [{ number: 3, unit: "m" }, { number: 2 }, { number: "2", unit: "m" }]) {
    assert.ok("error" in (await answerer.server.double(values)));
  }
});

test("a run comes in one part, and ends", () => {
  const heard = [];
  answerer.run("draw", { run: "17", prompt: "cat" }, (news) => heard.push(news));
  assert.deepEqual(heard, [{ part: { steps: [1, 2] } }, { end: true }]);
});
