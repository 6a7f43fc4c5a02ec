// Where things stand on a map of words: from the model's coordinates to the picture's, and labels that never cover one another.
// Pure functions; lengths are in pixels.

/**
 * @typedef {{x: number, y: number}} Spot
 * @typedef {{left: number, right: number, top: number, bottom: number}} Box
 * @typedef {object} Frame of the picture
 * @property {number} width
 * @property {number} height
 * @property {number} fontSize
 *
 * @typedef {object} Label
 * @property {string} id
 * @property {Spot} spot what it belongs to
 * @property {string} text
 * @property {number} weight of the font
 * @property {number} reach how many rings around its spot may be searched
 *
 * @typedef {object} Place of a label
 * @property {number} x of its middle, from its spot
 * @property {number} y
 * @property {Spot | null} leader where a line from the spot to the label ends, if it needs one
 */

export const RADIUS = 5; // of a dot
const MARGIN = 26;
const RING = 8; // from one ring around a spot to the next
export const RINGS = 22;
const NEAR = 16; // a label that is no farther from its spot needs no line to it
const ARROWHEAD = 12;

/**
 * From the model's coordinates to the picture's. Both directions have the same scale, unless they are stretched.
 * @param {Spot[]} spots all that must be seen
 * @param {Frame} frame
 * @param {{stretch?: boolean, ends?: boolean}} [how] ends: of the axes, whose names need room
 * @returns {(spot: Spot) => Spot}
 */
export function view(spots, { width, height, fontSize }, { stretch = false, ends = false } = {}) {
  const range = (axis) => {
    const all = spots.length ? spots.map((spot) => spot[axis]) : [0];
    return [Math.min(...all), Math.max(...all)];
  };
  const [left, right] = range("x");
  const [bottom, top] = range("y");
  const across = (width - 2 * (MARGIN + 1.6 * fontSize)) / (right - left || 1);
  const up = (height - 2 * MARGIN - (ends ? 3 : 1.2) * fontSize) / (top - bottom || 1);
  const scale = stretch ? { x: across, y: up } : { x: Math.min(across, up), y: Math.min(across, up) };
  const middle = { x: (left + right) / 2, y: (bottom + top) / 2 };
  return (spot) => ({
    x: width / 2 + scale.x * (spot.x - middle.x),
    y: height / 2 - 0.5 * fontSize - scale.y * (spot.y - middle.y),
  });
}

/** @param {Spot} centre @param {number} wide @param {number} high @returns {Box} */
export const box = (centre, wide, high) => ({
  left: centre.x - wide / 2,
  right: centre.x + wide / 2,
  top: centre.y - high / 2,
  bottom: centre.y + high / 2,
});
/** @param {Box} one @param {Box} other */
export const overlap = (one, other) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

const SIDES = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [0.8, -0.8],
  [-0.8, -0.8],
  [0.8, 0.8],
  [-0.8, 0.8],
];
const AROUND = Array.from({ length: 12 }, (_, index) => (index * Math.PI) / 6 + 0.26).map((angle) => [
  Math.cos(angle),
  Math.sin(angle),
]);

/**
 * The nearest free place around each label's spot, searched in rings. A label without room gets none.
 * @param {Label[]} labels the most important first
 * @param {Spot[]} dots which no label may cover
 * @param {Frame} frame
 * @param {(text: string, weight: number) => number} measure how wide a text is
 * @returns {Map<string, Place>} id → place
 */
export function labelPlaces(labels, dots, frame, measure) {
  const { width, height, fontSize } = frame;
  const taken = dots.map((dot) => box(dot, 2 * RADIUS + 2, 2 * RADIUS + 2));
  const isFree = (one) =>
    one.left >= 1.6 * fontSize &&
    one.top >= 2 &&
    one.right <= width - 2 &&
    one.bottom <= height - 1.5 * fontSize &&
    !taken.some((other) => overlap(one, other));
  const places = new Map();
  for (const { id, spot, text, weight, reach } of labels) {
    const size = { wide: measure(text, weight) + 6, high: 1.15 * fontSize };
    const found = candidates(spot, size, reach).find((one) => isFree(one.box));
    if (!found) continue;
    taken.push(found.box);
    const edge = {
      x: clamp(spot.x, found.box.left, found.box.right) - spot.x,
      y: clamp(spot.y, found.box.top, found.box.bottom) - spot.y,
    };
    places.set(id, { ...found.offset, leader: found.distance > NEAR ? edge : null });
  }
  return places;
}
function candidates(spot, { wide, high }, reach) {
  return Array.from({ length: reach }, (_, ring) => RING + RING * ring).flatMap((distance) =>
    (distance < NEAR ? SIDES : [...SIDES, ...AROUND]).map(([dx, dy]) => {
      const offset = { x: dx * (distance + wide / 2), y: dy * (distance + high / 2) };
      return { distance, offset, box: box({ x: spot.x + offset.x, y: spot.y + offset.y }, wide, high) };
    }),
  );
}

/**
 * An arrow from one spot to another; null where they are the same.
 * @param {Spot} from
 * @param {Spot} to
 * @returns {{line: {x1: number, y1: number, x2: number, y2: number}, tip: string} | null}
 */
export function arrow(from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length < 1) return null;
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const head = Math.min(ARROWHEAD, length);
  const [x, y] = [to.x - head * ux, to.y - head * uy]; // the middle of the head's foot
  const corners = [`${x - 0.5 * head * uy} ${y + 0.5 * head * ux}`, `${x + 0.5 * head * uy} ${y - 0.5 * head * ux}`];
  return {
    line: { x1: from.x, y1: from.y, x2: to.x - 0.7 * head * ux, y2: to.y - 0.7 * head * uy },
    tip: `M${to.x} ${to.y}L${corners.join("L")}Z`,
  };
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * To which spot an arrow key leads: the nearest in its direction, where what lies aside counts twice. Null: to none.
 * @param {Map<string, Spot>} spots
 * @param {string | null} from the first spot, if it is none of them
 * @param {string} key
 * @returns {string | null}
 */
export function towards(spots, from, key) {
  const way = WAYS[key];
  if (!way || !spots.size) return null;
  const here = spots.get(from);
  if (!here) return spots.keys().next().value;
  let best = null;
  let least = Infinity;
  for (const [id, spot] of spots) {
    const along = (spot.x - here.x) * way[0] + (spot.y - here.y) * way[1];
    const aside = Math.abs((spot.x - here.x) * way[1]) + Math.abs((spot.y - here.y) * way[0]);
    if (id !== from && along > 0 && along + 2 * aside < least) [best, least] = [id, along + 2 * aside];
  }
  return best;
}

/**
 * Two texts on one line, the longer one cut where both have no room.
 * @param {[string, string]} texts
 * @param {number} room for both
 * @param {(text: string) => number} measure
 * @returns {string[]}
 */
export function sideBySide(texts, room, measure) {
  const total = () => shown.reduce((sum, text) => sum + measure(text), 0);
  const shown = [...texts];
  while (total() > room) {
    const longer = measure(shown[0]) >= measure(shown[1]) ? 0 : 1;
    const letters = [...shown[longer].replace(/…$/, "")];
    if (letters.length < 2) break;
    shown[longer] = `${letters.slice(0, -1).join("")}…`;
  }
  return shown;
}

/** @param {string} key */
export const isWay = (key) => key in WAYS;
