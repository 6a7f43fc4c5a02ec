// Where the lines of a chart run, and what is said of them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { scales, tickText, told } from "#page/linechart.js";

const RISING = {
  name: "reward",
  points: [
    [0, -1],
    [10, 0.5],
    [20, 3],
  ],
};

test("lines start at the left, end at the right, and lie between the lowest and the highest tick", () => {
  const { last, ticks, x, y } = scales([RISING]);
  assert.equal(last, 20);
  assert.deepEqual(ticks, [-1, 1, 3]);
  assert.ok(x(0) < x(10) && x(10) < x(20));
  assert.equal(x(10) - x(0), x(20) - x(10));
  assert.equal(y(-1) - y(1), y(1) - y(3)); // downwards
  assert.ok(y(3) < y(-1));
});

test("a picture of positive values starts at zero", () => {
  const { ticks, y } = scales([{ name: "loss", points: [[0, 2], [5, 4]] }]); // prettier-ignore
  assert.deepEqual(ticks, [0, 2, 4]);
  assert.equal(y(0), scales([RISING]).y(-1));
});

test("curves share their axes", () => {
  const higher = { name: "kept aside", points: [[5, 8]] };
  const { last, ticks } = scales([RISING, higher]);
  assert.deepEqual([last, ticks[2]], [20, 8]);
});

test("nothing but zeros is a line at the bottom", () => {
  const { y } = scales([{ name: "rules", points: [[0, 0], [3, 0]] }]); // prettier-ignore
  assert.equal(y(0), scales([RISING]).y(-1));
});

test("each curve is told by its first and its last value", () => {
  const words = told([RISING, { name: "loss", points: [[0, 2.345], [20, 1]] }], "{name}: {first} to {last} in {steps}."); // prettier-ignore
  assert.equal(words, "reward: -1.00 to 3.00 in 20. loss: 2.35 to 1.00 in 20.");
});

test("ticks have a digit after the point where it tells something, and no negative zero", () => {
  assert.deepEqual([tickText(-0.01, 3), tickText(1.25, 3), tickText(62.4, 100)], ["0.0", "1.3", "62"]);
});
