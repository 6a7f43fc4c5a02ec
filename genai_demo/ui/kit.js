// What all scenes share in the browser: elements, tokens, numbers, bars, messages, asking the server.
// Texts of visitors and models only ever become text nodes.
"use strict";
window.genai = (() => {
  const scenes = {};
  const texts = {};

  // ── elements ─────────────────────────────────────────────────────────────────────────────────────────────
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child != null));
    return node;
  }
  function svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const button = (label, onclick, attributes = {}) => el("button", { type: "button", class: "gx-button", onclick, ...attributes }, label);

  let serial = 0;
  function field(label, control, attributes = {}) {
    control.id = control.id || `gx-${++serial}`;
    return el("div", { class: "gx-field", ...attributes }, el("label", { for: control.id }, label), control);
  }
  function textbox(label, value, oninput, attributes = {}) {
    const { rows = 2, ...rest } = attributes;
    const box = el("textarea", { rows, spellcheck: "false", dir: "auto", oninput, ...rest });
    box.value = value;
    return { box, node: field(label, box) };
  }
  function presets(label, entries, choose) {
    return el("div", { class: "gx-presets", role: "group", "aria-label": label },
      entries.map((entry) => button(entry.label, () => choose(entry), { class: "gx-button gx-small" })));
  }
  // A list to choose from: groups is [{label, entries: [{label, …}]}]; a group without a label shows only its entries.
  function choices(label, hint, groups, choose) {
    const all = groups.flatMap((group) => group.entries);
    const option = (entry) => el("option", { value: all.indexOf(entry) }, entry.label);
    const select = el("select", { onchange: () => { if (select.value !== "") choose(all[+select.value]); } }, hint ? el("option", { value: "" }, hint) : null,
      groups.flatMap((group) => (group.label ? [el("optgroup", { label: group.label }, group.entries.map(option))] : group.entries.map(option))));
    return { select, node: field(label, select, { class: "gx-field gx-choices" }), forget: () => { select.value = ""; },
      set: (entry) => { select.value = all.indexOf(entry); }, get: () => all[+select.value] };
  }

  // ── words and numbers ────────────────────────────────────────────────────────────────────────────────────
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const whole = (number) => Math.round(number).toLocaleString("en-US");
  function percent(p) {
    const x = 100 * p;
    if (x === 0 || x >= 99.995) return `${x === 0 ? 0 : x >= 100 ? 100 : "> 99.99"}%`;
    if (x >= 1) return `${x.toFixed(x > 99 ? 2 : 1)}%`;
    if (x >= 1e-5) return `${x.toFixed(Math.max(2, 1 - Math.floor(Math.log10(x))))}%`;
    const exponent = Math.floor(Math.log10(x));
    return `${(x / 10 ** exponent).toFixed(1)} × 10${String(exponent).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻")}%`;
  }
  // "1 in 10,900": for probabilities that a percentage makes hard to grasp.
  const oneIn = (p) => (p === 0 ? "less than 1 in 10³⁰⁰" : `1 in ${(1 / p) >= 1e12 ? "10" + String(Math.round(-Math.log10(p))).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]) : whole(1 / p)}`);

  const INVISIBLE = { " ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽" };
  // Spaces, newlines and other characters without a shape are shown by a mark; the text itself is isolated, so that
  // right-to-left characters cannot reorder what stands around them.
  function tokenText(text) {
    const node = el("bdi", { class: "gx-token-text" });
    let plain = "";
    const flush = () => { if (plain) node.append(plain); plain = ""; };
    for (const character of text) {
      const mark = INVISIBLE[character] ?? (/[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u.test(character)
        ? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : null);
      if (mark === null) { plain += character; continue; }
      flush();
      node.append(el("span", { class: "gx-mark", "aria-hidden": character === " " && text.trim() ? "true" : null }, mark));
    }
    flush();
    if (text === "") node.append(el("span", { class: "gx-mark" }, "…"));
    return node;
  }
  const spoken = (text) => text.replace(/\n/g, " newline ").trim() || (/^ +$/.test(text) ? "space" : text) || "part of the character before";

  // ── a chart of bars: rows are reused, so that a moving slider only changes widths and numbers ─────────────
  // row: {label, value, raw?, cut?, count?, note?, mark?, rest?, title?, onchoose?}; values from 0 to 1; `rest` is everything else.
  function bars({ caption, zoomLabel, choosable = false, unit = (at) => `${+(100 * at).toPrecision(3)}%` }) {
    const list = el("ol", { class: "gx-bars", "aria-label": caption });
    const axis = el("div", { class: "gx-axis", "aria-hidden": "true" });
    const zoom = el("input", { type: "checkbox", onchange: () => draw(last) });
    const node = el("div", { class: "gx-chart" }, list, axis,
      zoomLabel ? el("label", { class: "gx-switch" }, zoom, zoomLabel) : null);
    const rows = [];
    let last = [];
    function newRow() {
      const row = { label: el("span", { class: "gx-bar-label" }), raw: el("span", { class: "gx-bar-raw" }),
        fill: el("span", { class: "gx-bar-fill" }), number: el("span", { class: "gx-bar-number" }),
        count: el("span", { class: "gx-bar-count" }) };
      row.inner = el(choosable ? "button" : "div", { type: choosable && "button", class: "gx-bar", onclick: () => row.choose?.() },
        row.label, el("span", { class: "gx-bar-track" }, row.raw, row.fill, row.count), row.number);
      row.item = el("li", {}, row.inner);
      list.append(row.item);
      rows.push(row);
      return row;
    }
    function draw(data) {
      last = data;
      const top = Math.max(...data.filter((one) => !one.rest).map((one) => Math.max(one.value, one.raw ?? 0)), 1e-9);
      const most = zoom.checked ? [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((stop) => stop >= top) ?? 1 : 1;
      node.dataset.most = most;
      data.forEach((one, index) => {
        const row = rows[index] ?? newRow();
        if (row.text !== one.label) {
          row.text = one.label;
          row.label.replaceChildren(one.rest ? one.label : tokenText(one.label));
        }
        row.item.hidden = false;
        row.item.classList.toggle("gx-cut", !!one.cut);
        row.item.classList.toggle("gx-marked", !!one.mark);
        row.item.classList.toggle("gx-rest", !!one.rest);
        row.fill.style.width = `${100 * Math.min(1, Math.max(0, one.value) / most)}%`;
        row.raw.style.width = one.raw == null ? "0" : `${100 * Math.min(1, one.raw / most)}%`;
        row.number.textContent = one.number ?? percent(one.value);
        row.count.textContent = one.note ?? (one.count ? `× ${one.count}` : "");
        row.choose = one.onchoose;
        row.inner.title = one.title ?? "";
      });
      rows.slice(data.length).forEach((row) => { row.item.hidden = true; });
      if (axis.dataset.most !== String(most)) {
        axis.dataset.most = most;
        axis.replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((at) => el("span", { style: `left:${100 * at}%` }, unit(at * most))));
      }
    }
    return { node, draw, list };
  }

  // ── a slider whose stops are given; `show` turns a stop into words ────────────────────────────────────────
  function slider({ label, help, stops, value, show, onmove }) {
    const input = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, title: help });
    const output = el("output", { class: "gx-slider-value" });
    const set = (chosen) => {
      let best = 0;
      stops.forEach((stop, index) => { if (Math.abs(stop - chosen) < Math.abs(stops[best] - chosen)) best = index; });
      input.value = best;
      write();
    };
    const get = () => stops[+input.value];
    function write() {
      output.textContent = show(get());
      input.setAttribute("aria-valuetext", show(get()));
      input.style.setProperty("--at", `${(100 * input.value) / Math.max(1, stops.length - 1)}%`);
    }
    input.addEventListener("input", () => { write(); onmove(get()); });
    const node = field(label, input, { class: "gx-field gx-slider" });
    node.querySelector("label").append(output);
    set(value);
    return { node, get, set, input };
  }

  // ── asking the server: answers that are no longer wanted are dropped, errors become a message ─────────────
  function asker(scene) {
    let newest = 0;
    const me = {};
    return async function ask(answer, request) {
      const mine = ++newest;
      scene.node.classList.add("gx-waiting");
      let result;
      try {
        result = await answer(request);
      } catch {
        result = { error: texts.ui.connection_lost };
      }
      if (mine !== newest) return null;
      scene.node.classList.remove("gx-waiting");
      if (result.loading) { scene.message(result.error, "gx-note"); askAgain(scene.refresh); return null; }
      scene.report(me, result.error ?? "");
      scene.offer(result.offers ?? {});
      return result.error ? null : result;
    };
  }
  // A run whose answer comes in many parts. Starting another, or stopping, halts it; late parts of it are dropped.
  function runner(scene, event, arrived) {
    let run = null;
    const me = {};
    const stop = () => { if (run) scene.server.halt({ run }); run = null; };
    scene.watch("value", () => {
      const payload = scene.props.value;
      if (!run || payload?.request?.run !== run) return;
      if (payload.loading) scene.message(payload.error, "gx-note"); else scene.report(me, payload.error ?? "");
      if (payload.error) run = null;
      arrived(payload);
    });
    return {
      stop,
      start(request) {
        stop();
        run = crypto.getRandomValues(new Uint32Array(3)).join("-");
        scene.report(me, "");
        scene.trigger(event, { run, ...request });
      },
    };
  }
  function debounce(work, milliseconds = 250) {
    let timer;
    return (...values) => { clearTimeout(timer); timer = setTimeout(() => work(...values), milliseconds); };
  }

  // ── where a figure comes from ──────────────────────────────────────────────────────────────────────────────
  function provenance(origin) {
    const words = texts.ui.provenance;
    const table = origin.words ? "_table" : "";
    const line = fill(words[origin.kind + table], { ...origin, words: origin.words && whole(origin.words), device: words.devices[origin.device] ?? origin.device });
    const caveat = origin.weights?.startsWith("quantised") ? fill(words.quantised, origin) : "";
    const later = origin.kind === "recorded" && !origin.stays ? words.takes_over : "";   // `stays`: no live figure will take its place
    return [el("strong", { class: `gx-kind gx-${origin.kind}` }, words.kinds[origin.kind]), ` ${line} ${later} ${caveat}`];
  }

  // ── mounting ─────────────────────────────────────────────────────────────────────────────────────────────
  function mount(name, parts) {
    const node = parts.element.querySelector(".gx-scene");
    const message = node.querySelector(".gx-message"), problems = new Map();
    const scene = {
      name, node, texts: parts.props.texts, settings: parts.props.settings, payload: parts.props.value, server: parts.server,
      trigger: parts.trigger, watch: parts.watch, props: parts.props,
      work: node.querySelector(".gx-work"),
      refresh: () => {},
      shown: () => {},
      offer: () => {},   // what the server would take instead of a part of the question
      message(text, kind = "gx-error") {
        if (message.textContent === text) return;
        message.textContent = text;
        message.className = `gx-message ${kind}`;
        message.hidden = !text;
      },
      // What went wrong for one of the scene's askers; it stands until the same one is answered.
      report(who, problem) {
        if (problem) problems.set(who, problem); else problems.delete(who);
        scene.message([...problems.values()].at(-1) ?? "");
        node.classList.toggle("gx-stale", problems.size > 0);   // some figures are of an earlier question
      },
      origin(origin) { node.querySelector(".gx-provenance").replaceChildren(...provenance(origin)); },
    };
    scene.asker = () => asker(scene);   // questions of different askers do not supersede one another
    scene.ask = scene.asker();
    node.genaiScene = scene;
    scenes[name](scene);
    keepPlace(node);
    whenReady(() => { if (isShown(scene)) scene.refresh(); else scene.stale = true; });
  }
  // A button that hides, disables or replaces itself would drop a keyboard's place to the top of the page. What was made anew
  // where it stood gets it instead, or else the next control.
  const CONTROLS = "button:not(:disabled), summary, select, input:is([type=range], [type=checkbox]), [tabindex='0']";
  function keepPlace(node) {
    let last = null, number = 0, path = [];
    const seen = (one) => one.getClientRects().length > 0;
    const usable = () => [...node.querySelectorAll(CONTROLS)].filter(seen);
    const lost = () => !last.isConnected || !seen(last) || last.disabled;
    const places = (one) => (one === node ? [] : [...places(one.parentElement), [...one.parentElement.children].indexOf(one)]);
    node.addEventListener("focusin", ({ target }) => { [last, number, path] = [target, usable().indexOf(target), places(target)]; });
    node.addEventListener("focusout", ({ target }) => setTimeout(() => {
      if (last === target && !lost() && document.activeElement !== target) last = null;   // left by the visitor, who may also look at another window
    }));
    new MutationObserver(() => {
      if (!last || number < 0 || !lost() || ![document.body, last].includes(document.activeElement)) return;
      const there = usable(), anew = path.reduce((at, place) => at?.children[place], node);
      (there.includes(anew) ? anew : there[Math.min(number, there.length - 1)])?.focus({ preventScroll: true });
    }).observe(node, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "disabled"] });
  }
  const modified = (event) => event.ctrlKey || event.altKey || event.metaKey;   // such a key is the browser's
  // Space plays or pauses, where no button or field has the focus.
  function onSpace(scene, work) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.repeat || modified(event) || !isShown(scene)) return;
      if (event.target.closest?.("button, input, textarea, select, summary, a, [contenteditable]")) return;
      event.preventDefault();
      work();
    });
  }
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const isShown = (scene) => scene.node.offsetParent !== null;   // of its tab the current scene, in the tab that is open
  function sceneShown(shell) {
    const scene = shell.querySelector(".gx-scene")?.genaiScene;
    if (!scene) return;
    scene.shown();
    if (scene.stale && ready) { scene.stale = false; scene.refresh(); }
  }

  let ready = false;
  const waiting = new Set();
  function whenReady(work) { if (ready) work(); else waiting.add(work); }
  // The page says when its first model is there. Another one, such as a sibling of it, is asked for now and then.
  function askAgain(work) { if (ready) setTimeout(work, 3_000); else waiting.add(work); }
  function becomeReady() {
    ready = true;
    for (const work of waiting) work();
    waiting.clear();
  }

  // ── values that several scenes share, such as the prompt ─────────────────────────────────────────────────
  function shared(value) {
    const listeners = [];
    return {
      get: () => value,
      set(next, from) { value = next; listeners.forEach(([owner, work]) => { if (owner !== from) work(next); }); },
      listen: (owner, work) => listeners.push([owner, work]),
    };
  }

  return { scenes, texts, el, svg, button, field, textbox, presets, choices, fill, whole, percent, oneIn, tokenText, spoken, bars,
    slider, debounce, runner, mount, onSpace, modified, calm, sceneShown, isShown, whenReady, becomeReady, shared, provenance };
})();
