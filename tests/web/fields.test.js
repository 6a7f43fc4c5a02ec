// What can be chosen, and how it stands in the page's address.
import assert from "node:assert/strict";
import { test } from "node:test";

import { defaults, differences, placed, restored } from "#page/address.js";
import * as fields from "#page/fields.js";
import { dice, nonsense, sampled } from "./sampled.js";

const ALL = {
  prompt: fields.text("I picked up my phone to"),
  short: fields.text("", 5),
  count: fields.whole(3, 1, 40),
  seed: fields.seed(1),
  temperature: fields.stop(1, [0, 0.5, 1, 1.05]),
  sampler: fields.choice("ddim", ["ddpm", "ddim"]),
  more: fields.flag(),
  at: fields.maybe(fields.whole(0, 0, 9)),
  guess: fields.maybe(fields.text("")),
  words: fields.list(["king", "queen"], fields.text("", 40), 10),
  ids: fields.list([], fields.whole(0, 0, 300_000), 50),
  picture: fields.local(null),
};
const read = (written) => restored(ALL, new URLSearchParams(placed(new URLSearchParams(), "tab", "scene", written)));

test("whatever a visitor can choose, its address gives back", () => {
  const roll = dice(7);
  for (let round = 0; round < 500; round++) {
    const state = Object.fromEntries(Object.entries(ALL).map(([name, field]) => [name, sampled(field, roll)]));
    for (const [name, field] of Object.entries(ALL)) assert.ok(field.allows(state[name]), name);
    assert.deepEqual(read(differences(ALL, state)), { state, refused: [] });
  }
});

test("lists survive commas, backslashes and values that are empty", () => {
  for (const words of [[], [""], ["", ""], ["a,b", "\\", "\\,", ",\\"], ["0"], ["\\0"]]) {
    assert.deepEqual(ALL.words.read(ALL.words.write(words)), words);
  }
  for (const written of [",", "a,,b", "a,", "\\"]) assert.equal(ALL.words.read(written), undefined);
});

test("the address holds only what differs from the defaults", () => {
  assert.deepEqual(differences(ALL, defaults(ALL)), {});
  const state = { ...defaults(ALL), more: true, words: ["cat", "dog"], picture: "data:…" };
  assert.deepEqual(differences(ALL, state), { more: "true", words: "cat,dog" });
  assert.equal(
    placed(new URLSearchParams("__theme=dark&old=1"), "t", "s", { words: "cat,dog" }),
    "__theme=dark&tab=t&scene=s&words=cat,dog",
  );
});

test("what makes no sense falls back to its default, and is named", () => {
  for (const [name, field] of Object.entries(ALL)) {
    for (const written of nonsense(field)) {
      const { state, refused } = read({ more: "true", [name]: written });
      const expected = name === "more" ? {} : { more: true };
      assert.deepEqual(refused, [name], `${name}=${written}`);
      assert.deepEqual(state, { ...defaults(ALL), ...expected });
    }
  }
  assert.deepEqual(read({ short: "123456", picture: "x", unknown: "y" }), { state: defaults(ALL), refused: ["short"] });
  assert.deepEqual(read({ ids: "1,2,x" }).refused, ["ids"]);
  assert.deepEqual(read({ ids: "1,".repeat(50) + "1" }).refused, ["ids"]);
});

test("a text that would make the address too long stays out of it", () => {
  const state = { ...defaults(ALL), prompt: "long ".repeat(400), more: true };
  assert.deepEqual(differences(ALL, state), { more: "true" });
  assert.deepEqual(differences(ALL, { ...state, prompt: "\ud83d" }), { more: "true" }); // half a character
});

test("defaults are nobody's to change", () => {
  defaults(ALL).words.push("more");
  assert.deepEqual(ALL.words.initial, ["king", "queen"]);
});
