// What the browser keeps for a visitor: settings of the page in its session, places and typed texts in its history.
// Where either is blocked, as for a page within a page, nothing is kept and all goes on.
"use strict";
globalThis.genai ??= { scenes: {}, texts: {} };
genai.memory = (() => {
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return null;
    }
  };
  const get = (name) => attempt(() => sessionStorage.getItem(name));
  const set = (name, value) => attempt(() => sessionStorage.setItem(name, value));

  // A new place is one that Back leads away from again.
  function goTo(address, isNew) {
    attempt(() => (isNew ? history.pushState({}, "", address) : history.replaceState(history.state, "", address)));
  }

  // ── typed texts: they survive a reload, and Back from another page; a new visit begins afresh ────────────
  const kept = attempt(() => history.state.genaiTyped) ?? {};
  const SAVE_MS = 1_000,
    fields = new Map(); // name → {box, first}
  function keepTyped(name, node) {
    [...node.querySelectorAll("textarea, input[type=text], input[type=number]")].forEach((box, index) => {
      const field = `${name}-${index}`;
      fields.set(field, { box, first: box.value });
      if (!(field in kept) || kept[field] === box.value) return;
      box.value = kept[field];
      for (const event of box.type === "number" ? ["input", "change"] : ["input"])
        box.dispatchEvent(new Event(event, { bubbles: true }));
    });
  }
  let timer;
  function save() {
    clearTimeout(timer);
    const typed = { ...kept }; // of scenes that this visit has not opened
    for (const [field, { box, first }] of fields) if (box.value !== first || field in kept) typed[field] = box.value;
    attempt(() => history.replaceState({ ...history.state, genaiTyped: typed }, ""));
  }
  addEventListener("beforeunload", save); // while the page is being left, it is too late
  document.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_MS);
  });
  return { get, set, goTo, keepTyped };
})();
