// Scene 1: one prompt, two stages of one model, written at the same time.
"use strict";
genai.scenes.compare = (scene) => {
  const { el, button, fill, percent, field } = genai;
  const { stageName, stageAbout, ending, promptField, stageField, offerStages, seedField } = genai.rlhf;
  const { texts } = scene;
  const SIDES = ["left", "right"],
    TEMPERATURES = [0, 0.3, 0.5, 0.7, 1, 1.3];
  let payload = scene.payload,
    before = null,
    writing = false,
    quiet = false,
    revealed = true,
    seen = false,
    swapped = false,
    votes = { left: 0, right: 0 };

  const prompt = promptField(scene, texts.prompt, payload.prompt, start);
  const ask = button(texts.ask, start, { class: "gx-button gx-main" }),
    halt = button(texts.stop, stop);
  const stages = {
    left: stageField(scene, texts.left, payload.left.stage, () => {}),
    right: stageField(scene, texts.right, payload.right.stage, () => {}),
  };
  const seed = seedField(scene, 1);
  const temperature = el(
    "select",
    {},
    TEMPERATURES.map((one) => el("option", { value: one }, `${one}`)),
  );
  temperature.value = 0.7;
  const same = el("input", { type: "checkbox" }),
    guess = el("input", {
      type: "checkbox",
      onchange: () => {
        reset();
        draw();
      },
    });
  const columns = [column(), column()];
  const verdict = el("p", { class: "gx-soft", role: "status" }),
    tally = el("p", { class: "gx-soft", role: "status", tabindex: "-1" });
  const voting = el(
    "div",
    { class: "gx-vote", role: "group", "aria-label": texts.guess },
    el("p", { class: "gx-verdict" }, texts.guess_none),
    el(
      "div",
      { class: "gx-buttons" },
      button(texts.guess_left, () => vote("left")),
      button(texts.guess_right, () => vote("right")),
      button(
        texts.reveal,
        () => {
          revealed = true;
          draw();
          tally.focus();
        },
        { class: "gx-button gx-main" },
      ),
    ),
  );
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, ask, halt),
    el(
      "div",
      { class: "gx-row gx-settings" },
      prompt.examples,
      stages.left.node,
      stages.right.node,
      field(texts.temperature, temperature),
      seed.node,
      el("label", { class: "gx-switch" }, same, texts.same),
      el("label", { class: "gx-switch" }, guess, texts.guess),
    ),
    voting,
    tally,
    el(
      "div",
      { class: "gx-replies" },
      columns.map((one) => one.node),
    ),
    verdict,
  );

  function column() {
    const title = el("h3"),
      about = el("span", { class: "gx-soft" }),
      said = el("p", { class: "gx-reply", dir: "auto", tabindex: "-1" });
    const cover = button(
      texts.blurred,
      () => {
        seen = true;
        draw();
        said.focus();
      },
      { class: "gx-button gx-cover" },
    );
    const state = el("p", { class: "gx-soft" }),
      exact = el("p", { class: "gx-exact" });
    const reads = el("details", { class: "gx-reads" }, el("summary", {}, texts.reads), exact);
    return {
      title,
      about,
      said,
      cover,
      state,
      exact,
      reads,
      node: el(
        "section",
        { class: "gx-panel" },
        el("div", { class: "gx-reply-head" }, title, about),
        el("div", { class: "gx-covered" }, said, cover),
        state,
        reads,
      ),
    };
  }
  const runs = genai.runner(scene, "write_both", arrived);
  const request = () => ({
    prompt: prompt.box.value,
    left: stages.left.get(),
    right: stages.right.get(),
    temperature: +temperature.value,
    top_p: 0.95,
    seed: seed.get(),
    max_new_tokens: 120,
    same_prompt: same.checked,
  });
  function reset() {
    [revealed, seen, swapped, votes] = [
      !guess.checked,
      false,
      guess.checked && Math.random() < 0.5,
      { left: 0, right: 0 },
    ];
  }
  function start() {
    if (!writing || quiet) before = payload;
    reset();
    [writing, quiet] = [true, false];
    const asked = request(),
      nobody = (stage) => ({ stage, text: "", tokens: [], reward: null, stop_reason: null });
    payload = {
      ...payload,
      prompt: asked.prompt,
      left: nobody(asked.left),
      right: nobody(asked.right),
      ended: false,
      kl_nats: null,
      kl_nats_total: null,
      chance: null,
      read: null,
    };
    runs.start(asked);
    draw();
  }
  function stop() {
    if (!writing) return;
    runs.stop();
    writing = false;
    if (!scene.live) scene.origin({ ...payload.provenance, stays: true }); // the recorded example was not to be computed anew
    for (const side of SIDES) payload[side] = { ...payload[side], stop_reason: payload[side].stop_reason ?? "stopped" };
    draw();
  }
  function arrived(part) {
    if (part.error) {
      [payload, writing] = [quiet ? payload : before, false];
      draw();
      return;
    }
    if (quiet && !part.ended) return;
    scene.live = true;
    payload = part;
    writing = !part.ended;
    scene.origin(part.provenance);
    draw();
  }
  function vote(place) {
    votes[place]++;
    draw();
  }
  // The live model computes the recorded example anew, which stands until that is done.
  scene.refresh = async () => {
    const known = await offerStages(scene, Object.values(stages));
    if (known && !scene.live && !writing) {
      [writing, quiet] = [true, true];
      runs.start({ ...request(), prompt: payload.prompt });
      draw();
    }
  };
  document.addEventListener("gx-projector", () => draw());

  function draw() {
    const order = swapped ? ["right", "left"] : SIDES,
      secret = !revealed;
    columns.forEach((one, index) => {
      const side = payload[order[index]],
        raw = side.stage === "base";
      const covered = (raw || secret) && !seen && !!side.text && document.body.classList.contains("gx-projector");
      one.title.textContent = secret ? fill(texts.hidden, { letter: "AB"[index] }) : stageName(texts, side.stage);
      one.about.textContent = secret ? "" : stageAbout(texts, side.stage);
      // A turn's commands may swallow all else that a template writes: bare is what has none but that of a text's beginning.
      const read = payload.read?.[order[index]],
        plain = read
          ?.filter((piece) => !piece.control)
          .map((piece) => piece.text)
          .join("");
      const bare = read && plain === payload.prompt && read.filter((piece) => piece.control).length <= 1;
      one.said.replaceChildren(
        bare && !secret ? el("bdi", { class: "gx-before" }, payload.prompt) : "",
        el("bdi", { class: "gx-said" }, side.text || (side.stop_reason === "end_of_sequence" ? texts.nothing : "…")),
      );
      one.said.classList.toggle("gx-blurred", covered);
      one.said.setAttribute("aria-hidden", String(covered));
      one.cover.hidden = !covered;
      one.cover.textContent = secret ? texts.blurred_secret : texts.blurred;
      const reward =
        side.reward == null || secret
          ? ""
          : ` · ${fill(texts.reward, { reward: side.reward.toFixed(2).replace("-", "−") })}`;
      one.state.textContent = `${writing && quiet ? "" : ending(texts, side)} ${fill(texts.tokens, { count: side.tokens.length })}${reward}`;
      one.state.title = reward && texts.reward_help;
      one.reads.hidden = secret || !read;
      if (read) {
        one.exact.replaceChildren(
          ...read.map((piece) =>
            piece.control
              ? el("span", { class: "gx-control" }, piece.text)
              : el("bdi", { class: "gx-plain" }, piece.text),
          ),
          el("span", { class: "gx-soft" }, ` (${bare ? texts.bare : texts.turned})`),
        );
      }
    });
    voting.hidden = !guess.checked || revealed;
    tally.textContent =
      votes.left + votes.right ? `${fill(texts.guess_votes, votes)} ${revealed ? whoWasRight() : ""}` : "";
    verdict.textContent = howFarApart();
    halt.setAttribute("aria-disabled", String(!writing));
  }
  // The stages are listed from raw to most tuned, so the later one is the tuned one that was to be found.
  function whoWasRight() {
    const place = (side) => stages[side].offered().indexOf(payload[side].stage);
    if (place("left") === place("right")) return texts.guess_same;
    const tuned = place("right") > place("left") ? "right" : "left",
      shown = swapped ? { left: "right", right: "left" }[tuned] : tuned;
    return fill(texts.guess_result, { right: votes[shown], all: votes.left + votes.right });
  }
  function howFarApart() {
    if (!revealed || !payload.ended) return "";
    if (payload.kl_nats_total == null) return texts.different_tokens;
    if (payload.kl_nats == null) return ""; // there is no token to differ at
    const chance =
      payload.chance == null
        ? ""
        : ` ${fill(texts.chance, { chance: percent(payload.chance), right: stageName(texts, payload.right.stage) })}`;
    const names = { left: stageName(texts, payload.left.stage), right: stageName(texts, payload.right.stage) };
    return (
      fill(texts.kl, { kl: payload.kl_nats.toFixed(2), total: payload.kl_nats_total.toFixed(0), ...names }) + chance
    );
  }
  scene.state = () => ({ payload, writing });
  scene.origin(scene.payload.provenance);
  draw();
};
