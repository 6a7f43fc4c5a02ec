// The page around the scenes: tabs and steps in the address, keys, light/dark, projector mode, the loading model.
"use strict";
(() => {
  const { connection, el, memory, texts } = genai;
  const steppers = {};
  const asked = new URLSearchParams(location.search); // what the visitor's link says, before the page rewrites it
  let opened = false,
    first = null; // once Gradio has made the page; the tab that it opens by itself
  const WRITING = 'textarea, input:not([type="range"]):not([type="checkbox"]):not([type="radio"]), [contenteditable]';

  // ── places: a move of the visitor can be gone back from; whatever else changes the address replaces it ───
  function remember(tab, scene, isMove) {
    const query = new URLSearchParams(location.search);
    if (!opened || (query.get("tab") === tab && query.get("scene") === scene)) return;
    query.set("tab", tab);
    query.set("scene", scene);
    genai.memory.goTo(`${location.pathname}?${query}${location.hash}`, isMove);
  }
  addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search);
    openTab(query.get("tab") ?? first, (stepper) => stepper.go(query.get("scene")));
  });

  // ── steps ────────────────────────────────────────────────────────────────────────────────────────────────
  genai.stepper = (tab, element) => {
    const buttons = [...element.querySelectorAll("button[data-scene]")];
    const names = buttons.map((button) => button.dataset.scene);
    const shell = (name) => document.getElementById(`scene-${tab}-${name}`);
    function go(name) {
      self.current = names.includes(name) ? name : names[0];
      for (const [index, button] of buttons.entries()) {
        const current = names[index] === self.current;
        if (current) button.setAttribute("aria-current", "step");
        else button.removeAttribute("aria-current");
        shell(names[index])?.classList.toggle("gx-current", current);
      }
      const node = shell(self.current);
      if (node) genai.sceneShown(node);
    }
    function moveTo(name, isMove = true) {
      go(name);
      remember(tab, self.current, isMove);
    }
    // A key that is held down is one move.
    function step(by, event) {
      const next = names[names.indexOf(self.current) + by];
      if (next) moveTo(next, !event.repeat);
      return !!next;
    }
    const self = (steppers[tab] = { tab, go, moveTo, step, element, current: names[0] });
    buttons.forEach((button) => button.addEventListener("click", () => moveTo(button.dataset.scene)));
    element.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by || genai.keys.modified(event)) return;
      if (step(by, event)) buttons[names.indexOf(self.current)].focus();
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
    if (genai.keys.modified(event) || event.target.closest?.(WRITING)) return;
    if (event.key === "PageDown" || event.key === "PageUp") {
      visibleStepper()?.step(event.key === "PageDown" ? 1 : -1, event);
      window.scrollTo({ top: 0 });
      event.preventDefault();
    } else if (genai.keys.isLetter(event, "p") && !event.target.closest?.("select")) {
      document.querySelector("#gx-projector")?.click();
    }
  });

  // ── tabs ─────────────────────────────────────────────────────────────────────────────────────────────────
  // A tab's panel is made when it is first opened; `then` gets the stepper that is shown at last.
  let opening = 0;
  function whenOpen(isThere, then) {
    const mine = ++opening,
      until = performance.now() + 5_000;
    (function look() {
      const stepper = visibleStepper();
      if (mine !== opening || performance.now() > until) return;
      if (stepper && isThere(stepper)) then(stepper);
      else setTimeout(look, 20);
    })();
  }
  let travelling = false;
  function openTab(tab, then) {
    travelling = true; // by its address, not by a visitor's click
    document.getElementById(`tab-${tab}-button`)?.click();
    travelling = false;
    whenOpen((stepper) => stepper.tab === tab || !document.getElementById(`tab-${tab}-button`), then);
  }
  genai.openTab = () => {
    opened = true;
    document.addEventListener("click", (event) => {
      if (!event.target.closest('[role="tab"]') || travelling) return;
      setTimeout(() =>
        whenOpen(
          (stepper) => isChosen(stepper),
          (stepper) => stepper.moveTo(stepper.current),
        ),
      );
    });
    first = document.querySelector('[role="tab"][aria-selected="true"]')?.id.replace(/^tab-|-button$/g, "");
    openTab(asked.get("tab") ?? first, (stepper) => stepper.moveTo(stepper.current, false));
  };
  const isChosen = ({ tab }) => document.getElementById(`tab-${tab}-button`)?.getAttribute("aria-selected") === "true";

  // ── the bar at the top ───────────────────────────────────────────────────────────────────────────────────
  genai.header = ({ element }) => {
    const { server } = connection.of(element);
    const words = texts.ui;
    const status = element.querySelector(".gx-status");
    const toggle = (id, name, start, apply) => {
      const button = element.querySelector(id);
      const set = (on) => {
        button.setAttribute("aria-pressed", on);
        apply(on);
        memory.set(name, on);
      };
      button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
      const kept = memory.get(name);
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
    function show(state) {
      label.textContent = state.sentence;
      bar.hidden = state.lost || state.ready || state.failed;
      bar.firstChild.style.width = `${100 * (state.fraction ?? 0)}%`;
      status.classList.toggle("gx-error", !!(state.lost || state.failed));
      status.classList.toggle("gx-ready", !!state.ready);
    }
    // Until the model is ready, and again after the connection was lost: another model may be loading then.
    async function poll() {
      let state;
      try {
        state = await server.model_status({});
      } catch (error) {
        if (error instanceof connection.Lost) return; // `watch` tells when to go on
        state = { sentence: words.failed, failed: true };
      }
      show(state);
      if (state.ready) genai.becomeReady();
      else if (!state.failed) setTimeout(poll, 500);
    }
    connection.watch((lost) => {
      if (lost) show({ sentence: words.no_connection, lost });
      else poll();
    });
    poll();
  };
})();
