// A chart of bars: rows are reused, so that a moving slider only changes widths and numbers.
import { el } from "#page/dom.js";
import { fill, percent, whole } from "#page/numbers.js";
import { tokenText } from "#page/tokens.js";

/**
 * @typedef {object} Row values from 0 to 1
 * @property {string} label
 * @property {number} value
 * @property {number} [raw] drawn behind it, paler
 * @property {boolean} [cut] crossed out
 * @property {number} [count] how often it was drawn
 * @property {string} [note] in the place of the count
 * @property {string} [number] in the place of the percentage
 * @property {boolean} [mark]
 * @property {boolean} [rest] everything else
 * @property {string} [title]
 * @property {() => void} [onchoose]
 *
 * @param {{caption: string, zoom?: any, choosable?: boolean, unit?: (at: number) => string}} how
 * `zoom`: the control that zooms
 * @returns {{node: any, list: any, draw: (rows: Row[], zoomed?: boolean) => void}} zoomed: the longest bar nearly fills the axis
 */
export function bars({ caption, zoom, choosable = false, unit = (at) => `${+(100 * at).toPrecision(3)}%` }) {
  const list = el("ol", { class: "gx-bars", "aria-label": caption });
  const axis = el("div", { class: "gx-axis", "aria-hidden": "true" });
  const node = el("div", { class: "gx-chart" }, list, axis, zoom);
  const rows = [];
  function newRow() {
    const row = {
      label: el("span", { class: "gx-bar-label" }),
      raw: el("span", { class: "gx-bar-raw" }),
      fill: el("span", { class: "gx-bar-fill" }),
      number: el("span", { class: "gx-bar-number" }),
      count: el("span", { class: "gx-bar-count" }),
    };
    row.inner = el(
      choosable ? "button" : "div",
      { type: choosable && "button", class: "gx-bar", onclick: () => row.choose?.() },
      row.label,
      el("span", { class: "gx-bar-track" }, row.raw, row.fill, row.count),
      row.number,
    );
    row.item = el("li", {}, row.inner);
    list.append(row.item);
    rows.push(row);
    return row;
  }
  function draw(data, zoomed = false) {
    const top = Math.max(...data.filter((one) => !one.rest).map((one) => Math.max(one.value, one.raw ?? 0)), 1e-9);
    const most = zoomed
      ? ([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((stop) => stop >= top) ?? 1)
      : 1;
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
    rows.slice(data.length).forEach((row) => {
      row.item.hidden = true;
    });
    if (axis.dataset.most !== String(most)) {
      axis.dataset.most = most;
      axis.replaceChildren(
        ...[0, 0.25, 0.5, 0.75, 1].map((at) => el("span", { style: `left:${100 * at}%` }, unit(at * most))),
      );
    }
  }
  return { node, draw, list };
}

/**
 * The rows of the likeliest tokens, and one for everything else.
 * @param {{text: string, probability: number}[]} candidates the likeliest first
 * @param {number} shown how many get a row of their own
 * @param {number} others how many tokens there are beside the candidates
 * @param {string} everythingElse a sentence with {count}
 * @param {(candidate: any) => object} [more] of a row
 */
export function tokenRows(candidates, shown, others, everythingElse, more = () => ({})) {
  const own = candidates.slice(0, shown);
  const rest = 1 - own.reduce((sum, one) => sum + one.probability, 0);
  const count = others + candidates.length - own.length;
  return [
    ...own.map((one) => ({ label: one.text, value: one.probability, ...more(one) })),
    { rest: true, label: fill(everythingElse, { count: whole(count) }), value: Math.max(0, rest) },
  ];
}
