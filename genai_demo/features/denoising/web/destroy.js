// Scene 1: the forward process, computed here in the browser: x_t = √ᾱ x0 + √(1−ᾱ) ε.
import { db, decibels, decimal, gaussian, noised, signalToNoise, weights } from "#features/denoising/web/noise.js";
import { asNoise, canvas, decoder, isOwn, shrunk } from "#features/denoising/web/pictures.js";
import { player, slider } from "#page/controls.js";
import { button, choices, el, field, svg } from "#page/dom.js";
import { choice, local, seed, stop } from "#page/fields.js";
import { fill } from "#page/numbers.js";
import { onSpace } from "#page/scene.js";

const STEPS = 1000;
const BY = 10; // steps from one stop of the slider to the next
const STOPS = Array.from({ length: STEPS / BY + 1 }, (_, index) => index * BY);
const OPENS_AT = 400;
const PLAY_MS = 45;

/** @param {import("#page/scene.js").Given} given */
export function fields({ settings, recorded }) {
  const labels = recorded.process.pictures.map((one) => one.label);
  return {
    picture: choice(labels[0], labels),
    own: local(null, (value) => value === null || isOwn(value)), // a visitor's picture, in the place of the other
    t: stop(OPENS_AT, STOPS),
    seed: seed(settings.seed), // of the noise
  };
}

export const asks = () => ({ process: ["forward_process", {}] });

const alphaBarAt = ({ alpha_bars }, t) => (t === 0 ? 1 : alpha_bars[t - 1]);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const sum = theSum(texts);
  const shares = el("p", { class: "gx-soft", role: "status" });
  const curve = ratioCurve(texts);
  const note = el("p", { class: "gx-soft" });
  const numbers = decoder(() => scene.paint());
  scene.work.append(
    pictureRow(scene),
    playRow(scene),
    sum.node,
    shares,
    el("div", { class: "gx-panel" }, el("h3", {}, texts.curve_title), curve.node),
    note,
  );
  return {
    paint({ picture, own, t, seed: chosen }, { process }) {
      const { side, pictures, alpha_bars } = process;
      note.textContent = `${fill(texts.upload_note, { side })} ${texts.noise_shown}`;
      const alphaBar = alphaBarAt(process, t);
      shares.textContent = fill(texts.share, {
        signal: `${(100 * alphaBar).toFixed(1)} %`,
        noise: `${(100 * (1 - alphaBar)).toFixed(1)} %`,
        snr: ratioAt(process, t),
      });
      curve.show(alpha_bars, t, ratioAt(process, t));
      const clean = numbers(own ?? pictures.find((one) => one.label === picture).image, side);
      if (clean) sum.show(clean, gaussian(clean.length, chosen), alphaBar, side);
    },
  };
}

/** The signal-to-noise ratio at a step, in words. */
const ratioAt = (process, t) => (t === 0 ? "∞" : db(signalToNoise(alphaBarAt(process, t))));

/** One of the given pictures, or the visitor's own. */
function pictureRow(scene) {
  const { texts } = scene;
  const { pictures } = scene.recorded.process;
  const list = choices(texts.pictures_label, "", [{ entries: pictures }], ({ label }) => {
    scene.report("upload", "");
    scene.set({ picture: label, own: null });
  });
  scene.follow(({ picture, own }) => {
    if (own) list.forget();
    else list.set(pictures.find((one) => one.label === picture));
  });
  const take = async (file) => {
    try {
      const own = await shrunk(file, scene.answers.process.side);
      scene.report("upload", "");
      scene.set({ own });
    } catch {
      scene.report("upload", texts.upload_failed);
    }
  };
  const onchange = ({ target }) => target.files[0] && take(target.files[0]);
  const upload = el("input", { type: "file", accept: "image/*", class: "gx-file", onchange });
  return el("div", { class: "gx-row" }, list.node, field(texts.upload, upload, { class: "gx-field gx-upload" }));
}

/** Which step it is, by hand or played; and which noise. */
function playRow(scene) {
  const { texts } = scene;
  const time = slider(scene, "t", {
    label: texts.step,
    stops: STOPS,
    show: (step) => fill(texts.step_value, { step }),
  });
  const film = player(scene, "t", {
    last: () => STEPS / BY,
    milliseconds: PLAY_MS,
    texts: { play: texts.play, pause: texts.pause },
    read: ({ t }) => t / BY,
    write: (step) => step * BY,
  });
  time.input.addEventListener("input", film.pause);
  onSpace(scene, () => film.playing.click());
  const other = button(texts.new_noise, () => scene.set({ seed: (scene.state.seed + 1) % Number.MAX_SAFE_INTEGER }));
  return el("div", { class: "gx-row" }, film.playing, other, time.node);
}

/** The picture and the noise, each with its weight, and what they add up to. */
function theSum(texts) {
  const [signal, noise, result] = [canvas(), canvas(), canvas()];
  const sign = (mark) => el("span", { class: "gx-sign", "aria-hidden": "true" }, mark);
  return {
    node: el(
      "div",
      { class: "gx-sum", role: "group", "aria-label": texts.sum_label },
      signal.node,
      sign("+"),
      noise.node,
      sign("="),
      result.node,
    ),
    show(clean, drawn, alphaBar, side) {
      const [alpha, sigma] = weights(alphaBar);
      const [picture, added, sum] = noised(clean, drawn, alphaBar);
      signal.paint(picture, side, fill(texts.picture_part, { weight: decimal(alpha) }));
      noise.paint(added, side, fill(texts.noise_part, { weight: decimal(sigma) }), asNoise);
      result.paint(sum, side, texts.result_part);
    },
  };
}

/** The signal-to-noise ratio of all steps, and where this one is. */
function ratioCurve(texts) {
  const node = svg("svg", { class: "gx-curve gx-snr", viewBox: "0 0 420 180", role: "img" });
  const x = (step) => 60 + (350 * step) / STEPS;
  const y = (level) => 12 + (140 * (30 - Math.max(-50, Math.min(30, level)))) / 80;
  const heightAt = (alphaBar) => y(decibels(signalToNoise(alphaBar)));
  const level = (decibel) => [
    svg("line", { x1: 60, x2: 410, y1: y(decibel), y2: y(decibel), class: "gx-grid" }),
    svg("text", { x: 54, y: y(decibel) + 5, "text-anchor": "end" }, `${decibel} dB`.replace("-", "−")),
  ];
  const mark = (at) =>
    svg("text", { x: x(at), y: 174, "text-anchor": at === STEPS ? "end" : "middle" }, at.toLocaleString("en-US"));
  return {
    node,
    show(alphaBars, step, ratio) {
      const points = alphaBars.map((bar, index) => `${x(index + 1).toFixed(1)} ${heightAt(bar).toFixed(1)}`);
      const now = step ? heightAt(alphaBars[step - 1]) : y(Infinity);
      node.replaceChildren(
        ...[20, 0, -20, -40].flatMap(level),
        ...[0, 500, STEPS].map(mark),
        svg("path", { d: `M${points.join("L")}`, class: "gx-line" }),
        svg("circle", { cx: x(step), cy: now, r: 7, class: "gx-now" }),
      );
      node.setAttribute("aria-label", fill(texts.curve_label, { step, snr: ratio }));
    },
  };
}
