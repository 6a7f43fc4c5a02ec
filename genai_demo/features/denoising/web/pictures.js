// What the scenes of the Denoising tab share: pictures with crisp pixels, noise, decibels, a prompt and a seed.
"use strict";
genai.pictures = (() => {
  const { el, fill, field, shared } = genai;
  const prompt = shared(null),
    seed = shared(1);

  const db = (ratio) => (ratio <= 0 ? "−∞ dB" : `${(10 * Math.log10(ratio)).toFixed(1).replace("-", "−")} dB`);
  const decimal = (number) => (number >= 0.1 || number === 0 ? number.toFixed(2) : number.toPrecision(2));

  // A picture with its caption; `show` takes a data URI, or nothing while there is none.
  function frame(caption, attributes = {}) {
    const image = el("img", { class: "gx-picture", alt: "", width: 64, height: 64 }),
      text = el("figcaption", {}, caption);
    const node = el("figure", { class: "gx-frame", ...attributes }, image, text);
    image.onload = () => {
      image.style.imageRendering = image.naturalWidth > 128 ? "auto" : "";
    }; // crisp only if small
    return {
      node,
      image,
      show(source, words = caption) {
        image.hidden = !source;
        if (source) image.src = source;
        text.textContent = words;
        image.alt = words;
      },
    };
  }
  // The same for pictures that are computed here: `paint` takes numbers from −1 to 1, three a pixel.
  function canvas(caption, side) {
    const surface = el("canvas", {
        class: "gx-picture",
        width: side,
        height: side,
        role: "img",
        "aria-label": caption,
      }),
      text = el("figcaption", {}, caption);
    const pen = surface.getContext("2d");
    return {
      node: el("figure", { class: "gx-frame" }, surface, text),
      paint(numbers, words = caption, map = (value) => (value + 1) / 2) {
        const pixels = pen.createImageData(side, side);
        for (let i = 0; i < side * side; i++) {
          for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 255 * Math.min(1, Math.max(0, map(numbers[3 * i + c])));
          pixels.data[4 * i + 3] = 255;
        }
        pen.putImageData(pixels, 0, 0);
        text.textContent = words;
        surface.setAttribute("aria-label", words);
      },
    };
  }
  const asNoise = (value) => 0.5 + value / 6;

  // A picture file or data URI → side × side × 3 numbers from −1 to 1: cropped to a square, on white.
  async function numbersOf(source, side) {
    const blob = source instanceof Blob ? source : await (await fetch(source)).blob();
    const bitmap = await createImageBitmap(blob);
    const surface = el("canvas", { width: side, height: side }),
      pen = surface.getContext("2d", { willReadFrequently: true });
    const edge = Math.min(bitmap.width, bitmap.height);
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, side, side);
    pen.imageSmoothingQuality = "high";
    pen.imageSmoothingEnabled = edge !== side;
    pen.drawImage(bitmap, (bitmap.width - edge) / 2, (bitmap.height - edge) / 2, edge, edge, 0, 0, side, side);
    bitmap.close();
    const pixels = pen.getImageData(0, 0, side, side).data,
      numbers = new Float32Array(side * side * 3);
    for (let i = 0; i < side * side; i++)
      for (let c = 0; c < 3; c++) numbers[3 * i + c] = pixels[4 * i + c] / 127.5 - 1;
    return numbers;
  }
  // Independent standard normal numbers, from uniform ones (Box & Muller 1958).
  function gaussian(count) {
    const numbers = new Float32Array(count + 1);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - Math.random())),
        angle = 2 * Math.PI * Math.random();
      numbers[i] = radius * Math.cos(angle);
      numbers[i + 1] = radius * Math.sin(angle);
    }
    return numbers.subarray(0, count);
  }

  // The prompt and the seed: typed in one scene, they are there in the next.
  function promptField(scene, label, value) {
    const box = el("input", {
      type: "text",
      maxlength: 2000,
      autocomplete: "off",
      spellcheck: "false",
      class: "gx-prompt",
    });
    genai.keys.onTyped(box, () => prompt.set(box.value, scene));
    box.value = prompt.get() ?? value;
    prompt.listen(scene, (text) => {
      box.value = text;
    });
    return {
      box,
      node: field(label, box, { class: "gx-field gx-grow" }),
      set(text) {
        box.value = text;
        prompt.set(text, scene);
      },
    };
  }
  function seedField(scene, label) {
    const box = el("input", {
      type: "number",
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      step: 1,
      onchange: () => seed.set(get(), scene),
    });
    const get = () => Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(+box.value || 0)));
    box.value = seed.get();
    seed.listen(scene, (number) => {
      box.value = number;
    });
    return { node: field(label, box, { class: "gx-field gx-number" }), get };
  }
  // Remarks on a prompt: words that the training never used, or none at all.
  const remark = (texts, words, text) =>
    !text.trim() ? texts.unprompted : words?.length ? fill(texts.unseen, { words: words.join(", ") }) : "";

  function save(name, address) {
    el("a", { href: address, download: name }).click();
  }
  return { db, decimal, frame, canvas, asNoise, numbersOf, gaussian, promptField, seedField, remark, save };
})();
