// Scene 3: the reverse process, step by step.
import { frames, gathered, numberOf, placeOf, stepAt } from "#features/denoising/web/film.js";
import { db, decimal } from "#features/denoising/web/noise.js";
import {
  COMMON,
  drawnFor,
  frame,
  promptAndSeed,
  promptAndSeedBoxes,
  remark,
} from "#features/denoising/web/pictures.js";
import { player, select, slider } from "#page/controls.js";
import { button, choices, el, field } from "#page/dom.js";
import { choice, list, local, maybe, stop, whole } from "#page/fields.js";
import { onEnter } from "#page/keys.js";
import { fill } from "#page/numbers.js";
import { download, onSpace } from "#page/scene.js";

const STEPS = [4, 10, 25, 50, 100];
const MOST_STEPS = 100;
const GUIDANCE = [0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15];
const PLAY_MS = 160;
const STRIP_SIDE = 128; // pixels of a frame in the strip that is saved

export const shares = COMMON;
export const onDemand = ["drawing", "gif"];

/** @param {import("#page/scene.js").Given} given */
export const fields = (given) => ({
  ...promptAndSeed(given),
  steps: stop(25, STEPS),
  sampler: choice("ddim", Object.keys(given.settings.samplers)),
  guidance: stop(4, GUIDANCE),
  at: maybe(whole(1, 1, MOST_STEPS)), // the step that is looked at; none: the newest frame
  decoded: list([], whole(1, 1, MOST_STEPS), MOST_STEPS), // steps whose latents are shown as pictures
  carriedOn: local(null, (value) => value === null), // the request of a run that was stopped: with the page, its steps are gone
  saved: local(null, (value) => value === null), // the request of the run of which a film is made
});

/**
 * @param {import("#page/scene.js").State} state
 * @param {import("#page/scene.js").Given} _given
 * @param {Record<string, any>} answers
 * @returns {import("#page/questions.js").Asked}
 */
export function asks({ prompt, seed, steps, sampler, guidance, decoded, carriedOn, saved }, _given, { drawing }) {
  const fromNoise = { prompt, seed, steps, sampler, guidance_scale: guidance, skip: 0 };
  const wanted = frames(drawing).filter((one) => one.latents && decoded.includes(numberOf(one)));
  return {
    drawing: ["draw", carriedOn ?? fromNoise],
    ...(saved && { gif: ["save_gif", saved] }),
    ...Object.fromEntries(wanted.map((one) => [decodingOf(one), ["decode_step", one.latents]])),
  };
}
const decodingOf = (one) => `step ${numberOf(one)}`;

/** @param {string} key @param {any} before @param {any} part @param {any} shown */
export const gather = (key, before, part, shown) => (key === "drawing" ? gathered(before, part, shown) : part);

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const film = filmPlayer(scene);
  const run = runControls(scene, film);
  const panels = threePanels(texts);
  const decode = decodeButton(scene);
  const scrub = scrubber(texts, film);
  const numbers = el("p", { class: "gx-soft" });
  const strip = thumbnails(texts, film);
  onSpace(scene, () => film.playing.click());
  scene.work.append(
    ...run.nodes,
    panels.node,
    el("div", { class: "gx-row" }, film.playing, decode.node, scrub.node),
    numbers,
    strip.node,
    savingRow(scene),
  );
  return {
    paint({ at }, { drawing }) {
      const all = pictured(scene);
      const place = placeOf(all, at);
      const isLatent = drawing.provenance.space === "latent";
      run.show(drawing);
      panels.show(all[place], isLatent);
      decode.show(all[place], isLatent);
      scrub.show(all, place, drawing.total);
      film.playing.disabled = all.length < 2;
      numbers.textContent = numbersOf(texts, all[place]);
      strip.show(all, place);
    },
    replied(key, { gif }) {
      if (key === "gif" && gif) download("denoising.gif", gif);
    },
  };
}

/** The frames, those whose latents have been decoded with the pictures that they stand for. */
function pictured(scene) {
  const isOf = (key, one) => one.latents && scene.progress(key).values?.x_t === one.latents.x_t;
  return frames(scene.answers.drawing).map((one) => {
    const key = decodingOf(one);
    return isOf(key, one) && scene.answers[key] ? { ...one, ...scene.answers[key], isDecoded: true } : one;
  });
}

function numbersOf(texts, one) {
  if (one.finished) return "";
  return fill(texts.numbers, {
    timestep: Math.round(one.timestep),
    alpha_bar: decimal(one.alpha_bar),
    snr: db(one.snr),
  });
}

/** Plays the frames that are there, be it few or many. */
function filmPlayer(scene) {
  const { texts } = scene;
  const all = () => frames(scene.answers.drawing);
  const film = player(scene, "at", {
    last: () => all().length - 1,
    milliseconds: PLAY_MS,
    texts: { play: texts.play, pause: texts.pause },
    read: ({ at }) => placeOf(all(), at),
    write: (place) => stepAt(all(), place),
  });
  film.playing.className = "gx-button";
  return film;
}

// ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────────
function runControls(scene, film) {
  const { texts, settings } = scene;
  const start = (changes = {}) => {
    film.pause();
    scene.ask("drawing", { ...changes, at: null, decoded: [], carriedOn: null });
  };
  const { prompt, seed } = promptAndSeedBoxes(scene);
  onEnter(prompt.box, start);
  const halt = stopButton(scene);
  const options = (all) => all.map((one) => ({ value: one, label: `${one}` }));
  const guidance = slider(scene, "guidance", {
    label: texts.guidance,
    help: texts.guidance_help,
    stops: GUIDANCE,
    show: String,
  });
  const status = el("p", { class: "gx-soft", role: "status" });
  const draw = button(texts.draw, () => start(), { class: "gx-button gx-main" });
  return {
    nodes: [
      el("div", { class: "gx-row" }, prompt.node, draw, halt.node),
      el(
        "div",
        { class: "gx-row gx-settings" },
        examples(scene, start),
        seed,
        select(scene, "steps", texts.steps, options(STEPS)).node,
        select(scene, "sampler", texts.sampler, options(Object.keys(settings.samplers))).node,
        guidance.node,
      ),
      status,
    ],
    show(drawing) {
      halt.show();
      const said = situation(texts, drawing, scene.progress("drawing"));
      status.textContent = said.filter(Boolean).join(" ");
    },
  };
}

function examples(scene, start) {
  const { texts } = scene;
  const all = choices(texts.examples, texts.examples_hint, [{ entries: texts.presets }], ({ label }) =>
    start({ prompt: label }),
  );
  scene.follow(({ prompt }) => {
    const chosen = texts.presets.find((one) => one.label === prompt);
    if (chosen) all.set(chosen);
    else all.forget();
  });
  return all.node;
}

/** Ends a run; then, goes on with it. */
function stopButton(scene) {
  const { texts } = scene;
  const progress = () => scene.progress("drawing");
  const isStopped = () => !progress().busy && !progress().whole;
  const node = button(texts.stop, () => {
    if (isStopped()) {
      const skip = numberOf(scene.answers.drawing.steps.at(-1));
      scene.ask("drawing", { carriedOn: { ...progress().values, skip } });
    } else scene.stop("drawing");
  });
  return {
    node,
    show() {
      node.textContent = isStopped() ? texts.carry_on : texts.stop;
      node.disabled = !progress().busy && !isStopped();
    },
  };
}

/** Sentences on the run that is shown, or that is about to be. */
function situation(texts, { total, steps, unseen, provenance }, { busy, fresh, asking, whole: isWhole, values }) {
  if (busy && !fresh) return [drawnFor(texts, asking.prompt), texts.drawing];
  const drawn = drawnFor(texts, values.prompt);
  if (provenance.kind === "recorded") return [drawn, fill(texts.waiting, { count: steps.length, total })];
  const ended = isWhole ? fill(texts.finished, { count: total }) : fill(texts.stopped, { count: steps.length });
  return [drawn, busy ? texts.drawing : ended, remark(texts, unseen, values.prompt)];
}

// ── the frame that is looked at ──────────────────────────────────────────────────────────────────────────────────────
/** The noisy picture, the one that the network predicts, and the noise. */
function threePanels(texts) {
  const captions = {
    x_t: [texts.x_t, texts.x_t_finished, texts.x_t_latent],
    x0: [texts.x0, texts.x0_finished, texts.x0_latent],
    noise: [texts.noise, texts.noise_finished, texts.noise_latent],
  };
  const panels = Object.entries(captions).map(([name, words]) => ({ name, words, panel: frame() }));
  return {
    node: el(
      "div",
      { class: "gx-gallery gx-three" },
      panels.map(({ panel }) => panel.node),
    ),
    show(one, isLatent) {
      for (const { name, words, panel } of panels) {
        const isDecoded = (one.isDecoded && name !== "noise") || (one.finished && name === "x_t");
        const [plain, finished, latent] = words;
        panel.show(one[name], isLatent && !isDecoded ? latent : one.finished ? finished : plain);
      }
    },
  };
}

/** For models of latents, of which the panels show previews. */
function decodeButton(scene) {
  const node = button(scene.texts.decode, () => {
    const all = pictured(scene);
    const one = all[placeOf(all, scene.state.at)];
    const others = scene.state.decoded.filter((number) => number !== numberOf(one));
    scene.ask(decodingOf(one), { decoded: [...others, numberOf(one)] });
  });
  return {
    node,
    show(one, isLatent) {
      node.hidden = !isLatent;
      node.disabled = !one.latents || !!one.isDecoded;
    },
  };
}

function scrubber(texts, film) {
  const input = el("input", { type: "range", min: 0, step: 1, oninput: () => film.go(+input.value) });
  const output = el("output", { class: "gx-slider-value" });
  const node = field(texts.scrubber, input, { class: "gx-field gx-slider gx-grow" });
  node.querySelector("label").append(output);
  return {
    node,
    show(all, place, total) {
      const one = all[place];
      input.max = all.length - 1;
      input.value = place;
      input.style.setProperty("--at", `${all.length > 1 ? (100 * place) / (all.length - 1) : 0}%`);
      output.textContent = one.finished
        ? texts.scrubber_finished
        : fill(texts.scrubber_value, { index: numberOf(one), count: total });
      input.setAttribute("aria-valuetext", output.textContent);
    },
  };
}

/** All frames, small, each a button. */
function thumbnails(texts, film) {
  const node = el("ol", { class: "gx-strip-steps", "aria-label": texts.strip });
  const added = (place) => {
    const image = el("img", { class: "gx-picture", alt: "", width: 64, height: 64 });
    node.append(el("li", {}, el("button", { type: "button", onclick: () => film.go(place) }, image)));
    return node.lastChild;
  };
  return {
    node,
    show(all, place) {
      while (node.children.length > all.length) node.lastChild.remove();
      for (const [index, one] of all.entries()) {
        const shown = (node.children[index] ?? added(index)).firstChild;
        const source = one.finished ? one.x_t : one.x0;
        const label = one.finished ? texts.scrubber_finished : fill(texts.strip_step, { index: numberOf(one) });
        if (shown.firstChild.getAttribute("src") !== source) shown.firstChild.src = source;
        shown.setAttribute("aria-label", label);
        shown.setAttribute("aria-current", index === place ? "step" : "false");
      }
    },
  };
}

// ── saving ───────────────────────────────────────────────────────────────────────────────────────────────────────────
function savingRow(scene) {
  const { texts } = scene;
  const saveGif = () => {
    const { prompt, seed, steps, sampler, guidance_scale } = scene.progress("drawing").values;
    scene.ask("gif", { saved: { prompt, seed, steps, sampler, guidance_scale } });
  };
  return el(
    "div",
    { class: "gx-buttons" },
    button(texts.save_strip, () => saveStrip(pictured(scene)), { class: "gx-button gx-small" }),
    button(texts.save_gif, saveGif, { class: "gx-button gx-small" }),
    el("span", { class: "gx-soft" }, texts.noise_shown),
  );
}

/** Two rows, the noisy picture above the predicted one, small pictures with crisp pixels. */
async function saveStrip(all) {
  const rows = ["x_t", "x0"];
  const surface = el("canvas", { width: STRIP_SIDE * all.length, height: STRIP_SIDE * rows.length });
  const pen = surface.getContext("2d");
  pen.imageSmoothingEnabled = false;
  for (const [row, name] of rows.entries()) {
    for (const [column, one] of all.entries()) {
      const image = new Image();
      image.src = one[name];
      await image.decode();
      pen.drawImage(image, column * STRIP_SIDE, row * STRIP_SIDE, STRIP_SIDE, STRIP_SIDE);
    }
  }
  download("denoising.png", surface.toDataURL("image/png"));
}
