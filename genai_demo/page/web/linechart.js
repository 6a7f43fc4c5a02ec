// A chart of lines: each is named at its end, and all are told in words to those who do not see them.
import { svg } from "#page/dom.js";
import { fill } from "#page/numbers.js";

const WIDTH = 500;
const HEIGHT = 176;
const LEFT = 44;
const RIGHT = 484;
const TOP = 12;
const BOTTOM = 150;
const HIGHEST_NAME = 26; // a name stays inside the picture

/**
 * @typedef {readonly [x: number, y: number]} Point
 *
 * @typedef {object} Curve
 * @property {string} name
 * @property {readonly Point[]} points from left to right, at least one
 */

/**
 * Where things stand: x from 0 on, y from 0 (or from the lowest value below it) to the highest value.
 * @param {readonly Curve[]} curves
 * @returns {{last: number, ticks: number[], x: (value: number) => number, y: (value: number) => number}}
 * `last`: the largest x; `ticks`: three values of y; `x`, `y`: in units of the picture
 */
export function scales(curves) {
  const all = curves.flatMap((curve) => curve.points);
  const last = Math.max(...all.map(([x]) => x), 1);
  const low = Math.min(0, ...all.map(([, y]) => y));
  const high = Math.max(...all.map(([, y]) => y), 1e-9);
  return {
    last,
    ticks: [low, (low + high) / 2, high],
    x: (value) => LEFT + (value / last) * (RIGHT - LEFT),
    y: (value) => BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP),
  };
}

/**
 * The curves in words.
 * @param {readonly Curve[]} curves
 * @param {string} sentence with {name}, {first}, {last} and {steps}: the first value, the last one, the largest x
 */
export function told(curves, sentence) {
  const { last: steps } = scales(curves);
  const values = ({ name, points }) => ({ name, first: points[0][1].toFixed(2), last: points.at(-1)[1].toFixed(2) });
  return curves.map((curve) => fill(sentence, { ...values(curve), steps })).join(" ");
}

/**
 * A number beside the axis.
 * @param {number} value
 * @param {number} highest of the axis
 */
export const tickText = (value, highest) => (Math.abs(value) < 0.05 ? 0 : value).toFixed(highest > 20 ? 0 : 1);

/**
 * The picture.
 * @param {readonly Curve[]} curves one or two; those without points are left out
 * @param {{axis: string, sentence: string}} how axis: a text with {steps} under the end of the x-axis; sentence: see `told`
 */
export function lineChart(curves, { axis, sentence }) {
  const given = curves.filter((curve) => curve.points?.length);
  const { last, ticks, x, y } = scales(given);
  const label = told(given, sentence);
  const picture = svg("svg", {
    class: "gx-lines",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": label,
  });
  const beside = { x: LEFT - 4, "text-anchor": "end" };
  for (const value of ticks) {
    picture.append(
      svg("line", { x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value), class: "gx-rule" }),
      svg("text", { ...beside, y: y(value) + 4 }, tickText(value, ticks[2])),
    );
  }
  picture.append(svg("text", { x: RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, fill(axis, { steps: last })));
  given.forEach(({ name, points }, index) => {
    const kind = { class: `gx-line-${index}` };
    const end = Math.max(HIGHEST_NAME, y(points.at(-1)[1]) + (index ? -8 : 18));
    picture.append(
      svg("polyline", { points: points.map((one) => `${x(one[0])},${y(one[1])}`).join(" "), ...kind }),
      svg("text", { x: RIGHT, y: end, "text-anchor": "end", ...kind }, name),
    );
  });
  return picture;
}
