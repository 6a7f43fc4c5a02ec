// The way to the program: questions and runs over Gradio's own routes, noticing that nobody answers, waiting until somebody does.
// Gradio's browser client is no help here: it turns a failed question into `undefined`, and reloads the page after a broken run.
export class Lost extends Error {} // no answer, or one of something that stands between
const BETWEEN = [502, 503, 504],
  FIRST_PROBE_MS = 1_000,
  PROBE_MS = 3_000;
const SILENCE_MS = 45_000; // a stream says something at least every 15 seconds

// ── leaving: what breaks off because the page goes away is no news ───────────────────────────────────────
let leaving = null;
function leave() {
  leaving ??= new Promise((/** @type {(nothing?: undefined) => void} */ resolve) => {
    const stay = () => {
      leaving = null;
      resolve();
    };
    addEventListener("pageshow", stay, { once: true });
    setTimeout(stay, 5_000); // a download, or a visitor who was asked and stays
  });
}
globalThis.addEventListener?.("beforeunload", leave);
globalThis.addEventListener?.("pagehide", leave);

// ── one exchange ─────────────────────────────────────────────────────────────────────────────────────────
// As Gradio's client: the page's own origin where only port or protocol differ, as behind a proxy.
function root() {
  const told = new URL(window.gradio_config.root, location.href);
  const origin = told.hostname === location.hostname ? location.origin : told.origin;
  return origin + told.pathname.replace(/\/$/, "");
}
const route = (path) => `${root()}${window.gradio_config.api_prefix ?? ""}/${path}`;
async function exchange(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...options });
  } catch {
    await leaving;
    throw new Lost();
  }
  if (BETWEEN.includes(response.status)) throw new Lost();
  if (!response.ok) throw new Error(`${response.status} ${address}`);
  return response;
}
async function json(response) {
  try {
    return await response.json();
  } catch {
    await leaving;
    throw new Lost();
  } // cut off, or a page that asks for a login
}
async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    return await json(await exchange(route(path), { method: "POST", headers, body: JSON.stringify(body) }));
  } catch (error) {
    if (error instanceof Lost) lose();
    throw error;
  }
}

// ── lost and found ───────────────────────────────────────────────────────────────────────────────────────
let away = null,
  timer; // `away`: while the program is out of reach
const listeners = [];
const tell = () => {
  for (const work of listeners) work(away !== null);
};
/** Resolves as soon as somebody answers again. */
export const back = () => away?.promise ?? Promise.resolve();
/** Nobody answers: the page says so, and tries again by itself. */
export function lose() {
  if (away) return;
  away = {};
  away.promise = new Promise((resolve) => {
    away.resolve = resolve;
  });
  timer = setTimeout(probe, FIRST_PROBE_MS);
  tell();
}
async function probe() {
  clearTimeout(timer);
  const id = await appId();
  if (id === null) {
    lose();
    breakOff();
    clearTimeout(timer);
    timer = setTimeout(probe, PROBE_MS);
    return;
  }
  if (!away) return;
  if (id !== window.gradio_config.app_id && (await isAnother())) {
    location.reload();
    return;
  }
  const { resolve } = away;
  away = null;
  tell();
  resolve();
}
async function appId() {
  try {
    return (await json(await exchange(route("app_id"), { cache: "no-store" }))).app_id;
  } catch {
    return null;
  }
}
globalThis.addEventListener?.("offline", () => probe()); // what runs on this machine answers all the same
globalThis.addEventListener?.("online", () => {
  if (away) probe();
});

// A program that was started again is the same one, unless its page has changed: other texts, other models, other code.
const printOf = ({ version, head, components, dependencies }) =>
  JSON.stringify([
    version,
    head,
    components.map(({ id, props }) => [
      id,
      props.elem_id,
      props.server_fns,
      props.html_template,
      props.js_on_load,
      props.props,
    ]),
    dependencies.map(({ id, targets }) => [id, targets]),
  ]);
let print = null;
async function isAnother() {
  try {
    return printOf(await json(await exchange(`${root()}/config`, { cache: "no-store" }))) !== print;
  } catch {
    return false;
  }
}

// ── runs: one stream brings the messages of all of them ──────────────────────────────────────────────────
const handlers = new Map(),
  early = new Map(); // event id → what hears of it; messages that came before their id was known
let session = newName(),
  joining = 0,
  stream = null;
function newName() {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}

// `hear` gets {place} while the run stands in a queue, {part} for each part, and at last {end: true}, perhaps with {lost} or {failed}.
async function run(component, event, request, hear) {
  const isIt = ([target, name]) => target === component && name === event;
  const { id } = window.gradio_config.dependencies.find(({ targets }) => targets.some(isIt));
  joining++;
  try {
    const joined = await post("queue/join", {
      data: [],
      event_data: request,
      fn_index: id,
      trigger_id: component,
      session_hash: session,
    });
    const handle = handler(joined.event_id, hear);
    handlers.set(joined.event_id, handle);
    listen();
    for (const message of early.get(joined.event_id) ?? []) handle(message);
  } catch (error) {
    hear({ end: true, lost: error instanceof Lost, failed: !(error instanceof Lost) });
  } finally {
    if (--joining === 0) early.clear();
  }
}
function handler(id, hear) {
  let value,
    parts = 0;
  const end = (how) => {
    handlers.delete(id);
    hear({ end: true, ...how });
  };
  return (message) => {
    const { msg, output } = message;
    if (msg === "lost" || msg === "unexpected_error") end({ lost: true });
    else if (msg === "estimation") hear({ place: message.rank + 1 });
    else if (msg === "process_starts") hear({ place: 0 });
    else if (msg === "process_generating" && message.success) {
      value = parts++ ? output.data[0].reduce(changed, value) : output.data[0];
      hear({ part: value });
    } else if (msg === "process_completed") end({ failed: !message.success || !parts });
  };
}
// Gradio sends the first value whole, then only what has changed. The older values stay as they are: scenes keep them.
/** @param {any} value @param {any[]} change @returns {any} */
function changed(value, [action, [key, ...path], by]) {
  if (key === undefined) return action === "append" ? value + by : by;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (path.length || action === "append" || action === "replace") copy[key] = changed(value[key], [action, path, by]);
  else if (action === "delete") Array.isArray(copy) ? copy.splice(key, 1) : delete copy[key];
  else if (Array.isArray(copy)) copy.splice(key, 0, by);
  else copy[key] = by;
  return copy;
}
async function listen() {
  if (stream) return;
  const mine = (stream = new AbortController());
  try {
    while (handlers.size && stream === mine) await read(mine);
  } catch {
    await leaving;
    lose();
    if (stream === mine) breakOff();
  } finally {
    if (stream === mine) stream = null;
  }
}
async function read(mine) {
  const response = await exchange(`${route("queue/data")}?session_hash=${session}`, { signal: mine.signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "", silence; ;) {
    silence = setTimeout(() => mine.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const messages = (text + value).split("\n\n");
    text = messages.pop();
    for (const one of messages) deliver(JSON.parse(one.slice("data:".length)));
  }
}
function deliver(message) {
  const id = message.event_id;
  if (!id && message.msg === "unexpected_error") throw new Lost(); // the program is ending, or knows nothing of this page
  if (handlers.has(id)) handlers.get(id)(message);
  else if (id && joining) early.set(id, [...(early.get(id) ?? []), message]);
}
function breakOff() {
  stream?.abort();
  stream = null;
  session = newName(); // whatever the old one still had is not wanted any more
  for (const handle of [...handlers.values()]) handle({ msg: "lost" });
}

// ── what an element's component may ask and run ──────────────────────────────────────────────────────────
/**
 * @param {any} element inside a component
 * @returns {{server: Record<string, (values: any) => Promise<any>>, run: (event: string, request: any, hear: (news: any) => void) => void}}
 */
export function of(element) {
  const { components } = window.gradio_config;
  const named = (id) => components.find(({ props }) => id && props.elem_id === id);
  let node = element;
  while (!named(node.id)) node = node.parentElement;
  const component_id = named(node.id).id,
    names = named(node.id).props.server_fns ?? [];
  print ??= printOf(window.gradio_config);
  const ask = (fn_name) => (data) => post("component_server/", { data, component_id, fn_name, session_hash: session });
  return {
    server: Object.fromEntries(names.map((name) => [name, ask(name)])),
    run: (event, request, hear) => run(component_id, event, request, hear),
  };
}

/** @param {(lost: boolean) => void} work hears of every loss and of every return */
export const watch = (work) => listeners.push(work);
