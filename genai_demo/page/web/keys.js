// Keys and typing, on every layout and with every way of writing.
const PAUSE_MS = 1_500; // after which a text that is still being composed is taken as it stands

// Enter may only confirm what Japanese, Chinese or Korean is composed with (Safari then says 229).
const composing = (event) => event.isComposing || event.keyCode === 229;
export const modified = (event) => event.ctrlKey || event.altKey || event.metaKey; // such a key is the browser's
const isEnter = (event) => event.key === "Enter" && !event.shiftKey && !composing(event);

// The letter that is written on the key; where that alphabet is not Latin, the key in its place.
export function isLetter(event, letter) {
  if (modified(event) || composing(event)) return false;
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase() === letter;
  return event.key.length === 1 && event.code === `Key${letter.toUpperCase()}`;
}
// The digit of a key, or null: also where digits need Shift (AZERTY) or are written otherwise (Arabic, Hindi).
export function digit(event) {
  if (modified(event) || composing(event)) return null;
  if (/^[0-9]$/.test(event.key)) return +event.key;
  const [, place] = /^(?:Digit|Numpad)([0-9])$/.exec(event.code) ?? [];
  return place && event.key.length === 1 && !event.shiftKey ? +place : null;
}

export function onEnter(box, work) {
  box.addEventListener("keydown", (event) => {
    if (!isEnter(event)) return;
    event.preventDefault();
    work();
  });
}
export function onSubmit(form, work) {
  let confirming = false;
  form.addEventListener("keydown", (event) => {
    confirming = event.key === "Enter" && composing(event);
  });
  form.addEventListener("keyup", () => {
    confirming = false;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!confirming) work();
  });
}
// Each change of a text box; a text that is being composed counts when it is done, or after a long pause.
export function onTyped(box, work) {
  let timer;
  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) {
      work();
      return;
    }
    work.composing?.();
    timer = setTimeout(work, PAUSE_MS);
  });
  box.addEventListener("compositionend", () => {
    clearTimeout(timer);
    work();
  });
  return box;
}
