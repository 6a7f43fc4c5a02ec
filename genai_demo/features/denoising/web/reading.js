// The words of a prompt: how it is built up from them, and where in a picture each is read.

const MOST_PREFIXES = 7; // and the empty one: so many pictures are drawn at once
const DARKEST = 0.1;

/**
 * "a red apple" → "", "a", "a red", "a red apple"; of a longer prompt, evenly spaced beginnings.
 * @param {string} prompt
 */
export function prefixes(prompt) {
  const words = prompt.trim().split(/\s+/).filter(Boolean);
  const count = Math.min(MOST_PREFIXES, words.length);
  const lengths = Array.from({ length: count }, (_, index) => Math.round(((index + 1) * words.length) / count));
  return ["", ...lengths.map((length) => words.slice(0, length).join(" "))];
}

/**
 * A picture, dark where a word is not read; the brightest place is that where it is read most.
 * @param {Float32Array} picture numbers from −1 to 1, three a pixel
 * @param {number} side its pixels in a row
 * @param {number[][]} attention rows of shares, fewer than there are pixels
 * @returns {Float32Array}
 */
export function lit(picture, side, attention) {
  const rows = attention.length;
  const most = Math.max(1, ...attention.flat());
  const place = (pixel) => Math.floor((pixel * rows) / side);
  return picture.map((value, index) => {
    const pixel = Math.floor(index / 3);
    const share = attention[place(Math.floor(pixel / side))][place(pixel % side)] / most;
    return (value + 1) * (DARKEST + (1 - DARKEST) * share) - 1;
  });
}
