// Tokens as they are shown and spoken.
import { el } from "#page/dom.js";

const INVISIBLE = { " ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽" };
const SHAPELESS = /[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

/** The mark that stands for a character without a shape; null for all others. @param {string} character */
function mark(character) {
  if (character in INVISIBLE) return INVISIBLE[character];
  if (!SHAPELESS.test(character)) return null;
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * The text of a token: spaces, newlines and other characters without a shape are shown by a mark; the text itself is
 * isolated, so that right-to-left characters cannot reorder what stands around them.
 * @param {string} text
 */
export function tokenText(text) {
  const node = el("bdi", { class: "gx-token-text" });
  let plain = "";
  const flush = () => {
    if (plain) node.append(plain);
    plain = "";
  };
  for (const character of text) {
    const sign = mark(character);
    if (sign === null) {
      plain += character;
      continue;
    }
    flush();
    const silent = character === " " && text.trim() ? "true" : null;
    node.append(el("span", { class: "gx-mark", "aria-hidden": silent }, sign));
  }
  flush();
  if (text === "") node.append(el("span", { class: "gx-mark" }, "…"));
  return node;
}

/** How a token is read out. @param {string} text */
export const spoken = (text) =>
  text.replace(/\n/g, " newline ").trim() || (/^ +$/.test(text) ? "space" : text) || "part of the character before";
