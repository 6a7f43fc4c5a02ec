// The page around the scenes: tabs and steps in the address, and the keys that work everywhere.
import { placed } from "#page/address.js";
import { isLetter, modified } from "#page/keys.js";
import * as memory from "#page/memory.js";
import * as steps from "#page/steps.js";
import "#page/plaintext.js";

const query = () => new URLSearchParams(location.search);
const asked = query(); // what the visitor's link says, before the page rewrites it
const WRITE_MS = 300; // after the last change, the address follows: browsers allow so many changes a minute only
const PATIENCE_MS = 5_000; // how long a tab may take to be made
const WRITING = 'textarea, input:not([type="range"]):not([type="checkbox"]):not([type="radio"]), [contenteditable]';
let opened = false,
  first = null; // once Gradio has made the page; the tab that it opens by itself

// ── places: a move of the visitor can be gone back from; whatever else changes the address replaces it ───────────────
let latest = null; // the scene that the address is of
const isOf = (scene) => query().get("tab") === scene?.tab && query().get("scene") === scene?.name;

/** @param {steps.Stepper} place @param {boolean} isMove */
function remember(place, isMove) {
  const scene = place.scene();
  if (!opened || !scene) return;
  if (isMove && isOf(latest)) write(latest, false); // what was chosen a moment before it is left
  write(scene, isMove && !isOf(scene));
  latest = scene;
}
/** @param {import("#page/scene.js").Scene} scene @param {boolean} isNew */
function write(scene, isNew) {
  const next = placed(query(), scene.tab, scene.name, scene.written());
  if (`?${next}` !== location.search) memory.goTo(`${location.pathname}?${next}${location.hash}`, isNew);
}
let timer;
globalThis.document?.addEventListener("gx-chosen", (event) => {
  const scene = /** @type {CustomEvent} */ (event).detail;
  const place = steps.visible();
  if (place?.scene() !== scene) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (steps.visible() === place && place.scene() === scene) remember(place, false);
  }, WRITE_MS);
});
globalThis.addEventListener?.("popstate", () => {
  const there = query();
  openTab(there.get("tab") ?? first, (place) => {
    place.go(there.get("scene"));
    place.scene()?.restore(there);
  });
});

/** Begin the steps of a tab. @param {string} tab @param {{element: any}} gradio */
export function stepper(tab, { element }) {
  steps.begin(tab, element, asked.get("scene"), remember);
}

// ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
globalThis.document?.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (modified(event) || target?.closest(WRITING)) return;
  if (event.key === "PageDown" || event.key === "PageUp") {
    steps.visible()?.step(event.key === "PageDown" ? 1 : -1, event);
    scrollTo({ top: 0 });
    event.preventDefault();
  } else if (isLetter(event, "p") && !target?.closest("select")) {
    /** @type {any} */ (document.querySelector("#gx-projector"))?.click();
  }
});

// ── tabs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const FOLDED = ".overflow-dropdown button"; // tabs for which a narrow page has no room: they lie in the menu “…”

/** The button that opens a tab. One that is folded away has no name of its own: its words tell which it is. @returns {any} */
function tabButton(tab) {
  const { components } = window.gradio_config;
  const title = components.find(({ props }) => props.elem_id === `tab-${tab}`)?.props.label;
  const isIts = (one) => one.textContent.trim() === title;
  return document.getElementById(`tab-${tab}-button`) ?? [...document.querySelectorAll(FOLDED)].find(isIts);
}

// A tab's panel is made when it is first opened; `then` gets the stepper that is shown at last.
let opening = 0;
function whenOpen(isThere, then) {
  const mine = ++opening,
    until = performance.now() + PATIENCE_MS;
  (function look() {
    const there = steps.visible();
    if (mine !== opening || performance.now() > until) return;
    if (there?.scene() && isThere(there)) then(there);
    else setTimeout(look, 20);
  })();
}
let travelling = false;
function openTab(tab, then) {
  travelling = true; // by its address, not by a visitor's click
  tabButton(tab)?.click();
  travelling = false;
  whenOpen((there) => there.tab === tab || !tabButton(tab), then);
}
const isChosen = ({ tab }) => !!tabButton(tab)?.matches('[aria-selected="true"], .selected');

/** Gradio has made the page: open what the visitor's link says. */
export function open() {
  opened = true;
  document.addEventListener("click", ({ target }) => {
    if (travelling || !(target instanceof Element) || !target.closest(`[role="tab"], ${FOLDED}`)) return;
    setTimeout(() => whenOpen(isChosen, (there) => there.moveTo(there.current)));
  });
  first = document.querySelector('[role="tab"][aria-selected="true"]')?.id.replace(/^tab-|-button$/g, "");
  openTab(asked.get("tab") ?? first, (there) => there.moveTo(there.current, false));
}
