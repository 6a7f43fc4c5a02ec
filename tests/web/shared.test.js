// What several scenes of a tab have in common reaches those that have it, and no others.
import assert from "node:assert/strict";
import { test } from "node:test";

import { share } from "#page/shared.js";

/** A scene that remembers what it was told. */
const scene = () => {
  const heard = {};
  return { heard, adopt: (changes) => Object.assign(heard, changes) };
};

test("what is chosen in one scene is chosen in those that share it, also in one that comes later", () => {
  const [one, other, late] = [scene(), scene(), scene()];
  const tell = share("together", one, ["prompt", "seed"]);
  share("together", other, ["prompt"]);
  tell({ prompt: "a cat", seed: 5, steps: 3 });
  share("together", late, ["seed"]);
  assert.deepEqual([one.heard, other.heard, late.heard], [{}, { prompt: "a cat" }, { seed: 5 }]);
});

test("a scene with a choice of its own under the same name keeps it", () => {
  const [one, other] = [scene(), scene()];
  const tell = share("apart", one, ["seed"]);
  share("apart", other, []);
  tell({ seed: 5 });
  assert.deepEqual(other.heard, {});
});

test("tabs have nothing in common", () => {
  const [one, other] = [scene(), scene()];
  const tell = share("here", one, ["prompt"]);
  share("there", other, ["prompt"]);
  tell({ prompt: "a cat" });
  assert.deepEqual(other.heard, {});
});
