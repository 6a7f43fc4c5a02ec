// Cards that are dragged into another order, with a mouse or a pen; fingers need the movement for scrolling.

const NUDGE = 8; // pixels that are still a click

/**
 * @param {any} list of cards, `li` with `data-answer`
 * @param {object} how
 * @param {() => boolean} how.isAllowed whether cards may be dragged now
 * @param {(order: number[]) => void} how.arranged the cards lie so now
 * @param {() => void} how.released nothing lies under the hand any more
 * @returns {{isDragging: () => boolean}} while it is so, the cards must stay as they are
 */
export function draggable(list, { isAllowed, arranged, released }) {
  let drag = null;
  const swallow = (event) => event.stopPropagation();
  list.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("li");
    if (card && event.pointerType !== "touch" && event.button === 0 && isAllowed())
      drag = { card, x: event.clientX, y: event.clientY, moved: false };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > NUDGE;
    if (!drag.moved) return;
    drag.card.classList.add("gx-dragged");
    const cards = [...list.children];
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest("li");
    if (over === drag.card || !cards.includes(over)) return;
    list.insertBefore(drag.card, cards.indexOf(over) > cards.indexOf(drag.card) ? over.nextSibling : over);
  });
  function end() {
    if (!drag) return;
    const { moved } = drag;
    if (moved)
      list.addEventListener("click", swallow, { capture: true }); // the one that ends the drag
    else drag = null;
    setTimeout(() => {
      drag = null;
      list.removeEventListener("click", swallow, { capture: true });
      if (moved) arranged([...list.children].map((card) => +card.dataset.answer));
      released();
    });
  }
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end);
  return { isDragging: () => !!drag };
}
