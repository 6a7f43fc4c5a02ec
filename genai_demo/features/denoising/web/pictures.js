// What the scenes of the Denoising tab share: pictures with crisp pixels, a prompt and a seed.
import { seedBox, textbox } from "#page/controls.js";
import { el } from "#page/dom.js";
import { seed, text } from "#page/fields.js";
import { fill } from "#page/numbers.js";

/** @typedef {import("#page/scene.js").Scene} Scene */

export const LONGEST_PROMPT = 2_000; // characters in a box; the model says itself how many it reads
const CRISP_SIDE = 128; // larger pictures are smoothed
const LONGEST_PICTURE = 200_000; // characters of a visitor's own

// ── prompt and seed: chosen in one scene, they are there in the next ─────────────────────────────────────────────────
/** @param {import("#page/scene.js").Given} given */
export const promptAndSeed = ({ settings }) => ({
  prompt: text(settings.prompt, LONGEST_PROMPT),
  seed: seed(settings.seed),
});
export const COMMON = ["prompt", "seed"];

/**
 * A line for a prompt.
 * @param {Scene} scene
 * @param {string} name of the state
 * @param {string} label
 * @param {Record<string, any>} [how] see `textbox`
 */
export function promptBox(scene, name, label, how = { wait: 0 }) {
  const made = textbox(scene, name, label, { line: true, maxlength: LONGEST_PROMPT, ...how });
  made.node.classList.add("gx-grow");
  return made;
}
/** The prompt and the seed that all scenes have in common. @param {Scene} scene @returns {{prompt: any, seed: any}} */
export function promptAndSeedBoxes(scene) {
  const { texts } = scene;
  const prompt = promptBox(scene, "prompt", texts.prompt, { wait: 0, class: "gx-prompt" });
  const { node, box } = seedBox(scene, "seed", texts.seed);
  node.className = "gx-field gx-number";
  box.className = "";
  return { prompt, seed: node };
}

/** Which prompt it was, and what is to be said of it: words that the training never used, or none at all. */
export const drawnFor = (texts, prompt) => fill(texts.drawn_for, { prompt });
/** @param {any} texts @param {string[]} words @param {string} prompt */
export function remark(texts, words, prompt) {
  if (!prompt.trim()) return texts.unprompted;
  return words?.length ? fill(texts.unseen, { words: words.join(", ") }) : "";
}

// ── pictures that are there ──────────────────────────────────────────────────────────────────────────────────────────
/** A picture with its caption; `show` takes a data URI, or nothing while there is none. @param {string} [caption] */
export function frame(caption = "") {
  const image = el("img", { class: "gx-picture", alt: "", width: 64, height: 64 });
  const words = el("figcaption", {}, caption);
  image.addEventListener("load", () => {
    image.style.imageRendering = image.naturalWidth > CRISP_SIDE ? "auto" : "";
  });
  return {
    node: el("figure", { class: "gx-frame" }, image, words),
    show(source, said = caption) {
      image.hidden = !source;
      if (source && image.getAttribute("src") !== source) image.src = source;
      words.textContent = said;
      image.alt = said;
    },
  };
}
/** The same at once. @param {string} source @param {string} caption @param {...any} more under the caption */
export function framed(source, caption, ...more) {
  const one = frame();
  one.show(source, caption);
  one.node.append(...more);
  return one.node;
}

/** `work`, left out while it is given what it was given the last time. @param {(...given: any[]) => void} work */
export function ifNew(work) {
  let last = null;
  return (...given) => {
    if (last && given.every((one, index) => one === last[index])) return;
    last = given;
    work(...given);
  };
}

// ── pictures that are computed here, from numbers from −1 to 1, three a pixel ────────────────────────────────────────
export const asPicture = (value) => (value + 1) / 2;
export const asNoise = (value) => 0.5 + value / 6;

/** @param {string} [caption] */
export function canvas(caption = "") {
  const surface = el("canvas", { class: "gx-picture", role: "img" });
  const words = el("figcaption", {}, caption);
  const pen = surface.getContext("2d");
  return {
    node: el("figure", { class: "gx-frame" }, surface, words),
    paint(numbers, side, said = caption, map = asPicture) {
      if (surface.width !== side) surface.width = surface.height = side;
      const pixels = pen.createImageData(side, side);
      for (let pixel = 0; pixel < side * side; pixel++) {
        for (let c = 0; c < 3; c++) pixels.data[4 * pixel + c] = 255 * map(numbers[3 * pixel + c]);
        pixels.data[4 * pixel + 3] = 255;
      }
      pen.putImageData(pixels, 0, 0);
      words.textContent = said;
      surface.setAttribute("aria-label", said);
    },
  };
}

/** The central square of a picture file or data URI, `side` pixels wide, on white. */
async function square(source, side) {
  const blob = source instanceof Blob ? source : await (await fetch(source)).blob();
  const bitmap = await createImageBitmap(blob);
  const surface = el("canvas", { width: side, height: side });
  const pen = surface.getContext("2d", { willReadFrequently: true });
  const edge = Math.min(bitmap.width, bitmap.height);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, side, side);
  pen.imageSmoothingQuality = "high";
  pen.imageSmoothingEnabled = edge !== side;
  pen.drawImage(bitmap, (bitmap.width - edge) / 2, (bitmap.height - edge) / 2, edge, edge, 0, 0, side, side);
  bitmap.close();
  return surface;
}
async function numbersOf(source, side) {
  const surface = await square(source, side);
  const pixels = surface.getContext("2d").getImageData(0, 0, side, side).data;
  return new Float32Array(3 * side * side).map(
    (_, index) => pixels[4 * Math.floor(index / 3) + (index % 3)] / 127.5 - 1,
  );
}

/**
 * Pictures as numbers, side × side × 3: null until the picture is decoded, which `ready` is told.
 * @param {() => void} ready
 * @returns {(source: string, side: number) => Float32Array | null} of a data URI
 */
export function decoder(ready) {
  let last = "";
  let numbers = null;
  return (source, side) => {
    const wanted = `${side} ${source}`;
    if (wanted !== last) {
      [last, numbers] = [wanted, null];
      numbersOf(source, side).then((made) => {
        if (wanted !== last) return;
        numbers = made;
        ready();
      });
    }
    return numbers;
  };
}

/** A visitor's own picture file, so small that it can be kept: a data URI. It raises an error if it is none. */
export const shrunk = async (file, side) => (await square(file, side)).toDataURL("image/png");
/** Whether it can be such a picture. @param {any} value */
export const isOwn = (value) =>
  typeof value === "string" && value.startsWith("data:image/png;base64,") && value.length <= LONGEST_PICTURE;
