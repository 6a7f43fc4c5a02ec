// Is a model as often right as it thinks? A dot on the diagonal says so; larger dots stand for more pairs.
import { svg } from "#page/dom.js";
import { percent } from "#page/numbers.js";

const LEFT = 120; // where the chance is one half
const RIGHT = 380; // where it is 1
const TOP = 15;
const BOTTOM = 160;

/** @typedef {readonly [chance: number, right: number, pairs: number]} Row what it said, how often it was right, of how many */

/**
 * Where things stand in the picture: chances from one half to 1; shares from one half, or the lowest below it, to 1.
 * @param {readonly Row[]} rows at least one
 * @returns {{x: (chance: number) => number, y: (share: number) => number, radius: (pairs: number) => number}}
 */
export function scales(rows) {
  const most = Math.max(...rows.map(([, , pairs]) => pairs));
  const lowest = Math.min(0.5, ...rows.map(([, right]) => right));
  return {
    x: (chance) => LEFT + ((chance - 0.5) / 0.5) * (RIGHT - LEFT),
    y: (share) => BOTTOM - ((share - lowest) / (1 - lowest)) * (BOTTOM - TOP),
    radius: (pairs) => 4 + 6 * Math.sqrt(pairs / most), // the area tells the pairs
  };
}

/**
 * @param {readonly Row[]} rows at least one
 * @param {{axis: string, say: (row: Row) => string}} texts say: a row in words
 */
export function calibrationChart(rows, { axis, say }) {
  const { x, y, radius } = scales(rows);
  const label = rows.map(say).join(" ");
  const picture = svg("svg", { class: "gx-lines", viewBox: "0 0 500 200", role: "img", "aria-label": label });
  for (const share of [0.5, 0.75, 1]) {
    picture.append(
      svg("line", { x1: LEFT, x2: RIGHT, y1: y(share), y2: y(share), class: "gx-rule" }),
      svg("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
      svg("text", { x: x(share), y: 180, "text-anchor": "middle" }, percent(share)),
    );
  }
  const ideal = { x1: x(0.5), y1: y(0.5), x2: x(1), y2: y(1), class: "gx-rule gx-ideal" };
  picture.append(
    svg("line", ideal),
    ...rows.map((row) => {
      const [chance, right, pairs] = row;
      const place = { cx: x(chance), cy: y(right), r: radius(pairs), class: "gx-dot" };
      return svg("circle", place, svg("title", {}, say(row)));
    }),
    svg("text", { x: 250, y: 196, "text-anchor": "middle" }, axis),
  );
  return picture;
}
