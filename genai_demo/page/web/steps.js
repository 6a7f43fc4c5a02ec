// The steps of a tab: one scene is shown at a time.
import { modified } from "#page/keys.js";

/** @typedef {ReturnType<typeof create>} Stepper */

/** @type {Record<string, Stepper>} */
const steppers = {};
const SETTLE_MS = 50;
const PATIENCE = 400; // times that long, for a busy machine

/** The stepper that is in view. @returns {Stepper | undefined} */
export const visible = () => Object.values(steppers).find((one) => one.element.offsetParent !== null);

/**
 * Begin the steps of a tab.
 * @param {string} tab
 * @param {any} element of the stepper
 * @param {string | null} first the scene that the visitor's link names
 * @param {(stepper: Stepper, isMove: boolean) => void} moved a scene is shown; `isMove`: Back should lead away from it
 */
export function begin(tab, element, first, moved) {
  const self = (steppers[tab] = create(tab, element, moved));
  self.go(first);
  // Scenes of the same tab may be mounted a moment later than the stepper.
  let tries = 0;
  const settle = setInterval(() => {
    if (self.scene() || ++tries > PATIENCE) {
      clearInterval(settle);
      self.go(self.current);
    }
  }, SETTLE_MS);
}

function create(tab, element, moved) {
  const buttons = [...element.querySelectorAll("button[data-scene]")];
  const names = buttons.map((one) => one.dataset.scene);
  const shell = (name) => document.getElementById(`scene-${tab}-${name}`);
  const self = {
    tab,
    element,
    current: names[0],
    /** The scene that is shown, once it is there. @returns {import("#page/scene.js").Scene | undefined} */
    scene: () => shell(self.current)?.querySelector(".gx-scene")?.genaiScene,
    /** Show a scene; the first one, if there is none of that name. @param {string | null} name */
    go(name) {
      self.current = names.includes(name) ? name : names[0];
      for (const [index, one] of buttons.entries()) {
        const isCurrent = names[index] === self.current;
        if (isCurrent) one.setAttribute("aria-current", "step");
        else one.removeAttribute("aria-current");
        shell(names[index])?.classList.toggle("gx-current", isCurrent);
      }
      if (self.scene()?.isShown()) self.scene().shown();
    },
    /** The same, and the address says so. @param {string} name @param {boolean} [isMove] */
    moveTo(name, isMove = true) {
      self.go(name);
      moved(self, isMove);
    },
    /** One scene on or back; a key that is held down is one move. @param {number} by @param {any} event */
    step(by, event) {
      const next = names[names.indexOf(self.current) + by];
      if (next) self.moveTo(next, !event.repeat);
      return !!next;
    },
  };
  buttons.forEach((one) => one.addEventListener("click", () => self.moveTo(one.dataset.scene)));
  element.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || modified(event)) return;
    if (self.step(by, event)) buttons[names.indexOf(self.current)].focus();
    event.preventDefault();
  });
  return self;
}
