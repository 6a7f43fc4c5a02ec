// Temperature, top-k and top-p in the browser, exact over the whole vocabulary: the same mathematics as sampling.py,
// from the most probable candidates and a table of normalisers and nuclei for every slider stop.
"use strict";
genai.sampling = (() => {
  const STEP = 0.05;
  const TEMPERATURES = Array.from({ length: 41 }, (_, i) => +(i * STEP).toFixed(2));
  const TOP_PS = Array.from({ length: 20 }, (_, i) => +((i + 1) * STEP).toFixed(2));

  // The sampling probability of each candidate, how many tokens are kept in all, and the mass they held before scaling.
  function distribution(candidates, table, { temperature, top_k, top_p }) {
    const probabilities = new Float64Array(candidates.length);
    if (temperature === 0) {
      probabilities[0] = 1;
      return { probabilities, size: 1, mass: 1 }; // the limit T → 0
    }
    const row = Math.round(temperature / STEP) - 1;
    if (top_k === 0) {
      const column = Math.round(top_p / STEP) - 1;
      const size = table.nucleus_sizes[row][column],
        mass = table.nucleus_masses[row][column];
      const shown = Math.min(size, candidates.length);
      for (let i = 0; i < shown; i++) {
        probabilities[i] = Math.exp(candidates[i].logit / temperature - table.log_normalizers[row]) / mass;
      }
      return { probabilities, size, mass };
    }
    const length = Math.min(top_k, candidates.length);
    let total = 0;
    for (let i = 0; i < length; i++) {
      probabilities[i] = Math.exp((candidates[i].logit - candidates[0].logit) / temperature);
      total += probabilities[i];
    }
    let size = 0,
      mass = 0;
    while (size < length && (mass < top_p || size === 0)) mass += probabilities[size++] / total;
    if (top_p === 1) {
      size = length;
      mass = 1;
    }
    for (let i = 0; i < length; i++) probabilities[i] = i < size ? probabilities[i] / total / mass : 0;
    return { probabilities, size, mass };
  }

  // The index-th uniform number of a seed: SplitMix64, as `uniform_number` in sampling.py.
  function uniform(seed, index) {
    const mask = (1n << 64n) - 1n;
    let z = (BigInt(seed) + BigInt(index + 1) * 0x9e3779b97f4a7c15n) & mask;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  }

  // The index of the candidate that a uniform number draws, or −1 where it falls on a token beyond them.
  function pick(probabilities, number) {
    let mass = 0;
    for (let i = 0; i < probabilities.length; i++) {
      mass += probabilities[i];
      if (number < mass) return i;
    }
    return -1;
  }

  return { TEMPERATURES, TOP_PS, distribution, uniform, pick };
})();

// What the visitor set in one scene holds in the next: the prompt and the sliders.
genai.nextToken = (() => {
  const { el, shared, slider, field, textbox } = genai;
  const prompt = shared("I picked up my phone to");
  const settings = shared(null);
  const seed = shared(1);
  const OFF = 101;

  // The three sliders and the presets, which are nothing but slider positions.
  function controls(scene, texts, onmove) {
    const parts = {
      temperature: slider({
        label: texts.temperature,
        help: texts.temperature_help,
        stops: genai.sampling.TEMPERATURES,
        value: 1,
        show: (t) =>
          t === 0
            ? `0 · ${texts.greedy}`
            : t === 1
              ? `1 · ${texts.as_trained}`
              : t >= 1.7
                ? `${t} · ${texts.nonsense}`
                : `${t}`,
        onmove: moved,
      }),
      top_k: slider({
        label: texts.top_k,
        help: texts.top_k_help,
        stops: Array.from({ length: OFF }, (_, i) => i + 1),
        value: OFF,
        show: (k) => (k === OFF ? texts.off : `${k}`),
        onmove: moved,
      }),
      top_p: slider({
        label: texts.top_p,
        help: texts.top_p_help,
        stops: genai.sampling.TOP_PS,
        value: 1,
        show: (p) => (p === 1 ? texts.off : p.toFixed(2)),
        onmove: moved,
      }),
    };
    const get = () => ({
      temperature: parts.temperature.get(),
      top_k: parts.top_k.get() % OFF,
      top_p: parts.top_p.get(),
    });
    function put(values) {
      parts.temperature.set(values.temperature);
      parts.top_k.set(values.top_k || OFF);
      parts.top_p.set(values.top_p);
    }
    function moved() {
      settings.set(get(), scene);
      onmove();
    }
    settings.listen(scene, (values) => {
      put(values);
      onmove();
    });
    put(settings.get() ?? texts.sampling[1]);
    const presetButtons = genai.presets(texts.sampling_label, texts.sampling, (preset) => {
      put(preset);
      moved();
    });
    return {
      get,
      put: (values) => {
        put(values);
        moved();
      },
      presets: presetButtons,
      node: el(
        "div",
        { class: "gx-sliders", role: "group", "aria-label": texts.controls },
        parts.temperature.node,
        parts.top_k.node,
        parts.top_p.node,
      ),
    };
  }

  // The prompt's text box: typing asks again after a short pause; other scenes learn of it when they are shown.
  function promptBox(scene, label, attributes = {}) {
    const later = scene.debounce(() => scene.refresh());
    const typed = Object.assign(
      () => {
        prompt.set(box.value, scene);
        later();
      },
      { composing: later.composing },
    );
    const { box, node } = textbox(label, prompt.get(), typed, attributes);
    prompt.listen(scene, (text) => {
      box.value = text;
      if (genai.isShown(scene)) scene.refresh();
      else scene.stale = true;
    });
    return {
      box,
      node,
      set(text) {
        box.value = text;
        prompt.set(text, scene);
        scene.refresh();
      },
    };
  }

  function seedField(scene, label, onchange) {
    const box = el("input", { type: "number", min: 0, max: 9007199254740991, step: 1, class: "gx-seed" });
    box.value = seed.get();
    const get = () => Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(+box.value || 0)));
    box.addEventListener("change", () => {
      box.value = get();
      seed.set(get(), scene);
      onchange();
    });
    seed.listen(scene, (value) => {
      box.value = value;
      onchange();
    });
    return { node: field(label, box, { class: "gx-field gx-seed-field" }), get };
  }

  const barsShown = (more) => (more ? 50 : document.body.classList.contains("gx-projector") ? 7 : 10);
  return { prompt, settings, controls, promptBox, seedField, barsShown };
})();
