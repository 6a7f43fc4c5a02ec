// What the scenes of the Word-vectors tab share: cosines, neighbours, lists of words, other words for unknown ones.
"use strict";
genai.vectors = (() => {
  const { el, button, field, fill, bars, shared } = genai;
  const NEIGHBOURS = 10;
  const latinOnly = shared(false);

  const signed = (number, digits = 2) => (number < 0 && +(-number).toFixed(digits) ? "−" : "") + Math.abs(number).toFixed(digits);
  const share = (part) => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
  const projector = () => document.body.classList.contains("gx-projector");
  const split = (text) => text.split(/[\s,;]+/).filter(Boolean);
  const sameWord = (one, other) => one.toLowerCase() === other.toLowerCase();

  // The switch for words of other languages: set in one scene, it holds in all.
  function latinSwitch(scene, texts, redraw) {
    const box = el("input", { type: "checkbox", onchange: () => { latinOnly.set(box.checked, scene); redraw(); } });
    latinOnly.listen(scene, (on) => { box.checked = on; redraw(); });
    return el("label", { class: "gx-switch", hidden: !scene.settings.alphabets }, box, texts.latin_only);
  }

  // Neighbours as bars of cosines; the payload holds enough of them for every position of the switches.
  function neighbourBars({ caption, onchoose, row = () => ({}) }) {
    const chart = bars({ caption, choosable: !!onchoose, unit: (at) => signed(at, at % 0.5 ? 2 : 1) });
    function draw(neighbours, { hideInputs = false, count = NEIGHBOURS } = {}) {
      const shown = neighbours.filter((one) => !(hideInputs && one.is_input) && !(latinOnly.get() && !one.latin && !one.is_input)).slice(0, count);
      chart.draw(shown.map((one) => ({ label: one.word, value: one.similarity, number: signed(one.similarity),
        onchoose: onchoose && (() => onchoose(one)), ...row(one) })));
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
      if (box.hidden) { box.replaceChildren(); return; }
      const shown = (one) => (one.startsWith("~") ? fill(scene.texts.pieces, { word: one }) : one);
      box.replaceChildren(el("span", {}, fill(scene.texts.instead, { word })),
        ...instead.map((one) => button(shown(one), () => { scene.offer({}); replace(word, one); }, { class: "gx-button gx-small" })));
    };
  }

  // Words as chips that can be taken away, and a box to add more. `change(words, added)` tells whether it worked: what
  // could not be added stays in the box.
  function wordList(texts, change) {
    let words = [];
    const chips = el("ul", { class: "gx-words" });
    const input = el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 1000 });
    const form = el("form", { class: "gx-row gx-add" }, field(texts.add_words, input, { class: "gx-field gx-grow" }),
      el("button", { class: "gx-button" }, texts.add));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const added = split(input.value).filter((word) => !words.some((known) => sameWord(known, word)));
      if (!added.length || await change([...words, ...added], added)) input.value = "";
    });
    function draw(shown, mark = () => false) {
      words = shown;
      chips.replaceChildren(...words.map((word) => el("li", { class: mark(word) ? "gx-marked-word" : "" }, el("bdi", {}, word),
        el("button", { type: "button", "aria-label": fill(texts.remove, { word }), onclick: () => change(words.filter((one) => one !== word), []) }, "×"))));
    }
    function replace(word, instead) {
      input.value = split(input.value).map((one) => (one === word ? instead : one)).join(" ");
      if (input.value) form.requestSubmit();
    }
    return { chips, form, draw, replace };
  }

  return { NEIGHBOURS, signed, share, projector, split, sameWord, latinOnly, latinSwitch, neighbourBars, latin, offers, wordList };
})();
