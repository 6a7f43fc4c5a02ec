// What is copied from a scene: the words themselves, without the marks and figures that stand at tokens.
import { button, el } from "#page/dom.js";
import { words } from "#page/words.js";

const CHARACTERS = { "␣": " ", "⏎": "\n", "␍": "\r", "⇥": "\t", "⍽": "\u00a0", "…": "" }; // the marks of `tokenText`
const SHAPED = ".gx-token-text, .gx-chip, .gx-losses"; // where the words are shown otherwise than they are
const BESIDE = ".gx-chip small, .gx-special, .gx-no-text, .gx-loss-number, .gx-loss-track"; // figures and remarks
const INLINE = ".gx-chip, li:has(> .gx-loss-track), .gx-key"; // each of these is a piece of one text
const BLOCK = /^(P|DIV|H[1-6]|SECTION|ASIDE|LI|OL|UL|TR|TABLE|DETAILS|SUMMARY|FIGURE|FIGCAPTION|LABEL|BUTTON)$/;
const unmarked = (mark) =>
  CHARACTERS[mark] ?? (/^U\+[0-9A-F]+$/.test(mark) ? String.fromCodePoint(parseInt(mark.slice(2), 16)) : mark);

function plain(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return "";
  if (node.matches?.(BESIDE) || node.hidden) return "";
  if (node.matches?.(".gx-mark")) return unmarked(node.textContent);
  const inside = [...node.childNodes].map(plain).join("");
  if (node.matches?.(".gx-bar-number") || (node.matches?.(".gx-bar-count") && inside)) return `\t${inside}`;
  return BLOCK.test(node.nodeName) && !node.matches(INLINE) && inside ? `\0${inside}\0` : inside; // a break, whatever newlines the words themselves have
}
// A range as plain text; null where nothing in it is shown otherwise than it is, so that the browser copies it as ever.
export function plainText(range) {
  const common = range.commonAncestorContainer,
    around = common.nodeType === Node.TEXT_NODE ? common.parentElement : common;
  if (!around.closest("body")?.querySelector(".gx-scene") || around.closest(BESIDE)) return null;
  if (around.closest(".gx-mark")) return unmarked(around.closest(".gx-mark").textContent);
  const part = range.cloneContents();
  if (!part.querySelector(SHAPED) && !around.closest(".gx-chip")) return null;
  if (around.closest(".gx-chip")) part.querySelectorAll("small").forEach((figure) => figure.remove());
  return (
    plain(part)
      .replace(/^\0+|\0+$/g, "")
      .replace(/\0+/g, "\n") || null
  ); // nothing but figures: they are what is wanted
}
globalThis.document?.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  if (
    event.defaultPrevented ||
    event.target.closest?.("textarea, input") ||
    !selection.rangeCount ||
    selection.isCollapsed
  )
    return;
  const text = plainText(selection.getRangeAt(0));
  if (text === null) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
});

// A page that is not served from this machine or by https has no navigator.clipboard: a text box is copied from instead.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    /* there is none, or it is not allowed */
  }
  const before = document.activeElement;
  const box = el("textarea", {
    readonly: true,
    "aria-hidden": "true",
    tabindex: -1,
    style: "position:fixed;top:0;left:0;opacity:0",
  });
  box.value = text;
  document.body.append(box);
  box.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    /* said below */
  }
  box.remove();
  before?.focus?.({ preventScroll: true });
  return done;
}
// A button that copies what `text()` says, and tells whether it worked.
export function copyButton(text) {
  const told = el("span", { class: "gx-soft", role: "status" });
  let timer;
  const node = button(
    words.copy,
    async () => {
      told.textContent = "";
      const done = await copy(text());
      told.textContent = done ? words.copied : words.copy_failed;
      clearTimeout(timer);
      timer = setTimeout(() => {
        told.textContent = "";
      }, 6_000);
    },
    { class: "gx-button gx-small" },
  );
  return el("span", { class: "gx-copy" }, node, told);
}
