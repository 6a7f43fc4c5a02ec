// Scene 5: guess what the vectors will say, for a point.
import { neighbourBars, shownOf, withMore, latinOnly } from "#features/word_vectors/web/vectors.js";
import { signed } from "#features/word_vectors/web/wording.js";
import { bars } from "#page/charts.js";
import { seedBox } from "#page/controls.js";
import { button, el } from "#page/dom.js";
import { choice, list, seed, whole } from "#page/fields.js";
import { digit } from "#page/keys.js";
import { fill } from "#page/numbers.js";

const NEIGHBOURS = 6;
const MOST_OPTIONS = 9;
const MOST_ROUNDS = 100;
const MOST_SEED = 1e6; // of a new game: easy to read out
const GAMES = ["sums", "odd"];
const ROUNDS = { sums: "sums", odd: "odd_ones" }; // where an answer holds them

const guesses = () => list([], whole(1, 1, MOST_OPTIONS), MOST_ROUNDS);
const roundNumber = () => whole(1, 1, MOST_ROUNDS);
const BEGINNING = { sums: [], sums_round: 1, odd: [], odd_round: 1 };

export const shares = ["latin"];

/** @param {import("#page/scene.js").Given} given */
export const fields = (given) => ({
  seed: seed(given.recorded.game.seed), // deals the rounds
  game: choice(GAMES[0], GAMES),
  sums: guesses(), // the number of the option that was guessed, round by round
  sums_round: roundNumber(), // that is shown
  odd: guesses(),
  odd_round: roundNumber(),
  ...latinOnly(given),
});

/** @param {import("#page/scene.js").State} state @returns {import("#page/questions.js").Asked} */
export const asks = (state) => ({ game: ["deal_game", { seed: state.seed }] });

/**
 * How far the game is that is being played.
 * @param {import("#page/scene.js").State} state
 * @param {any} dealt the answer
 * @returns {{round: any, number: number, count: number, guess: string | null, guessed: number, points: number}}
 *   guess: null before there is one
 */
export function standing(state, dealt) {
  const rounds = dealt[ROUNDS[state.game]];
  const made = state[state.game].slice(0, rounds.length);
  const number = Math.min(state[`${state.game}_round`], made.length + 1, rounds.length);
  const option = (index) => rounds[index].options[made[index] - 1];
  return {
    round: rounds[number - 1],
    number,
    count: rounds.length,
    guess: number <= made.length ? (option(number - 1) ?? "") : null,
    guessed: made.length,
    points: made.filter((_, index) => option(index) === rounds[index].answer).length,
  };
}

/** @param {import("#page/scene.js").Scene} scene */
export function build(scene) {
  const { texts } = scene;
  const now = () => standing(scene.state, scene.answers.game);
  const quiz = quizPanel(scene, guess, goOn);
  const reveal = revealPanel(texts);
  scene.work.append(
    el("div", { class: "gx-row" }, gameButtons(scene), ...dealing(scene)),
    el("div", { class: "gx-split" }, quiz.node, reveal.node),
  );
  document.addEventListener("keydown", (event) => {
    const number = digit(event);
    if (number === null || !scene.isShown() || event.target.closest?.("input, textarea, select")) return;
    quiz.options.children[number - 1]?.click();
  });
  function guess(number) {
    const { game, seed: wanted } = scene.state;
    if (now().guess !== null || scene.answers.game.seed !== wanted) return; // another game is being dealt
    scene.set({ [game]: [...scene.state[game].slice(0, now().guessed), number], [`${game}_round`]: now().number });
    quiz.next.focus();
  }
  function goOn() {
    scene.set({ [`${scene.state.game}_round`]: now().number + 1 });
    quiz.options.querySelector("button")?.focus();
  }
  return {
    paint(state, { game: dealt }) {
      const here = standing(state, dealt);
      quiz.show(here, state.game);
      reveal.show(here, state);
    },
  };
}

function gameButtons(scene) {
  const { texts } = scene;
  const labels = { sums: texts.game_sums, odd: texts.game_odd };
  const buttons = GAMES.map((game) => button(labels[game], () => scene.set({ game }), { "data-game": game }));
  scene.follow(({ game }) => {
    for (const one of buttons) one.setAttribute("aria-pressed", one.dataset.game === game);
  });
  return el("div", { class: "gx-presets", role: "group", "aria-label": texts.game_label }, buttons);
}

/** A new game, by chance or by a seed. */
function dealing(scene) {
  const { texts } = scene;
  const again = () => scene.set({ ...BEGINNING, seed: 1 + Math.floor(Math.random() * MOST_SEED) });
  return [button(texts.again, again), seedBox(withMore(scene, BEGINNING), "seed", texts.seed).node];
}

function quizPanel(scene, guess, goOn) {
  const { texts } = scene;
  const round = el("p", { class: "gx-soft" });
  const score = el("p", { class: "gx-score", role: "status" });
  const question = el("p");
  const formula = el("p", { class: "gx-formula" });
  const options = el("div", { class: "gx-options", role: "group", "aria-label": texts.game_label });
  const verdict = el("p", { class: "gx-verdict", role: "status" });
  const next = button(texts.next, goOn, { class: "gx-button gx-main" });
  const option = (word, index, here) =>
    button(fill(texts.option, { number: index + 1, word }), () => guess(index + 1), {
      class: `gx-button gx-option${here.guess !== null && word === here.round.answer ? " gx-answer" : ""}`,
      "aria-disabled": here.guess !== null,
      "aria-pressed": word === here.guess ? "true" : null,
    });
  return {
    node: el(
      "div",
      { class: "gx-panel gx-quiz" },
      el("div", { class: "gx-row" }, round, score),
      question,
      formula,
      options,
      verdict,
      next,
    ),
    options,
    next,
    show(here, game) {
      const isLast = here.number === here.count;
      const isSum = game === "sums";
      score.textContent = fill(texts.score, { points: here.points, guesses: here.guessed });
      round.textContent = fill(texts.round, here);
      question.textContent = isSum ? texts.ask_sum : texts.ask_odd;
      formula.hidden = !isSum;
      formula.textContent = `${here.round.formula ?? ""} = ?`;
      options.replaceChildren(...here.round.options.map((word, index) => option(word, index, here)));
      next.hidden = here.guess === null || isLast;
      const over = isLast ? ` ${fill(texts.over, { score: score.textContent })}` : "";
      const said = here.guess === here.round.answer ? texts.right : texts.wrong;
      verdict.textContent = here.guess === null ? "" : fill(said, here.round) + over;
    },
  };
}

/** What the vectors say, once there is a guess. */
function revealPanel(texts) {
  const heading = el("h3");
  const sums = neighbourBars({ caption: texts.ranking });
  const odd = bars({ caption: texts.closeness, unit: (at) => signed(at) });
  const node = el("div", { class: "gx-panel" }, heading, sums.node, odd.node);
  return {
    node,
    show({ guess, round }, state) {
      const isSum = state.game === "sums";
      node.hidden = guess === null;
      heading.textContent = isSum ? texts.ranking : texts.closeness;
      sums.node.hidden = !isSum;
      odd.node.hidden = isSum;
      if (node.hidden) return;
      if (isSum) {
        sums.draw(shownOf(round.neighbours, state, NEIGHBOURS), ({ word, is_input }) => ({
          note: is_input ? texts.typed : "",
          mark: word === round.answer,
        }));
        return;
      }
      const row = (word, index) => ({
        label: word,
        value: round.closeness[index],
        number: signed(round.closeness[index]),
        mark: word === round.answer,
      });
      odd.draw(round.options.map(row));
    },
  };
}
