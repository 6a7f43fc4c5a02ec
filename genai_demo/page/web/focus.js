// A button that hides, disables or replaces itself would drop a keyboard's place to the top of the page. What was made anew
// where it stood gets it instead, or else the next control.

const CONTROLS = "button:not(:disabled), summary, select, input:is([type=range], [type=checkbox]), [tabindex='0']";

/** Keep the keyboard's place inside `node`. @param {any} node */
export function keepPlace(node) {
  let last = null,
    number = 0,
    path = [];
  const seen = (one) => one.getClientRects().length > 0;
  const usable = () => [...node.querySelectorAll(CONTROLS)].filter(seen);
  const lost = () => !last.isConnected || !seen(last) || last.disabled;
  const places = (one) =>
    one === node ? [] : [...places(one.parentElement), [...one.parentElement.children].indexOf(one)];
  node.addEventListener("focusin", ({ target }) => {
    [last, number, path] = [target, usable().indexOf(target), places(target)];
  });
  node.addEventListener("focusout", ({ target }) =>
    setTimeout(() => {
      if (last === target && !lost() && document.activeElement !== target) last = null; // left by the visitor, who may also look at another window
    }),
  );
  new MutationObserver(() => {
    if (!last || number < 0 || !lost() || ![document.body, last].includes(document.activeElement)) return;
    const there = usable(),
      anew = path.reduce((at, place) => at?.children[place], node);
    (there.includes(anew) ? anew : there[Math.min(number, there.length - 1)])?.focus({ preventScroll: true });
  }).observe(node, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "disabled"] });
}
