// Words and sums as they are read and written, and how a game stands.
import assert from "node:assert/strict";
import { test } from "node:test";

import { standing } from "#features/word_vectors/web/play.js";
import { detail, model } from "#features/word_vectors/web/sums.js";
import { shownOf } from "#features/word_vectors/web/vectors.js";
import { exchanged, isTerm, sameWord, share, signed, split, written } from "#features/word_vectors/web/wording.js";

test("a minus is a minus, and nothing that is rounded to zero has one", () => {
  assert.deepEqual([signed(-0.5), signed(0.5), signed(-0.001), signed(-0.001, 3)], ["−0.50", "0.50", "0.00", "−0.001"]);
});

test("small shares keep a digit more", () => {
  assert.deepEqual([share(0.213), share(0.093), share(0.0996)], ["21 %", "9.3 %", "10 %"]);
});

test("a list of words is read whatever stands between and around them", () => {
  assert.deepEqual(split("“sushi”, 'queen'、 ｐａｓｔａ; wo\u00adman\n king"), [
    "sushi",
    "queen",
    "pasta",
    "woman",
    "king",
  ]);
  assert.deepEqual(split(" ,; "), []);
});

test("case and the way accents are composed make no other word", () => {
  assert.ok(sameWord("Café", "cafe\u0301"));
  assert.ok(!sameWord("cat", "cats"));
});

test("a word of a sum is exchanged wherever it stands, and nothing else", () => {
  const formula = "“ｍａａｎ” − king ＋ 0.5 × maan";
  assert.ok(isTerm(formula, "maan"));
  assert.ok(!isTerm(formula, "man"));
  assert.equal(exchanged(formula, "maan", "man"), "man − king + 0.5 × man");
  assert.equal(exchanged("king − manner", "man", "woman"), "king − manner");
});

test("terms are written with their sign and weight", () => {
  const terms = [
    [{ word: "king", weight: 1 }, true, "king"],
    [{ word: "king", weight: 1 }, false, "+ king"],
    [{ word: "man", weight: -0.5 }, false, "− 0.5 × man"],
    [{ word: "man", weight: 2 }, true, "2 × man"],
  ];
  for (const [term, isFirst, expected] of terms) assert.equal(written(term, isFirst), expected);
});

const near = (word, similarity, more = {}) => ({ word, similarity, latin: true, is_input: false, ...more });
const NEIGHBOURS = [
  near("a", 0.9, { is_input: true }),
  near("姪", 0.8, { latin: false }),
  near("b", 0.7),
  near("c", 0.6),
];
const names = (all) => all.map(({ word }) => word).join("");

test("the switches leave out what was typed and what has other letters; what was typed is no foreign word", () => {
  assert.equal(names(shownOf(NEIGHBOURS, {}, 3)), "a姪b");
  assert.equal(names(shownOf(NEIGHBOURS, { latin: true }, 3)), "abc");
  assert.equal(names(shownOf(NEIGHBOURS, { hide: true }, 3)), "姪bc");
  assert.equal(names(shownOf([near("姪", 1, { latin: false, is_input: true })], { latin: true }, 3)), "姪");
});

const SUM = {
  terms: [
    { word: "one", weight: 1 },
    { word: "two", weight: -2 },
  ],
  origin: { x: 0, y: 0 },
  steps: [
    { x: 1, y: 0, length: 1 },
    { x: 1, y: -2, length: 2.2 },
  ],
  points: ["one", "two", "other"].map((word, x) => ({ word, x, y: 1 })),
  neighbours: [
    near("one", 0.9, { is_input: true, map_distance: 2, x: 0, y: 1 }),
    near("best", 0.8, { map_distance: 0.5, x: 2, y: 2 }),
    near("far", 0.1, { map_distance: 0.1, x: 3, y: 3 }),
  ],
  best: "best",
  provenance: { dimensions: 3 },
};
const SAID = { zero: "0", landing: "sum" };

test("the arrows of a sum are a chain from zero to where it is, and the answer appears at its end", () => {
  for (const step of [0, 1, 2]) {
    const { arrows, points } = model(SUM, step, null, SAID);
    assert.equal(arrows.length, step);
    let at = SUM.origin;
    for (const { from, to } of arrows) {
      assert.deepEqual(from, at);
      at = to;
    }
    const landing = points.find(({ kind }) => kind === "landing");
    if (step) assert.deepEqual({ x: landing.x, y: landing.y }, at);
    assert.equal(points.filter(({ kind }) => kind === "answer").length, step === 2 ? 1 : 0);
    assert.deepEqual(points.filter(({ kind }) => kind === "yours").map(({ id }) => id), ["one", "two"]); // prettier-ignore
  }
  assert.deepEqual(
    model(SUM, 2, null, SAID).arrows.map(({ kind, text }) => [kind, text]),
    [
      ["plus", "one"],
      ["minus", "− 2 × two"],
    ],
  );
});

test("a map that misleads about what is near is owned up to", () => {
  const templates = { detail: "{word} {cosine}", misled: "but {word}" };
  assert.equal(detail(SUM, SUM.neighbours, null, templates), "best 0.80 but far");
  assert.equal(detail(SUM, SUM.neighbours, "far", templates).trim(), "far 0.10");
  assert.equal(detail(SUM, [], null, templates), "");
});

const GAME = {
  sums: ["b", "a", "c"].map((answer) => ({ options: ["a", "b", "c", "d"], answer })),
  odd_ones: [{ options: ["x", "y"], answer: "y" }],
};
const played = (sums, round) => ({ game: "sums", sums, sums_round: round, odd: [2], odd_round: 1 });

test("a game stands where its guesses have led, whatever round is asked for", () => {
  const told = (state) => {
    const { number, guess, guessed, points } = standing(state, GAME);
    return [number, guess, guessed, points];
  };
  assert.deepEqual(told(played([], 1)), [1, null, 0, 0]);
  assert.deepEqual(told(played([2], 1)), [1, "b", 1, 1]);
  assert.deepEqual(told(played([2, 3], 3)), [3, null, 2, 1]);
  assert.deepEqual(told(played([2, 3], 1)), [1, "b", 2, 1]); // looked at again
  assert.deepEqual(told(played([], 9)), [1, null, 0, 0]); // nobody can be farther than the guesses
  assert.deepEqual(told(played([2, 1, 3, 4, 4], 9)), [3, "c", 3, 3]); // nor beyond the last round
  assert.deepEqual(told(played([9], 1)), [1, "", 1, 0]); // there is no such option
  assert.deepEqual(told({ ...played([2], 1), game: "odd" }), [1, "y", 1, 1]);
});
