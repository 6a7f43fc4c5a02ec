// The curve of the Sample scene: probabilities added up by rank, and where the settings cut.
import { distribution, STEP } from "#features/next_word/web/sampling.js";
import { projector, svg } from "#page/dom.js";
import { fill, percent, whole } from "#page/numbers.js";

const LEFT = 58;
const RIGHT = 410;
const BOTTOM = 152;
const HEIGHT = 140;
const RANKS = [1, 10, 100, 1_000, 10_000, 100_000];

/**
 * Points of the curve: [rank, the probability of all tokens up to it, after the temperature].
 * @param {ReturnType<typeof import("#features/next_word/web/draws.js").afterSettings>} now
 * @param {{logit: number}[]} candidates
 * @param {number} vocabulary how many tokens there are
 * @returns {[number, number][]}
 */
export function curvePoints({ table, settings: { temperature, top_k } }, candidates, vocabulary) {
  if (!table || temperature === 0) {
    return [
      [1, 1],
      [vocabulary, 1],
    ];
  }
  if (!top_k) {
    const curve = table.curves[Math.round(temperature / STEP) - 1];
    return table.curve_ranks.map((rank, index) => [rank, curve[index]]);
  }
  const { probabilities, size } = distribution(candidates, table, { temperature, top_k, top_p: 1 });
  let mass = 0;
  return Array.from({ length: size }, (_, index) => [index + 1, (mass += probabilities[index])]);
}

/** @param {any} texts */
export function cumulatedCurve(texts) {
  const node = svg("svg", { class: "gx-curve", viewBox: "0 0 420 190", role: "img" });
  return {
    node,
    /**
     * @param {ReturnType<typeof import("#features/next_word/web/draws.js").afterSettings>} now
     * @param {any[]} candidates
     * @param {number} vocabulary
     */
    show(now, candidates, vocabulary) {
      const x = (rank) => LEFT + ((RIGHT - LEFT) * Math.log(rank)) / Math.log(Math.max(2, vocabulary));
      const points = curvePoints(now, candidates, vocabulary);
      const { top_p, temperature } = now.settings;
      node.replaceChildren(
        ...grid(),
        ...ranks(texts, x, vocabulary),
        svg("path", { d: areaUnder(points, now.size, x), class: "gx-area" }),
        svg("path", { d: line(points, x), class: "gx-line" }),
        ...(top_p < 1 && temperature > 0 ? level(texts, top_p) : []),
        svg("line", { x1: x(now.size), x2: x(now.size), y1: y(0), y2: y(1), class: "gx-cutline" }),
      );
      const told = { size: whole(now.size), mass: percent(now.mass) };
      node.setAttribute("aria-label", fill(texts.curve_description, told));
    },
  };
}

const y = (mass) => BOTTOM - HEIGHT * mass;
const at = ([rank, mass], x) => `${x(rank).toFixed(1)} ${y(mass).toFixed(1)}`;
const line = (points, x) => points.map((point, index) => `${index ? "L" : "M"}${at(point, x)}`).join("");

function areaUnder(points, size, x) {
  const inside = points.filter(([rank]) => rank <= size);
  if (!inside.length) return "";
  const end = [size, inside.at(-1)[1]];
  return `M${at([1, 0], x)}${[...inside, end, [size, 0]].map((point) => `L${at(point, x)}`).join("")}Z`;
}

const grid = () =>
  [0, 0.5, 1].flatMap((mass) => [
    svg("line", { x1: LEFT, x2: RIGHT, y1: y(mass), y2: y(mass), class: "gx-grid" }),
    svg("text", { x: 52, y: y(mass) + 5, "text-anchor": "end" }, `${100 * mass}%`),
  ]);

function ranks(texts, x, vocabulary) {
  const few = RANKS.filter((_, index) => index % 2 === 0);
  const shown = (projector() ? few : RANKS).filter((rank) => rank <= vocabulary);
  return [
    ...shown.map((rank) => svg("text", { x: x(rank), y: 170, "text-anchor": "middle" }, whole(rank))),
    svg("text", { x: 234, y: 187, "text-anchor": "middle" }, texts.curve_axis),
  ];
}

function level(texts, top_p) {
  const place = { x: RIGHT, y: y(top_p) + (top_p > 0.9 ? 16 : -5), "text-anchor": "end" };
  return [
    svg("line", { x1: LEFT, x2: RIGHT, y1: y(top_p), y2: y(top_p), class: "gx-level" }),
    svg("text", place, fill(texts.level, { p: top_p.toFixed(2) })),
  ];
}
