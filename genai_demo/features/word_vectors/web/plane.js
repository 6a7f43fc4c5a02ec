// A map of words in two directions: words that never cover one another, arrows, a keyboard.
import {
  arrow,
  isWay,
  labelPlaces,
  RADIUS,
  RINGS,
  sideBySide,
  towards,
  view,
} from "#features/word_vectors/web/layout.js";
import { calm, el, projector, svg } from "#page/dom.js";

/**
 * @typedef {import("#features/word_vectors/web/layout.js").Spot} Spot
 * @typedef {object} Point
 * @property {string} id
 * @property {string} text
 * @property {string} kind "reference", "yours", "pole", "answer", "projected", "landing" or "zero"
 * @property {number} x
 * @property {number} y
 *
 * @typedef {object} Model what is to be drawn, as plain JSON
 * @property {Point[]} points
 * @property {{from: Spot, to: Spot, kind: string, text: string}[]} [arrows]
 * @property {string} [xLabel]
 * @property {string} [yLabel]
 * @property {boolean} [cross] lines through zero
 * @property {boolean} [stretch] each direction has a scale of its own
 * @property {{left: string, right: string, bottom: string, top: string}} [ends] words that name the ends of the axes
 */

const MOVE_MS = 700;
const TALL = 0.62; // of its width
const SHORT_REACH = 2; // rings

/**
 * @param {import("#page/scene.js").Scene} scene which paints it, also when the picture's width has changed
 * @param {object} how
 * @param {string} how.label
 * @param {(id: string) => void} how.onselect a word is pointed at, or reached by the arrow keys
 * @param {boolean} [how.sparse] reference words without room beside their dot show their name only when they are pointed at
 * @param {boolean} [how.moves] words move from their old place to their new one
 * @returns {{node: any, draw: (model: Model, selected: string | null) => void}}
 */
export function plane(scene, { label, onselect, sparse = false, moves = false }) {
  const picture = svg("svg", { class: "gx-plane", tabindex: "0", role: "application", "aria-label": label });
  const node = el("div", { class: "gx-plane-frame" }, picture);
  const move = mover(picture);
  let drawn = { model: "", frame: "" }; // what is there already: it is not drawn again
  picture.addEventListener("keydown", (event) => {
    if (!isWay(event.key)) return;
    event.preventDefault();
    const next = towards(spotsOf(picture), picture.querySelector(".gx-selected")?.dataset.word ?? null, event.key);
    if (next !== null) onselect(next);
  });
  new ResizeObserver(() => {
    if (node.clientWidth && Math.abs(frameOf(node).width - +picture.getAttribute("width")) > 1) scene.paint();
  }).observe(node);
  return {
    node,
    draw(model, selected) {
      if (!node.clientWidth) return; // not on the screen: drawn when it is shown
      const frame = frameOf(node);
      const wanted = { model: JSON.stringify(model), frame: JSON.stringify(frame) };
      if (drawn.model !== wanted.model || drawn.frame !== wanted.frame) {
        const isOther = drawn.model !== wanted.model; // in a frame of another size words are in their places at once
        const before = moves && isOther ? spotsOf(picture) : new Map();
        const places = redraw(picture, model, frame, sparse, onselect);
        move(places, before);
        drawn = wanted;
      }
      for (const group of picture.querySelectorAll(".gx-point"))
        group.classList.toggle("gx-selected", group.dataset.word === selected);
    },
  };
}

/** The whole picture is to be seen at once. @returns {import("#features/word_vectors/web/layout.js").Frame} */
function frameOf(node) {
  const width = Math.max(280, node.clientWidth);
  const most = projector() ? 0.52 : 0.62; // of the screen
  const fontSize = parseFloat(getComputedStyle(node).fontSize) || 15;
  return { width, height: Math.round(Math.max(300, Math.min(width * TALL, innerHeight * most))), fontSize };
}

/** Where each word of a picture stands: its name → its place. @returns {Map<string, Spot>} */
const spotsOf = (picture) =>
  new Map(
    [...picture.querySelectorAll(".gx-point")].map(({ dataset }) => [dataset.word, { x: +dataset.x, y: +dataset.y }]),
  );

/** Lets words move to their places. @param {any} picture */
function mover(picture) {
  let frame = 0;
  return (places, before) => {
    cancelAnimationFrame(frame);
    const begin = performance.now();
    const isMoving = !calm() && before.size > 0;
    const groups = [...picture.querySelectorAll(".gx-point")];
    function step(now) {
      const done = isMoving ? Math.min(1, Math.max(0, (now - begin) / MOVE_MS)) : 1;
      const eased = done * done * (3 - 2 * done);
      for (const group of groups) {
        const to = places.get(group.dataset.word);
        const from = before.get(group.dataset.word) ?? to;
        const [x, y] = [from.x + (to.x - from.x) * eased, from.y + (to.y - from.y) * eased];
        group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      }
      if (done < 1) frame = requestAnimationFrame(step);
    }
    step(begin);
  };
}

/** @returns {Map<string, Spot>} where each word is to stand */
function redraw(picture, model, frame, sparse, onselect) {
  const { points, arrows = [] } = model;
  const at = view([...points, ...arrows.flatMap(({ from, to }) => [from, to])], frame, {
    stretch: model.stretch,
    ends: !!model.ends,
  });
  const measure = measurer(picture);
  const places = new Map(points.map((point) => [point.id, at(point)]));
  const labels = labelPlaces(labelsOf(points, arrows, at, sparse), [...places.values()], frame, (text, weight) =>
    measure(text, weight, frame.fontSize),
  );
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${frame.width} ${frame.height}`, ...frame }))
    if (name !== "fontSize") picture.setAttribute(name, value);
  picture.replaceChildren(
    ...(model.cross ? crossNodes(at, frame) : []),
    ...axisNodes(model, frame, measure),
    ...arrows.flatMap((one, index) => arrowNode(one, at, labels.get(arrowId(index)))),
    ...points.map((point) => pointNode(point, places.get(point.id), labels.get(point.id), frame, onselect)),
  );
  return places;
}

const pen = globalThis.document?.createElement("canvas").getContext("2d");
/** How wide a text is in the picture's font. @param {any} picture */
function measurer(picture) {
  const family = getComputedStyle(picture).fontFamily;
  return (text, weight, size) => {
    pen.font = `${weight} ${size}px ${family}`;
    return pen.measureText(text).width;
  };
}

const arrowId = (index) => ` arrow ${index}`; // no word begins with a space
function labelsOf(points, arrows, at, sparse) {
  const isReference = (point) => point.kind === "reference";
  const named = points.filter((point) => point.text !== "");
  return [
    ...arrows.map(({ from, to, text }, index) => {
      const [one, other] = [at(from), at(to)];
      return {
        id: arrowId(index),
        spot: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
        text,
        weight: 700,
        reach: 8,
      };
    }),
    ...[...named.filter((point) => !isReference(point)), ...named.filter(isReference)].map((point) => ({
      id: point.id,
      spot: at(point),
      text: point.text,
      weight: isReference(point) ? 500 : 700,
      reach: sparse && isReference(point) ? SHORT_REACH : RINGS,
    })),
  ].filter((one) => one.text);
}

// ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
function crossNodes(at, { width, height }) {
  const zero = at({ x: 0, y: 0 });
  return [
    svg("line", { class: "gx-grid", x1: 0, x2: width, y1: zero.y, y2: zero.y }),
    svg("line", { class: "gx-grid", x1: zero.x, x2: zero.x, y1: 0, y2: height }),
  ];
}

/** What the axes are called; names of their ends that are too long for a narrow picture are cut. */
function axisNodes({ xLabel, yLabel, ends }, { width, height, fontSize }, measure) {
  const upright = (y) => ({ "text-anchor": "middle", transform: `translate(${0.9 * fontSize} ${y}) rotate(-90)` });
  const text = (words, x, y, attributes) =>
    svg("text", { class: `gx-axis-text${ends ? " gx-end" : ""}`, x, y, ...attributes }, words);
  const nodes = [];
  if (xLabel) nodes.push(text(xLabel, width / 2, height - 6, { "text-anchor": "middle" }));
  if (yLabel) nodes.push(text(yLabel, 0, 0, upright(height / 2 - 10)));
  if (!ends) return nodes;
  const fit = (words, room) => sideBySide(words, room - 4 * fontSize, (one) => measure(one, 700, fontSize));
  const [left, right] = fit([ends.left, ends.right], width - 1.8 * fontSize);
  const [bottom, top] = fit([ends.bottom, ends.top], height - 1.8 * fontSize);
  nodes.push(
    text(`← ${left}`, 1.8 * fontSize, height - 6, {}),
    text(`${right} →`, width - 6, height - 6, { "text-anchor": "end" }),
    text(`← ${bottom}`, 0, 0, { ...upright(height - 1.8 * fontSize), "text-anchor": "start" }),
    text(`${top} →`, 0, 0, { ...upright(6), "text-anchor": "end" }),
  );
  return nodes;
}

function pointNode(point, place, label, { fontSize }, onselect) {
  const text = svg("text", {
    x: label?.x ?? 0,
    y: label?.y ?? -fontSize,
    "text-anchor": "middle",
    "dominant-baseline": "central",
  });
  text.textContent = point.text;
  const group = svg(
    "g",
    {
      class: `gx-point gx-${point.kind}${label ? "" : " gx-unnamed"}`,
      "data-word": point.id,
      "data-x": place.x,
      "data-y": place.y,
    },
    ...(label?.leader
      ? [svg("line", { class: "gx-leader", x1: 0, y1: 0, x2: label.leader.x, y2: label.leader.y })]
      : []),
    shape(point.kind),
    text,
  );
  for (const event of ["pointerenter", "click"]) group.addEventListener(event, () => onselect(point.id));
  return group;
}

const STAR = "M0-11 3-3.6 10.5-3.4 4.6 1.3 6.5 8.9 0 4.6-6.5 8.9-4.6 1.3-10.5-3.4-3-3.6Z";
const square = (more = {}) => svg("rect", { class: "gx-dot", x: -6, y: -6, width: 12, height: 12, ...more });
const SHAPES = {
  answer: () => svg("path", { class: "gx-dot", d: STAR }),
  yours: () => square(),
  pole: () => square(),
  projected: () => square({ transform: "rotate(45)" }),
  landing: () => svg("g", { class: "gx-dot" }, svg("circle", { r: 10 }), svg("circle", { r: 3 })),
};
const shape = (kind) => SHAPES[kind]?.() ?? svg("circle", { class: "gx-dot", r: RADIUS });

function arrowNode({ from, to, kind, text }, at, label) {
  const [one, other] = [at(from), at(to)];
  const drawn = arrow(one, other);
  if (!drawn) return [];
  const group = svg("g", { class: `gx-arrow gx-${kind}` }, svg("line", drawn.line), svg("path", { d: drawn.tip }));
  if (label) {
    const [x, y] = [(one.x + other.x) / 2 + label.x, (one.y + other.y) / 2 + label.y];
    group.append(svg("text", { x, y, "text-anchor": "middle", "dominant-baseline": "central" }, text));
  }
  return [group];
}
