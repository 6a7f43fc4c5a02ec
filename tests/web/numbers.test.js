// What figures are written like, and which keys are meant.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as page from "#page/numbers.js";
import * as keys from "#page/keys.js";

test("a percentage keeps two digits however small it is", () => {
  const written = [
    [0, "0%"],
    [1, "100%"],
    [0.1968, "19.7%"],
    [0.00123, "0.12%"],
    [0.000092, "0.0092%"],
    [0.999999, "> 99.99%"],
    [0.9912, "99.12%"],
    [3.2e-9, "3.2 × 10⁻⁷%"],
  ];
  for (const [p, words] of written) assert.equal(page.percent(p), words);
});

test("odds are said in whole numbers, and of the tiniest in powers of ten", () => {
  assert.equal(page.oneIn(1 / 10_900), "1 in 10,900");
  assert.equal(page.oneIn(0), "less than 1 in 10³⁰⁰");
  assert.equal(page.oneIn(1e-20), "1 in 10²⁰");
});

test("a template is filled, and what it lacks is nothing", () => {
  assert.equal(page.fill("{a} of {b}{c}", { a: 1, b: "two" }), "1 of two");
});

const key = (pressed, code, more = {}) => ({
  key: pressed,
  code,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  isComposing: false,
  ...more,
});

test("a letter is what is written on the key, and elsewhere the key in its place", () => {
  assert.equal(keys.isLetter(key("p", "KeyP"), "p"), true);
  assert.equal(keys.isLetter(key("з", "KeyP"), "p"), true); // Cyrillic
  assert.equal(keys.isLetter(key("π", "KeyP"), "p"), true); // Greek
  assert.equal(keys.isLetter(key("p", "KeyR"), "p"), true); // Dvorak writes p there
  assert.equal(keys.isLetter(key("l", "KeyP"), "p"), false); // and l here
  assert.equal(keys.isLetter(key("p", "KeyP", { ctrlKey: true }), "p"), false);
  assert.equal(keys.isLetter(key("p", "KeyP", { isComposing: true }), "p"), false);
});

test("a digit is one with Shift, too, and in other scripts", () => {
  assert.equal(keys.digit(key("3", "Digit3")), 3);
  assert.equal(keys.digit(key('"', "Digit3")), 3); // AZERTY without Shift
  assert.equal(keys.digit(key("3", "Digit3", { shiftKey: true })), 3); // and with it
  assert.equal(keys.digit(key("٣", "Digit3")), 3);
  assert.equal(keys.digit(key("x", "KeyX")), null);
});
