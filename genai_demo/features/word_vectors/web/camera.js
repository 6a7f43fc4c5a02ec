// A camera that goes round a map in three dimensions.

/** @typedef {{x: number, y: number, z: number}} Eye where the camera stands; it looks at zero */

const TURNS = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] }; // in radians
const STEEPEST = 1.5;

/**
 * Where an arrow key leads the camera: around the map or up and down, as far from it as before. Null: nowhere.
 * @param {Eye} eye
 * @param {string} key
 * @returns {Eye | null}
 */
export function turned({ x, y, z }, key) {
  const by = TURNS[key];
  if (!by) return null;
  const distance = Math.hypot(x, y, z);
  const around = Math.atan2(y, x) + by[0];
  const up = Math.max(-STEEPEST, Math.min(STEEPEST, Math.atan2(z, Math.hypot(x, y)) + by[1]));
  return {
    x: distance * Math.cos(up) * Math.cos(around),
    y: distance * Math.cos(up) * Math.sin(around),
    z: distance * Math.sin(up),
  };
}
