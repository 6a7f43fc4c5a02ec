// The bar at the top: light or dark, projector mode, and how far the models are.
import * as connection from "#page/connection.js";
import { el } from "#page/dom.js";
import * as memory from "#page/memory.js";
import { becomeReady } from "#page/ready.js";
import { words } from "#page/words.js";

const POLL_MS = 500;

/** @param {{element: any}} gradio what Gradio gives to a component's script */
export function begin({ element }) {
  toggle(element, "#gx-dark", "dark", document.body.classList.contains("dark"));
  toggle(element, "#gx-projector", "gx-projector", false);
  const { server } = connection.of(element);
  const show = status(element.querySelector(".gx-status"));

  // Until all models are ready, and again after the connection was lost: they may be loading then.
  async function poll() {
    let state;
    try {
      state = await server.model_status({});
    } catch (error) {
      if (error instanceof connection.Lost) return; // `watch` tells when to go on
      state = { sentence: words.failed, failed: true };
    }
    show(state);
    const tabs = Object.entries(state.features ?? {});
    for (const [tab, one] of tabs) if (one.ready || one.failed) becomeReady(tab);
    if (tabs.some(([, one]) => !one.ready && !one.failed)) setTimeout(poll, POLL_MS);
  }
  connection.watch((lost) => {
    if (lost) show({ sentence: words.no_connection, lost });
    else poll();
  });
  poll();
}

/** A button that turns a mode of the whole page on and off; the session remembers it. */
function toggle(element, id, mode, start) {
  const node = element.querySelector(id);
  const set = (on) => {
    node.setAttribute("aria-pressed", String(on));
    document.body.classList.toggle(mode, on);
    memory.set(id.slice(1), on);
    document.dispatchEvent(new CustomEvent(id.slice(1)));
  };
  node.addEventListener("click", () => set(node.getAttribute("aria-pressed") !== "true"));
  const kept = memory.get(id.slice(1));
  set(kept === null ? start : kept === "true");
}

/** @param {any} node @returns {(state: any) => void} shows how far the models are */
function status(node) {
  const bar = el("span", { class: "gx-progress" }, el("span"));
  const label = el("span");
  node.append(label, bar);
  return (state) => {
    label.textContent = state.sentence;
    bar.hidden = !!(state.lost || state.ready || state.failed);
    bar.firstChild.style.width = `${100 * (state.fraction ?? 0)}%`;
    node.classList.toggle("gx-error", !!(state.lost || state.failed));
    node.classList.toggle("gx-ready", !!state.ready);
  };
}
