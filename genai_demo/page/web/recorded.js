// Recorded answers, in the place of a program: a scene asks them as it asks anybody else.
import { words } from "#page/words.js";

/** The same question has the same text, in whatever order its values stand. */
const textOf = (ask, values) =>
  JSON.stringify([ask, Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))]);

/**
 * Who answers from what was recorded.
 * @param {{ask: string, values: Record<string, any>, answer: any}[]} recorded
 * @returns {any} `{server, run}`, as of a connection; `isRecorded`: no live figure will take a recorded one's place
 */
export function recordedAnswerer(recorded) {
  const answers = new Map(recorded.map(({ ask, values, answer }) => [textOf(ask, values), answer]));
  const reply = (ask, values) => answers.get(textOf(ask, values)) ?? { error: words.not_recorded };
  const server = new Proxy({}, { get: (_, ask) => async (values) => (ask === "halt" ? {} : reply(ask, values)) });
  function run(ask, { run: _, ...values }, hear) {
    hear({ part: reply(ask, values) });
    hear({ end: true });
  }
  return { server, run, isRecorded: true };
}
