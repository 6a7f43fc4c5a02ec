// What the scenes of the Word-vectors tab share: cosines, neighbours, lists of words, other words for unknown ones.
"use strict";
genai.vectors = (() => {
  const { el, button, field, fill, bars, shared } = genai;
  const NEIGHBOURS = 10;
  const latinOnly = shared(false);

  const signed = (number, digits = 2) =>
    (number < 0 && +(-number).toFixed(digits) ? "−" : "") + Math.abs(number).toFixed(digits);
  const share = (part) => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
  const projector = () => document.body.classList.contains("gx-projector");
  // As formula.py reads it: full-width forms are ordinary ones; what has no shape, and quotation marks around a word, do not count.
  const ordinary = (text) =>
    text
      .replace(/[！-～]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0))
      .replace(/[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\ufe0e|\ufe0f/g, "");
  const bare = (word) =>
    word.replace(/^(?:["'`´“”„‟‘’‚‛«»‹›「」『』]|\u200c|\u200d)+|(?:["'`´“”„‟‘’‚‛«»‹›「」『』]|\u200c|\u200d)+$/g, "");
  const split = (text) =>
    ordinary(text)
      .split(/[\s,;、،]+/)
      .map(bare)
      .filter(Boolean);
  const sameWord = (one, other) => one.toLowerCase() === other.toLowerCase();

  // The switch for words of other languages: set in one scene, it holds in all.
  function latinSwitch(scene, texts, redraw) {
    const box = el("input", {
      type: "checkbox",
      onchange: () => {
        latinOnly.set(box.checked, scene);
        redraw();
      },
    });
    latinOnly.listen(scene, (on) => {
      box.checked = on;
      redraw();
    });
    return el("label", { class: "gx-switch", hidden: !scene.settings.alphabets }, box, texts.latin_only);
  }

  // Neighbours as bars of cosines; the payload holds enough of them for every position of the switches.
  function neighbourBars({ caption, onchoose, row = (_one) => ({}) }) {
    const chart = bars({ caption, choosable: !!onchoose, unit: (at) => signed(at, at % 0.5 ? 2 : 1) });
    function draw(neighbours, { hideInputs = false, count = NEIGHBOURS } = {}) {
      const shown = neighbours
        .filter((one) => !(hideInputs && one.is_input) && !(latinOnly.get() && !one.latin && !one.is_input))
        .slice(0, count);
      chart.draw(
        shown.map((one) => ({
          label: one.word,
          value: one.similarity,
          number: signed(one.similarity),
          onchoose: onchoose && (() => onchoose(one)),
          ...row(one),
        })),
      );
      return shown;
    }
    chart.node.classList.add("gx-neighbours");
    return { node: chart.node, list: chart.list, draw };
  }
  const latin = (neighbours, count) => neighbours.filter((one) => one.latin || !latinOnly.get()).slice(0, count);

  // Where the server does not know a word, it says which ones it would take: one click puts such a word in its place.
  function offers(scene, replace) {
    const box = el("div", { class: "gx-offers", hidden: true });
    scene.node.querySelector(".gx-message").after(box);
    scene.offer = (offered) => {
      const [word, instead] = Object.entries(offered)[0] ?? [];
      box.hidden = !instead?.length;
      if (box.hidden) {
        box.replaceChildren();
        return;
      }
      const shown = (one) => (one.startsWith("~") ? fill(scene.texts.pieces, { word: one }) : one);
      box.replaceChildren(
        el("span", {}, fill(scene.texts.instead, { word })),
        ...instead.map((one) =>
          button(
            shown(one),
            () => {
              scene.offer({});
              replace(word, one);
            },
            { class: "gx-button gx-small" },
          ),
        ),
      );
    };
  }

  // Words as chips that can be taken away, and a box to add more. `change(words, added)` tells which of the added ones could
  // not be (null: none could): they stay in the box.
  function wordList(texts, change) {
    let words = [];
    const chips = el("ul", { class: "gx-words" });
    const input = el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 1000 });
    const form = el(
      "form",
      { class: "gx-row gx-add" },
      field(texts.add_words, input, { class: "gx-field gx-grow" }),
      el("button", { class: "gx-button" }, texts.add),
    );
    genai.keys.onSubmit(form, async () => {
      const added = split(input.value).filter((word) => !words.some((known) => sameWord(known, word)));
      const left = added.length ? await change(words, added) : [];
      if (left) input.value = left.join(" ");
    });
    function draw(shown, mark = (_word) => false) {
      words = shown;
      chips.replaceChildren(
        ...words.map((word) =>
          el(
            "li",
            { class: mark(word) ? "gx-marked-word" : "" },
            el("bdi", {}, word),
            el(
              "button",
              {
                type: "button",
                "aria-label": fill(texts.remove, { word }),
                onclick: () =>
                  change(
                    words.filter((one) => one !== word),
                    [],
                  ),
              },
              "×",
            ),
          ),
        ),
      );
    }
    function replace(word, instead) {
      input.value = split(input.value)
        .map((one) => (one === word ? instead : one))
        .join(" ");
      if (input.value) form.requestSubmit();
    }
    return { chips, form, draw, replace };
  }

  // Some of the words that were to be added have no vector: which, and what is wrong with the first.
  function leftOut(scene, refused, offer = true) {
    if (!refused) return [];
    scene.message(
      `${fill(scene.texts.left_out, { words: refused.words.map((word) => `“${word}”`).join(", ") })} ${refused.error}`,
    );
    if (offer) scene.offer(refused.offers);
    return refused.words;
  }

  return {
    NEIGHBOURS,
    signed,
    share,
    projector,
    ordinary,
    bare,
    leftOut,
    split,
    sameWord,
    latinOnly,
    latinSwitch,
    neighbourBars,
    latin,
    offers,
    wordList,
  };
})();
