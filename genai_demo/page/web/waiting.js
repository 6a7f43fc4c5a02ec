// Waiting for an answer: what is shown is dimmed where it belongs to another question, and after two seconds words say so.
import { el } from "#page/dom.js";
import { fill } from "#page/numbers.js";
import { words } from "#page/words.js";

const SAID_AFTER_MS = 2_000;
const TICK_MS = 500;

/** @param {any} node a scene's, which is dimmed and gets the notice */
export function waiting(node) {
  const waits = new Map(); // who waits → {other, since, place}; `since` is missing while the visitor still types
  const sentence = el("span"),
    clock = el("span", { "aria-hidden": "true" }); // a clock that speaks would never be silent
  const notice = el("p", { class: "gx-wait", "aria-live": "polite" }, sentence, clock);
  let timer = null;
  node.append(notice);

  function show() {
    node.classList.toggle("gx-waiting", waits.size > 0);
    node.classList.toggle(
      "gx-dimmed",
      [...waits.values()].some((one) => one.other),
    );
    const asked = [...waits.values()].filter((one) => one.since).sort((one, other) => one.since - other.since);
    const long = asked.find((one) => performance.now() - one.since >= SAID_AFTER_MS);
    const said = long ? fill(long.place ? words.waiting.queued : words.waiting.asked, long) : "";
    if (sentence.textContent !== said) sentence.textContent = said;
    clock.textContent = long
      ? ` ${fill(words.waiting.so_far, { seconds: Math.floor((performance.now() - long.since) / 1000) })}`
      : "";
    notice.classList.toggle("gx-said", !!long);
    if (!asked.length) {
      clearInterval(timer);
      timer = null;
    } else timer ??= setInterval(show, TICK_MS);
  }
  return {
    // `other`: what is shown does not belong to what is asked.
    begin(who, other, typing = false) {
      waits.set(who, { other, since: typing ? null : performance.now() });
      show();
    },
    place(who, place) {
      const one = waits.get(who);
      if (one) {
        one.place = place;
        show();
      }
    },
    end(who) {
      if (waits.delete(who)) show();
    },
  };
}
