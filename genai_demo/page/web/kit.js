// What all scenes build with in the browser: elements, controls, words, numbers, tokens.
// Texts of visitors and models only ever become text nodes.
"use strict";
globalThis.genai ??= { scenes: {}, texts: {} };
Object.assign(
  genai,
  (() => {
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
    const button = (label, onclick, attributes = {}) =>
      el("button", { type: "button", class: "gx-button", onclick, ...attributes }, label);

    let serial = 0;
    function field(label, control, attributes = {}) {
      control.id = control.id || `gx-${++serial}`;
      return el("div", { class: "gx-field", ...attributes }, el("label", { for: control.id }, label), control);
    }
    function textbox(label, value, oninput, attributes = {}) {
      const { rows = 2, ...rest } = attributes;
      const box = genai.keys.onTyped(el("textarea", { rows, spellcheck: "false", dir: "auto", ...rest }), oninput);
      box.value = value;
      return { box, node: field(label, box) };
    }
    function presets(label, entries, choose) {
      return el(
        "div",
        { class: "gx-presets", role: "group", "aria-label": label },
        entries.map((entry) => button(entry.label, () => choose(entry), { class: "gx-button gx-small" })),
      );
    }
    // A list to choose from: groups is [{label, entries: [{label, …}]}]; a group without a label shows only its entries.
    function choices(label, hint, groups, choose) {
      const all = groups.flatMap((group) => group.entries);
      const option = (entry) => el("option", { value: all.indexOf(entry) }, entry.label);
      const select = el(
        "select",
        {
          onchange: () => {
            if (select.value !== "") choose(all[+select.value]);
          },
        },
        hint ? el("option", { value: "" }, hint) : null,
        groups.flatMap((group) =>
          group.label ? [el("optgroup", { label: group.label }, group.entries.map(option))] : group.entries.map(option),
        ),
      );
      return {
        select,
        node: field(label, select, { class: "gx-field gx-choices" }),
        forget: () => {
          select.value = "";
        },
        set: (entry) => {
          select.value = all.indexOf(entry);
        },
        get: () => all[+select.value],
      };
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
    const oneIn = (p) =>
      p === 0
        ? "less than 1 in 10³⁰⁰"
        : `1 in ${1 / p >= 1e12 ? "10" + String(Math.round(-Math.log10(p))).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]) : whole(1 / p)}`;

    const INVISIBLE = { " ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽" };
    // Spaces, newlines and other characters without a shape are shown by a mark; the text itself is isolated, so that
    // right-to-left characters cannot reorder what stands around them.
    function tokenText(text) {
      const node = el("bdi", { class: "gx-token-text" });
      let plain = "";
      const flush = () => {
        if (plain) node.append(plain);
        plain = "";
      };
      for (const character of text) {
        const mark =
          INVISIBLE[character] ??
          (/[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u.test(character)
            ? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`
            : null);
        if (mark === null) {
          plain += character;
          continue;
        }
        flush();
        node.append(
          el("span", { class: "gx-mark", "aria-hidden": character === " " && text.trim() ? "true" : null }, mark),
        );
      }
      flush();
      if (text === "") node.append(el("span", { class: "gx-mark" }, "…"));
      return node;
    }
    const spoken = (text) =>
      text.replace(/\n/g, " newline ").trim() || (/^ +$/.test(text) ? "space" : text) || "part of the character before";

    // ── a slider whose stops are given; `show` turns a stop into words ────────────────────────────────────────
    function slider({ label, help, stops, value, show, onmove }) {
      const input = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, title: help });
      const output = el("output", { class: "gx-slider-value" });
      const set = (chosen) => {
        let best = 0;
        stops.forEach((stop, index) => {
          if (Math.abs(stop - chosen) < Math.abs(stops[best] - chosen)) best = index;
        });
        input.value = best;
        write();
      };
      const get = () => stops[+input.value];
      function write() {
        output.textContent = show(get());
        input.setAttribute("aria-valuetext", show(get()));
        input.style.setProperty("--at", `${(100 * input.value) / Math.max(1, stops.length - 1)}%`);
      }
      input.addEventListener("input", () => {
        write();
        onmove(get());
      });
      const node = field(label, input, { class: "gx-field gx-slider" });
      node.querySelector("label").append(output);
      set(value);
      return { node, get, set, input };
    }

    const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

    return {
      el,
      svg,
      button,
      field,
      textbox,
      presets,
      choices,
      fill,
      whole,
      percent,
      oneIn,
      tokenText,
      spoken,
      slider,
      calm,
    };
  })(),
);
