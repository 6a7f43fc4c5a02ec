// What every scene is given: asking the program, running it, saying what went wrong, and being shown or not.
"use strict";
globalThis.genai ??= { scenes: {}, texts: {} };
Object.assign(
  genai,
  (() => {
    const { connection, memory, scenes, texts } = genai;

    // Whether a question differs from the one that was answered last, so that what is shown must not pass for its answer.
    // What stands there at first belongs to the first question, unless the visitor has touched anything.
    let touched = false;
    for (const event of ["input", "change", "click"]) {
      document.addEventListener(
        event,
        ({ target }) => {
          touched ||= !!target.closest?.(".gx-work");
        },
        { capture: true },
      );
    }
    function novelty() {
      const answered = new Map();
      return {
        isNew: (about, request) => (answered.has(about) ? answered.get(about) !== request : touched),
        answered: (about, request) => answered.set(about, request),
      };
    }

    // ── asking: answers that are no longer wanted are dropped, errors become a message, and when the connection is lost the
    // question is asked again as soon as it is back ───────────────────────────────────────────────────────────
    function asker(scene) {
      let newest = 0;
      const me = {},
        novel = novelty();
      return async function ask(answer, request) {
        const mine = ++newest,
          question = JSON.stringify(request);
        let result;
        do {
          scene.waiting.begin(me, novel.isNew(answer, question));
          result = await answer(request).catch((error) =>
            error instanceof connection.Lost ? { lost: true } : { error: texts.ui.failed },
          );
          if (mine !== newest) return null;
          scene.waiting.end(me);
          if (result.lost) {
            scene.report(me, texts.ui.connection_lost);
            await connection.back();
            if (mine !== newest) return null;
          }
        } while (result.lost);
        if (result.loading) {
          scene.message(result.error, "gx-note");
          askAgain(scene.refresh);
          return null;
        }
        scene.report(me, result.error ?? "");
        scene.offer(result.offers ?? {});
        if (result.error) return null;
        novel.answered(answer, question);
        return result;
      };
    }

    // ── a run, whose answer comes in many parts. Starting another, or stopping, halts it; late parts of it are dropped ──
    function runner(scene, event, arrived) {
      let current = null;
      const me = {},
        novel = novelty();
      function stop() {
        if (current) scene.server.halt({ run: current }).catch(() => {});
        over();
      }
      function over() {
        current = null;
        scene.waiting.end(me);
      }
      function start(request) {
        stop();
        const run = (current = crypto.getRandomValues(new Uint32Array(3)).join("-")),
          question = JSON.stringify(request);
        scene.report(me, "");
        scene.waiting.begin(me, novel.isNew(event, question));
        scene.run(event, { run, ...request }, (news) => {
          if (current !== run) return;
          if (news.place != null) scene.waiting.place(me, news.place);
          if (news.part) part(news.part, question);
          else if (news.end) end(news);
        });
      }
      function part(payload, question) {
        if (payload.error) over();
        else novel.answered(event, question);
        scene.waiting.end(me);
        if (payload.loading) scene.message(payload.error, "gx-note");
        else scene.report(me, payload.error ?? "");
        arrived(payload);
      }
      // What has arrived stays; the scene may go on from there. As soon as there is a connection, it sees to what is still open.
      function end({ lost, failed }) {
        over();
        const problem = lost ? texts.ui.connection_lost : failed ? texts.ui.failed : null;
        if (!problem) return;
        scene.report(me, problem);
        arrived({ error: problem, lost });
        if (lost)
          connection.back().then(() => {
            if (!current) {
              scene.report(me, "");
              refresh(scene);
            }
          });
      }
      return { start, stop };
    }

    // ── where a figure comes from ──────────────────────────────────────────────────────────────────────────────
    function provenance(origin) {
      const { el, fill, whole } = genai,
        words = texts.ui.provenance;
      const table = origin.words ? "_table" : "";
      const device = words.devices[origin.device] ?? origin.device;
      const line = fill(words[origin.kind + table], { ...origin, words: origin.words && whole(origin.words), device });
      const caveat = origin.weights?.startsWith("quantised") ? fill(words.quantised, origin) : "";
      const later = origin.kind === "recorded" && !origin.stays ? words.takes_over : ""; // `stays`: no live figure will take its place
      return [
        el("strong", { class: `gx-kind gx-${origin.kind}` }, words.kinds[origin.kind]),
        ` ${line} ${later} ${caveat}`,
      ];
    }

    // ── mounting ─────────────────────────────────────────────────────────────────────────────────────────────
    function mount(name, { element, props }) {
      const node = element.querySelector(".gx-scene");
      const message = node.querySelector(".gx-message"),
        problems = new Map();
      const scene = {
        name,
        node,
        texts: props.texts,
        settings: props.settings,
        payload: props.value,
        ...connection.of(element),
        work: node.querySelector(".gx-work"),
        waiting: genai.waiting(node),
        refresh: () => {},
        shown: () => {},
        offer: () => {}, // what the server would take instead of a part of the question
        message(text, kind = "gx-error") {
          if (message.textContent === text) return;
          message.textContent = text;
          message.className = `gx-message ${kind}`;
          message.hidden = !text;
        },
        // What went wrong for one of the scene's askers; it stands until the same one is answered.
        report(who, problem) {
          if (problem) problems.set(who, problem);
          else problems.delete(who);
          scene.message([...problems.values()].at(-1) ?? "");
          node.classList.toggle("gx-stale", problems.size > 0); // some figures are of an earlier question
        },
        // Something else than an answer did not come: resolves when it is worth another try.
        async lost() {
          connection.lose();
          scene.report(connection, texts.ui.connection_lost);
          await connection.back();
          scene.report(connection, "");
        },
        origin(origin) {
          node.querySelector(".gx-provenance").replaceChildren(...provenance(origin));
        },
        // Work that waits until the visitor pauses; meanwhile what is shown is not of what is typed.
        debounce(work, milliseconds = 250) {
          const me = {};
          let timer;
          const composing = () => {
            clearTimeout(timer);
            scene.waiting.begin(me, true, true);
          };
          return Object.assign(
            (...values) => {
              composing();
              timer = setTimeout(() => {
                work(...values);
                scene.waiting.end(me);
              }, milliseconds);
            },
            { composing },
          );
        },
      };
      scene.asker = () => asker(scene); // questions of different askers do not supersede one another
      scene.ask = scene.asker();
      node.genaiScene = scene;
      scenes[name](scene);
      keepPlace(node);
      memory.keepTyped(`${scene.name}`, node);
      whenReady(() => refresh(scene));
    }
    // A button that hides, disables or replaces itself would drop a keyboard's place to the top of the page. What was made anew
    // where it stood gets it instead, or else the next control.
    const CONTROLS = "button:not(:disabled), summary, select, input:is([type=range], [type=checkbox]), [tabindex='0']";
    function keepPlace(node) {
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
    // Space plays or pauses, where no button or field has the focus.
    function onSpace(scene, work) {
      document.addEventListener("keydown", (event) => {
        if (event.key !== " " || event.repeat || genai.keys.modified(event) || !isShown(scene)) return;
        if (event.target.closest?.("button, input, textarea, select, summary, a, [contenteditable]")) return;
        event.preventDefault();
        work();
      });
    }

    // ── shown, and ready ─────────────────────────────────────────────────────────────────────────────────────
    const isShown = (scene) => scene.node.offsetParent !== null; // of its tab the current scene, in the tab that is open
    function refresh(scene) {
      if (isShown(scene)) scene.refresh();
      else scene.stale = true;
    }
    function sceneShown(shell) {
      const scene = shell.querySelector(".gx-scene")?.genaiScene;
      if (!scene) return;
      scene.shown();
      if (scene.stale && ready) {
        scene.stale = false;
        scene.refresh();
      }
    }
    let ready = false;
    const waiting = new Set();
    function whenReady(work) {
      if (ready) work();
      else waiting.add(work);
    }
    // The page says when its first model is there. Another one, such as a sibling of it, is asked for now and then.
    function askAgain(work) {
      if (ready) setTimeout(work, 3_000);
      else waiting.add(work);
    }
    function becomeReady() {
      ready = true;
      for (const work of waiting) work();
      waiting.clear();
    }

    // ── values that several scenes share, such as the prompt ─────────────────────────────────────────────────
    function shared(value) {
      const listeners = [];
      return {
        get: () => value,
        set(next, from) {
          value = next;
          listeners.forEach(([owner, work]) => {
            if (owner !== from) work(next);
          });
        },
        listen: (owner, work) => listeners.push([owner, work]),
      };
    }

    return { mount, runner, onSpace, sceneShown, isShown, becomeReady, shared, provenance };
  })(),
);
