// Scene 1: one prompt, two stages of one model, written at the same time.
import { isSwapped, placesOf, tunedPlace } from "#features/rlhf/web/sides.js";
import {
  ASK_STAGES,
  ending,
  promptField,
  stageAbout,
  stageChoice,
  stageField,
  stageName,
  stagesOf,
} from "#features/rlhf/web/talk.js";
import { action, seedBox, select, tick } from "#page/controls.js";
import { button, el, projector } from "#page/dom.js";
import { flag, local, seed, stop, text } from "#page/fields.js";
import { fill, percent } from "#page/numbers.js";

const TEMPERATURES = [0, 0.3, 0.5, 0.7, 1, 1.3];
const TOP_P = 0.95;
const LONGEST = 120; // tokens
const UNSEEN = { revealed: false, seen: false, votes: { left: 0, right: 0 } };

const isFlag = (value) => typeof value === "boolean";
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

export const shares = ["prompt"];
export const onDemand = ["replies"];

/** @param {import("#page/scene.js").Given} given */
export const fields = ({ recorded: { replies }, settings }) => ({
  prompt: text(replies.prompt),
  left: stageChoice(replies.left.stage, settings),
  right: stageChoice(replies.right.stage, settings),
  temperature: stop(0.7, TEMPERATURES),
  seed: seed(1),
  same: flag(), // both read the bare text
  guess: flag(), // the class guesses which one is tuned
  // A link does not give the solution away.
  revealed: local(UNSEEN.revealed, isFlag),
  seen: local(UNSEEN.seen, isFlag), // what a raw model wrote, in projector mode
  votes: local(UNSEEN.votes, (votes) => isCount(votes?.left) && isCount(votes?.right)),
});

/** @param {import("#page/scene.js").State} state @returns {import("#page/questions.js").Asked} */
export const asks = ({ prompt, left, right, temperature, seed: number, same }) => ({
  stages: ASK_STAGES,
  replies: [
    "write_both",
    {
      prompt,
      left,
      right,
      temperature,
      top_p: TOP_P,
      seed: number,
      max_new_tokens: LONGEST,
      same_prompt: same,
    },
  ],
});

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const start = (changes = {}) => scene.ask("replies", { ...changes, ...UNSEEN });
  const prompt = promptField(scene, texts.prompt, start);
  const ask = button(texts.ask, () => start(), { class: "gx-button gx-main" });
  const halt = action(texts.stop, () => scene.stop("replies"));
  const guessing = guessGame(scene);
  const columns = [column(scene), column(scene)];
  const verdict = el("p", { class: "gx-soft", role: "status" });
  scene.work.append(
    el("div", { class: "gx-row" }, prompt.node, ask, halt.node),
    el("div", { class: "gx-row gx-settings" }, prompt.examples, choicesOf(scene), guessing.tick),
    guessing.voting,
    guessing.tally,
    el("div", { class: "gx-replies" }, columns.map((one) => one.node)), // prettier-ignore
    verdict,
  );
  return {
    paint(state, { replies }) {
      const run = scene.progress("replies");
      const secret = state.guess && !state.revealed;
      const swapped = state.guess && isSwapped(run.values);
      placesOf(swapped).forEach((side, index) => columns[index].show(state, replies, side, secret ? "AB"[index] : ""));
      guessing.show(state, replies, swapped);
      verdict.textContent = secret ? "" : howFarApart(texts, replies);
      halt.enable(run.asking !== null);
    },
  };
}

function choicesOf(scene) {
  const { texts } = scene;
  const temperatures = TEMPERATURES.map((one) => ({ value: one, label: `${one}` }));
  return [
    stageField(scene, "left", texts.left).node,
    stageField(scene, "right", texts.right).node,
    select(scene, "temperature", texts.temperature, temperatures).node,
    seedBox(scene, "seed", texts.seed).node,
    tick(scene, "same", texts.same),
  ];
}

/** The class votes which column is the tuned model, before the names are shown. */
function guessGame(scene) {
  const { texts } = scene;
  const ticked = tick(scene, "guess", texts.guess);
  ticked.addEventListener("change", () => scene.set(UNSEEN));
  const vote = (place) => () => scene.set({ votes: { ...scene.state.votes, [place]: scene.state.votes[place] + 1 } });
  const tally = el("p", { class: "gx-soft", role: "status", tabindex: "-1" });
  const reveal = button(texts.reveal, () => {
    scene.set({ revealed: true });
    tally.focus();
  }, { class: "gx-button gx-main" }); // prettier-ignore
  const voting = el(
    "div",
    { class: "gx-vote", role: "group", "aria-label": texts.guess },
    el("p", { class: "gx-verdict" }, texts.guess_none),
    el(
      "div",
      { class: "gx-buttons" },
      button(texts.guess_left, vote("left")),
      button(texts.guess_right, vote("right")),
      reveal,
    ),
  );
  function whoWasRight(votes, { left, right }, swapped) {
    const stages = stagesOf(scene).map((stage) => stage.name);
    const place = tunedPlace(stages, { left: left.stage, right: right.stage }, swapped);
    if (!place) return texts.guess_same;
    return fill(texts.guess_result, { right: votes[place], all: votes.left + votes.right });
  }
  return {
    tick: ticked,
    voting,
    tally,
    show({ guess, revealed, votes }, replies, swapped) {
      voting.hidden = !guess || revealed;
      const result = !guess || revealed ? whoWasRight(votes, replies, swapped) : "";
      tally.textContent = votes.left + votes.right ? `${fill(texts.guess_votes, votes)} ${result}` : "";
    },
  };
}

/** What one stage wrote, and what it was given to read. */
function column(scene) {
  const { texts } = scene;
  const title = el("h3");
  const about = el("span", { class: "gx-soft" });
  const said = el("p", { class: "gx-reply", dir: "auto", tabindex: "-1" });
  const cover = button("", () => {
    scene.set({ seen: true });
    said.focus();
  }, { class: "gx-button gx-cover" }); // prettier-ignore
  const how = el("p", { class: "gx-soft" });
  const exact = el("p", { class: "gx-exact" });
  const reads = el("details", { class: "gx-reads" }, el("summary", {}, texts.reads), exact);
  return {
    node: el(
      "section",
      { class: "gx-panel" },
      el("div", { class: "gx-reply-head" }, title, about),
      el("div", { class: "gx-covered" }, said, cover),
      how,
      reads,
    ),
    /** letter: by which it is called while its name is a secret; "" otherwise */
    show({ seen }, replies, name, letter) {
      const side = replies[name];
      const read = replies.read[name];
      const isBare = readsBare(read, replies.prompt);
      const isCovered = (side.stage === "base" || !!letter) && !seen && !!side.text && projector();
      const stage = stagesOf(scene).find((one) => one.name === side.stage) ?? { name: side.stage, title: "" };
      title.textContent = letter ? fill(texts.hidden, { letter }) : stageName(texts, side.stage);
      about.textContent = letter ? "" : stageAbout(texts, stage);
      said.replaceChildren(
        isBare && !letter ? el("bdi", { class: "gx-before" }, replies.prompt) : "",
        el("bdi", { class: "gx-said" }, side.text || (side.stop_reason === "end_of_sequence" ? texts.nothing : "…")),
      );
      said.classList.toggle("gx-blurred", isCovered);
      said.setAttribute("aria-hidden", String(isCovered));
      cover.hidden = !isCovered;
      cover.textContent = letter ? texts.blurred_secret : texts.blurred;
      const reward = side.reward == null || letter ? "" : ` · ${fill(texts.reward, { reward: signed(side.reward) })}`;
      const ended = ending(texts, side, scene.progress("replies"));
      how.textContent = `${ended} ${fill(texts.tokens, { count: side.tokens.length })}${reward}`;
      how.title = reward && texts.reward_help;
      reads.hidden = !!letter;
      exact.replaceChildren(...pieces(read), el("span", { class: "gx-soft" }, ` (${isBare ? texts.bare : texts.turned})`)); // prettier-ignore
    },
  };
}

const signed = (number) => number.toFixed(2).replace("-", "−");

/**
 * A turn's commands may swallow all else that a template writes: bare is what has none but that of a text's beginning.
 * @param {{text: string, control: boolean}[]} read
 * @param {string} prompt
 */
function readsBare(read, prompt) {
  const plain = read.filter((piece) => !piece.control).map((piece) => piece.text);
  return plain.join("") === prompt && read.length - plain.length <= 1;
}

const pieces = (read) =>
  read.map(({ control, text: words }) =>
    control ? el("span", { class: "gx-control" }, words) : el("bdi", { class: "gx-plain" }, words),
  );

/** KL divergence, and what the reward model makes of the two. */
function howFarApart(texts, { ended, kl_nats, kl_nats_total, chance, left, right }) {
  if (!ended) return "";
  if (kl_nats_total == null) return texts.different_tokens;
  if (kl_nats == null) return ""; // there is no token to differ at
  const names = { left: stageName(texts, left.stage), right: stageName(texts, right.stage) };
  const apart = fill(texts.kl, { kl: kl_nats.toFixed(2), total: kl_nats_total.toFixed(0), ...names });
  return chance == null ? apart : `${apart} ${fill(texts.chance, { chance: percent(chance), right: names.right })}`;
}
