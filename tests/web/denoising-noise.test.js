// The noise of the forward process: what a seed decides, how it is distributed, and how it is mixed with a picture.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  db,
  decibels,
  decimal,
  gaussian,
  noised,
  signalToNoise,
  uniforms,
  weights,
} from "#features/denoising/web/noise.js";

const COUNT = 64 * 64 * 3;
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const moment = (numbers, power) => mean(Float64Array.from(numbers, (one) => one ** power));
const correlation = (one, other) => mean(Float64Array.from(one, (value, i) => value * other[i]));

test("a seed decides the numbers, also a large one", () => {
  for (const seed of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(gaussian(99, seed), gaussian(99, seed));
    assert.deepEqual(gaussian(99, seed), gaussian(100, seed).subarray(0, 99));
  }
});

test("every seed has noise of its own, which has nothing to do with that of its neighbour", () => {
  const seeds = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  const all = seeds.map((seed) => gaussian(COUNT, seed));
  all.forEach((one, i) =>
    all.slice(i + 1).forEach((other) => assert.ok(Math.abs(correlation(one, other)) < 5 / Math.sqrt(COUNT))),
  );
});

test("uniform numbers fill the unit interval evenly", () => {
  const uniform = uniforms(7);
  const bins = new Array(16).fill(0);
  for (let i = 0; i < 16_000; i++) {
    const number = uniform();
    assert.ok(number >= 0 && number < 1);
    bins[Math.floor(16 * number)]++;
  }
  const chiSquared = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquared < 45, `${chiSquared}`); // 15 degrees of freedom: once in 10,000 times it is more
});

test("the noise has the moments of a standard normal number, and no two neighbours have anything in common", () => {
  const numbers = gaussian(200_000, 1);
  for (const [power, expected] of [
    [1, 0],
    [2, 1],
    [3, 0],
    [4, 3],
  ]) {
    assert.ok(Math.abs(moment(numbers, power) - expected) < 0.06, `${power}: ${moment(numbers, power)}`);
  }
  for (const lag of [1, 2, 3, 192]) {
    assert.ok(Math.abs(correlation(numbers.subarray(lag), numbers.subarray(0, -lag))) < 0.012, `${lag}`);
  }
});

test("each pair is a radius and an angle of two uniform numbers", () => {
  const uniform = uniforms(5);
  const numbers = gaussian(40, 5);
  for (let i = 0; i < 40; i += 2) {
    const [first, second] = [uniform(), uniform()];
    const [x, y] = numbers.subarray(i, i + 2);
    assert.ok(Math.abs(Math.exp(-(x * x + y * y) / 2) - (1 - first)) < 1e-6);
    assert.ok(Math.abs(((Math.atan2(y, x) / (2 * Math.PI) + 1) % 1) - second) < 1e-6);
  }
});

test("the sum is what is added up, and keeps the variance of a picture of variance one", () => {
  const [clean, noise] = [gaussian(COUNT, 1), gaussian(COUNT, 2)];
  for (const alphaBar of [0, 0.1, 0.5, 0.9, 1]) {
    const [signal, added, sum] = noised(clean, noise, alphaBar);
    sum.forEach((value, i) => {
      assert.equal(value, Math.fround(signal[i] + added[i]));
      assert.ok(Math.abs(value - (alphaBar ** 0.5 * clean[i] + (1 - alphaBar) ** 0.5 * noise[i])) < 1e-6);
    });
    assert.ok(Math.abs(moment(sum, 2) - 1) < 0.05);
    const [alpha, sigma] = weights(alphaBar);
    assert.ok(Math.abs(alpha ** 2 + sigma ** 2 - 1) < 1e-12);
  }
});

test("ratios are told in decibels and numbers in two digits", () => {
  assert.equal(decibels(signalToNoise(0.5)), 0);
  assert.equal(db(signalToNoise(10 / 11)), "10.0 dB");
  assert.equal(db(0.01), "−20.0 dB");
  assert.equal(db(0), "−∞ dB");
  assert.deepEqual([0, 0.1, 0.0123, 12.345].map(decimal), ["0.00", "0.10", "0.012", "12.35"]);
});
