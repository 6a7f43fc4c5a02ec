// The page around the scenes: tabs and steps in the address, keys, light/dark, projector mode, the loading model.
"use strict";
(() => {
  const { el, texts } = genai;
  const steppers = {};
  const asked = new URLSearchParams(location.search);   // what the visitor's link says, before the page rewrites it
  let opened = false;
  const WRITING = 'textarea, input:not([type="range"]):not([type="checkbox"]):not([type="radio"]), [contenteditable]';

  function remember(changes) {
    if (!opened) return;
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    history.replaceState(null, "", `${location.pathname}?${query}${location.hash}`);
  }

  // ── steps ────────────────────────────────────────────────────────────────────────────────────────────────
  genai.stepper = (tab, element) => {
    const buttons = [...element.querySelectorAll("button[data-scene]")];
    const names = buttons.map((button) => button.dataset.scene);
    const shell = (name) => document.getElementById(`scene-${tab}-${name}`);
    function go(name, focus = false) {
      const chosen = names.includes(name) ? name : names[0];
      for (const [index, button] of buttons.entries()) {
        const current = names[index] === chosen;
        if (current) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
        shell(names[index])?.classList.toggle("gx-current", current);
        if (current && focus) button.focus();
      }
      self.current = chosen;
      if (element.closest('[role="tabpanel"]')?.offsetParent !== null) remember({ tab, scene: chosen });
      const node = shell(chosen);
      if (node) genai.sceneShown(node);
    }
    const step = (by, focus) => {
      const next = names[names.indexOf(self.current) + by];
      if (next) go(next, focus);
    };
    const self = (steppers[tab] = { go, step, element, current: names[0] });
    buttons.forEach((button) => button.addEventListener("click", () => go(button.dataset.scene)));
    element.addEventListener("keydown", (event) => {
      if (genai.modified(event)) return;
      if (event.key === "ArrowRight") step(1, true);
      else if (event.key === "ArrowLeft") step(-1, true);
      else return;
      event.preventDefault();
    });
    go(asked.get("scene"));
    // Scenes of the same tab may be mounted a moment later than the stepper.
    let tries = 0;
    const settle = setInterval(() => {
      if (shell(self.current)?.querySelector(".gx-scene")?.genaiScene || ++tries > 100) {
        clearInterval(settle);
        go(self.current);
      }
    }, 50);
  };
  const visibleStepper = () => Object.values(steppers).find((one) => one.element.offsetParent !== null);

  document.addEventListener("keydown", (event) => {
    if (genai.modified(event) || event.target.closest?.(WRITING)) return;
    if (event.key === "PageDown" || event.key === "PageUp") {
      visibleStepper()?.step(event.key === "PageDown" ? 1 : -1);
      window.scrollTo({ top: 0 });
      event.preventDefault();
    } else if ((event.key === "p" || event.key === "P") && !event.target.closest?.("select")) {
      document.querySelector("#gx-projector")?.click();
    }
  });

  // ── the bar at the top ───────────────────────────────────────────────────────────────────────────────────
  genai.header = ({ element, server }) => {
    const words = texts.ui;
    const status = element.querySelector(".gx-status");
    const toggle = (id, name, start, apply) => {
      const button = element.querySelector(id);
      const set = (on) => { button.setAttribute("aria-pressed", on); apply(on); sessionStorage.setItem(name, on); };
      button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
      const kept = sessionStorage.getItem(name);
      set(kept === null ? start : kept === "true");
    };
    toggle("#gx-dark", "gx-dark", document.body.classList.contains("dark"), (on) => {
      document.body.classList.toggle("dark", on);
      document.dispatchEvent(new CustomEvent("gx-dark"));
    });
    toggle("#gx-projector", "gx-projector", false, (on) => {
      document.body.classList.toggle("gx-projector", on);
      document.dispatchEvent(new CustomEvent("gx-projector"));
    });
    const bar = el("span", { class: "gx-progress" }, el("span"));
    const label = el("span");
    status.append(label, bar);
    async function poll() {
      let state;
      try { state = await server.model_status({}); } catch { state = { connection: false }; }
      const lost = state.connection === false;
      label.textContent = lost ? words.connection_lost : state.sentence;
      bar.hidden = lost || state.ready || state.failed;
      bar.firstChild.style.width = `${100 * (state.fraction ?? 0)}%`;
      status.classList.toggle("gx-error", lost || !!state.failed);
      status.classList.toggle("gx-ready", !!state.ready);
      if (state.ready) genai.becomeReady();
      else if (!state.failed) setTimeout(poll, lost ? 3000 : 500);
    }
    poll();
  };

  // ── tabs in the address ──────────────────────────────────────────────────────────────────────────────────
  genai.openTab = () => {
    document.getElementById(`tab-${asked.get("tab")}-button`)?.click();
    opened = true;
    document.addEventListener("click", (event) => {
      if (event.target.closest('[role="tab"]')) setTimeout(() => {
        const stepper = visibleStepper();
        if (stepper) stepper.go(stepper.current);
      }, 60);
    });
  };
})();
