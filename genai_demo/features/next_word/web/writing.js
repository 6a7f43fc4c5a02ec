// The text of the Repeat scene: a beginning, tokens that are kept, and what the model writes after them. Pure functions: what is
// chosen says which text it is, so that a link opens the same; what was read of kept tokens stays in the browser.

/**
 * @typedef {{text: string, id: number, probability: number, rank: number, bars: any[]}} Written a token with its figures
 * @typedef {{prompt: string, tokens: Written[]}} Text
 */

const SETTINGS = ["temperature", "top_p", "top_k"];
const MADE_WITH = [...SETTINGS, "seed"];
const REMEMBERED = 20; // texts that can be gone back to

/** The name under which the state holds what a text was made with, where the visitor has changed it since. */
export const then = (name) => `with_${name}`;
const NOTHING_THEN = Object.fromEntries(MADE_WITH.map((name) => [then(name), null]));

export const idsOf = (tokens) => tokens.map((token) => token.id);
const startsWith = (tokens, ids) => ids.length <= tokens.length && ids.every((id, index) => tokens[index].id === id);
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────
/**
 * What is to be written.
 * @param {import("#page/scene.js").State} state
 * @returns {import("#page/questions.js").Question}
 */
export function textQuestion(state) {
  const { prompt, kept, write, known } = state;
  const made = MADE_WITH.map((name) => [name, state[then(name)] ?? state[name]]);
  const isKnown = known.prompt === prompt && startsWith(known.tokens, kept);
  const wanted = { max_new_tokens: write, chosen: kept, tell_chosen: kept.length > 0 && !isKnown };
  return ["write", { prompt, ...Object.fromEntries(made), ...wanted }];
}

/**
 * The bars that come next, where the sliders have moved since the text was written; else null.
 * @param {import("#page/scene.js").State} state
 * @param {any} answer to the question above, or to an older one
 * @returns {import("#page/questions.js").Question | null}
 */
export function barsQuestion(state, answer) {
  const isMoved = SETTINGS.some((name) => (state[then(name)] ?? state[name]) !== state[name]);
  if (!isMoved || !isAnswer(textQuestion(state), answer) || answer.stop_reason === null) return null;
  const now = Object.fromEntries(MADE_WITH.map((name) => [name, state[name]]));
  const chosen = [...state.kept, ...idsOf(answer.tokens)];
  return ["write", { prompt: state.prompt, ...now, max_new_tokens: 0, chosen, tell_chosen: false }];
}

/** Whether this answers the question. @param {import("#page/questions.js").Question} question @param {any} answer */
export const isAnswer = ([, values], answer) =>
  !!answer && Object.entries(values).every(([name, value]) => isSame(answer.asked[name], value));

// ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────
/**
 * The text that is shown: that of the state, and if its question was refused or lost, the last one that was answered.
 * @param {import("#page/scene.js").State} state
 * @param {Record<string, any>} answers
 * @param {boolean} isAsked whether the state's question is on its way
 * @returns {Text & {stop_reason: string | null, upcoming: any[], isCurrent: boolean}}
 */
export function textOf(state, { writing, bars }, isAsked) {
  const kept = tokensOf(state.prompt, state.kept, state, writing);
  const { upcoming, stop_reason } = writing;
  if (isAnswer(textQuestion(state), writing)) {
    const question = barsQuestion(state, writing);
    const next = question && isAnswer(question, bars) ? bars.upcoming : upcoming;
    const tokens = [...(kept ?? []), ...writing.tokens];
    return { prompt: state.prompt, tokens, stop_reason, upcoming: next, isCurrent: true };
  }
  const { prompt, chosen } = writing.asked;
  const before = tokensOf(prompt, chosen, state, writing);
  if (isAsked || !before) {
    return { prompt: state.prompt, tokens: kept ?? [], stop_reason: null, upcoming, isCurrent: false };
  }
  return { prompt, tokens: [...before, ...writing.tokens], stop_reason, upcoming, isCurrent: false };
}

/**
 * What is known of tokens of which only the ids are kept; null: not enough.
 * @param {string} prompt
 * @param {number[]} ids
 * @param {import("#page/scene.js").State} state
 * @param {any} answer
 * @returns {Written[] | null}
 */
function tokensOf(prompt, ids, { known }, { asked, chosen, tokens }) {
  const told = chosen.length === asked.chosen.length ? [...chosen, ...tokens] : [];
  for (const source of [known, { prompt: asked.prompt, tokens: told }]) {
    if (source.prompt === prompt && startsWith(source.tokens, ids)) return source.tokens.slice(0, ids.length);
  }
  return ids.length ? null : [];
}

// ── what a visitor does ──────────────────────────────────────────────────────────────────────────────────────────────
/**
 * Keep these tokens, and write so many more.
 * @param {import("#page/scene.js").State} state
 * @param {Text} text
 * @param {number} write
 * @returns {import("#page/scene.js").State} what changes
 */
export const goOn = ({ picked }, { prompt, tokens }, write) => ({
  ...NOTHING_THEN,
  prompt,
  kept: idsOf(tokens),
  known: { prompt, tokens },
  picked: picked.filter((place) => place < tokens.length),
  write,
  at: null,
  stopped: false,
});

/**
 * Choose a bar instead of what stands at its place, or after the last token.
 * @param {import("#page/scene.js").State} state
 * @param {Text & {upcoming: any[]}} text
 * @param {any} bar
 * @param {number} place
 */
export function choose(state, { prompt, tokens, upcoming }, bar, place) {
  const bars = place < tokens.length ? tokens[place].bars : upcoming;
  const { text, id, probability } = bar;
  const chosen = { text, id, probability, rank: bars.indexOf(bar) + 1, bars };
  const changes = goOn(state, { prompt, tokens: [...tokens.slice(0, place), chosen] }, 0);
  return { ...changes, picked: [...changes.picked.filter((one) => one < place), place] };
}

/**
 * The text, remembered for undo.
 * @param {import("#page/scene.js").State} state
 * @param {Text} text
 */
export const remembered = ({ past, picked }, { prompt, tokens }) => ({
  past: [...past, { prompt, tokens, picked }].slice(-REMEMBERED),
});

/** Back to the text before. @param {import("#page/scene.js").State} state */
export function undone(state) {
  const { picked, ...text } = state.past.at(-1);
  return { ...goOn({ picked }, text, 0), past: state.past.slice(0, -1) };
}

/**
 * A new beginning has no text yet; what the sliders and the seed were stays with the text that was written.
 * @param {import("#page/scene.js").State} before
 * @param {import("#page/scene.js").State} after
 * @param {Record<string, any>} answers
 */
export function consequences(before, after, answers) {
  if (before.prompt !== after.prompt) {
    const empty = { ...goOn(before, { prompt: after.prompt, tokens: [] }, 0), known: before.known }; // it may be refused
    if (answers.writing.provenance.kind === "recorded") return { ...empty, write: before.write }; // the opening example
    const isAnswered = isAnswer(textQuestion(before), answers.writing);
    return { ...empty, ...(isAnswered ? remembered(before, textOf(before, answers, false)) : {}) };
  }
  const changed = MADE_WITH.filter((name) => before[name] !== after[name]);
  if (!changed.length) return {};
  if (!before.write) return { stopped: false };
  const made = changed.map((name) => [name, before[then(name)] ?? before[name]]);
  return Object.fromEntries(made.map(([name, value]) => [then(name), value === after[name] ? null : value]));
}
