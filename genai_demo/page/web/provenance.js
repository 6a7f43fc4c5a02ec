// Where the figures of a scene come from: the line under it.
import { el } from "#page/dom.js";
import { fill, whole } from "#page/numbers.js";
import { words } from "#page/words.js";

/**
 * @param {any} origin kind, title, device, dtype, …; `stays`: no live figure will take a recorded one's place
 * @returns {any[]} nodes and texts
 */
export function provenance(origin) {
  const said = words.provenance;
  const table = origin.words ? "_table" : "";
  const device = said.devices[origin.device] ?? origin.device;
  const line = fill(said[origin.kind + table], { ...origin, words: origin.words && whole(origin.words), device });
  const caveat = origin.weights?.startsWith("quantised") ? fill(said.quantised, origin) : "";
  const later = origin.kind === "recorded" && !origin.stays ? said.takes_over : "";
  return [el("strong", { class: `gx-kind gx-${origin.kind}` }, said.kinds[origin.kind]), ` ${line} ${later} ${caveat}`];
}

/**
 * The origin of a scene whose parts were answered one by one: it says "computed now" only when every part is.
 * @param {any[]} answers
 */
export function commonOrigin(answers) {
  const origins = answers.map((answer) => answer?.provenance).filter(Boolean);
  return origins.find((one) => one.kind === "recorded") ?? origins[0] ?? null;
}
