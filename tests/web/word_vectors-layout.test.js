// Maps of words: the same picture in any size, labels that keep clear of one another, and keys that lead to words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { turned } from "#features/word_vectors/web/camera.js";
import {
  arrow,
  box,
  labelPlaces,
  overlap,
  RADIUS,
  sideBySide,
  towards,
  view,
} from "#features/word_vectors/web/layout.js";
import { dice } from "./sampled.js";

const frame = { width: 400, height: 300, fontSize: 15 };
const measure = (text) => 8 * text.length;
const near = (one, other, by = 1e-9) => assert.ok(Math.abs(one - other) <= by, `${one} is not ${other}`);

/** Spots that a seed scatters. */
function scattered(count, seed) {
  const roll = dice(seed);
  return Array.from({ length: count }, () => ({ x: 4 * roll() - 1, y: roll() - 3 }));
}

test("a map is moved and enlarged, and nothing else: the same scale in both directions, upwards is up", () => {
  const spots = scattered(20, 1);
  const at = view(spots, frame);
  const [one, other] = [at({ x: 0, y: 0 }), at({ x: 1, y: 1 })];
  near(other.x - one.x, one.y - other.y);
  assert.ok(other.x > one.x);
  for (const spot of spots) {
    const { x, y } = at(spot);
    near(x - one.x, spot.x * (other.x - one.x));
    near(y - one.y, spot.y * (other.y - one.y));
    assert.ok(0 < x && x < frame.width && 0 < y && y < frame.height);
  }
});

test("a stretched map fills its frame in both directions", () => {
  const at = view(
    [
      { x: 0, y: 0 },
      { x: 100, y: 1 },
    ],
    frame,
    { stretch: true },
  );
  const [low, high] = [at({ x: 0, y: 0 }), at({ x: 100, y: 1 })];
  assert.ok(high.x - low.x > 0.6 * frame.width);
  assert.ok(low.y - high.y > 0.6 * frame.height);
});

test("one spot, or none, stands in the middle", () => {
  near(view([{ x: 7, y: -3 }], frame)({ x: 7, y: -3 }).x, 200);
  near(view([], frame)({ x: 0, y: 0 }).x, 200);
});

test("no label covers another one or a dot, and none leaves the frame", () => {
  for (const seed of [1, 2, 3]) {
    const spots = scattered(30, seed);
    const at = view(spots, frame);
    const labels = spots.map((spot, index) => ({
      id: String(index),
      spot: at(spot),
      text: "word".repeat(1 + (index % 3)),
      weight: 500,
      reach: 22,
    }));
    const places = labelPlaces(labels, spots.map(at), frame, measure);
    assert.ok(places.size > 15);
    const taken = spots.map((spot) => box(at(spot), 2 * RADIUS, 2 * RADIUS));
    for (const { id, spot, text } of labels.filter((one) => places.has(one.id))) {
      const { x, y } = places.get(id);
      const mine = box({ x: spot.x + x, y: spot.y + y }, measure(text), 1.15 * frame.fontSize);
      assert.ok(!taken.some((other) => overlap(mine, other)), text);
      assert.ok(mine.left >= 0 && mine.right <= frame.width && mine.top >= 0 && mine.bottom <= frame.height);
      taken.push(mine);
    }
  }
});

test("a label near to its dot needs no line; one that was pushed away has a line to its edge", () => {
  const spot = { x: 200, y: 150 };
  const label = (id) => ({ id, spot, text: "a long label", weight: 500, reach: 22 });
  const ids = ["a", "b", "c", "d", "e", "f", "g"];
  const places = [...labelPlaces(ids.map(label), [spot], frame, measure).values()];
  assert.equal(places.length, ids.length);
  assert.equal(places[0].leader, null);
  const { x, y, leader } = places.find((one) => one.leader);
  assert.ok(Math.hypot(leader.x, leader.y) < Math.hypot(x, y));
});

test("an arrow ends where it points, and there is none from a spot to itself", () => {
  const { line, tip } = arrow({ x: 0, y: 0 }, { x: 30, y: 40 });
  assert.ok(tip.startsWith("M30 40L"));
  near(line.x2 / line.y2, 30 / 40);
  const corners = tip.match(/-?[\d.]+/g).map(Number);
  const side = (x, y) => Math.hypot(x - 30, y - 40);
  near(side(corners[2], corners[3]), side(corners[4], corners[5]));
  assert.equal(arrow({ x: 5, y: 5 }, { x: 5, y: 5 }), null);
});

test("the arrow keys lead to every word, and only in their direction", () => {
  const spots = new Map(scattered(25, 4).map((spot, index) => [`w${index}`, spot]));
  const keys = { ArrowRight: (a, b) => b.x > a.x, ArrowLeft: (a, b) => b.x < a.x, ArrowUp: (a, b) => b.y < a.y, ArrowDown: (a, b) => b.y > a.y }; // prettier-ignore
  const reached = new Set([towards(spots, null, "ArrowUp")]);
  for (const word of reached) {
    for (const [key, isThere] of Object.entries(keys)) {
      const next = towards(spots, word, key);
      if (next === null) continue;
      assert.ok(isThere(spots.get(word), spots.get(next)), key);
      reached.add(next);
    }
  }
  assert.deepEqual(reached, new Set(spots.keys()));
  assert.equal(towards(spots, "w0", "Enter"), null);
  assert.equal(towards(new Map(), null, "ArrowUp"), null);
});

test("two texts side by side fit, and the longer one is cut first", () => {
  assert.deepEqual(sideBySide(["calm", "excited"], 200, measure), ["calm", "excited"]);
  const [short, long] = sideBySide(["calm", "unwahrscheinlichkeit"], 100, measure);
  assert.equal(short, "calm");
  assert.match(long, /^unw.*…$/);
  assert.ok(measure(short) + measure(long) <= 100);
});

test("a camera goes round at the same height, up and down at the same distance, and back again", () => {
  const eye = { x: 1.25, y: -0.5, z: 1 };
  const length = ({ x, y, z }) => Math.hypot(x, y, z);
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) near(length(turned(eye, key)), length(eye));
  near(turned(eye, "ArrowRight").z, eye.z);
  const back = turned(turned(eye, "ArrowLeft"), "ArrowRight");
  for (const axis of ["x", "y", "z"]) near(back[axis], eye[axis]);
  let high = eye;
  for (let step = 0; step < 50; step++) high = turned(high, "ArrowUp");
  assert.ok(Math.hypot(high.x, high.y) > 0.01); // never quite above the middle, where it would tip over
  assert.equal(turned(eye, "a"), null);
});
