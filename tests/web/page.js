// The page's scripts in Node: put one after another into a world of their own, as `_head` in genai_demo/page/build.py does.
"use strict";
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const vm = require("node:vm");

const ROOT = join(__dirname, "..", "..", "genai_demo");

/**
 * The scripts of some folders, loaded without a document: enough for mathematics, words and keys.
 * @param {string[]} folders below genai_demo, such as "page"
 * @param {Record<string, unknown>} world what else the scripts find there
 * @returns {any} the `genai` that they share
 */
function load(folders, world = {}) {
  const nothing = () => {};
  const scope = vm.createContext({
    URLSearchParams,
    URL,
    console,
    setTimeout,
    clearTimeout,
    BigInt,
    addEventListener: nothing,
    location: { search: "", pathname: "/", hash: "" },
    document: { addEventListener: nothing, documentElement: {}, querySelector: () => null },
    matchMedia: () => ({ matches: false, addEventListener: nothing }),
    crypto: globalThis.crypto,
    history: {},
    AbortController,
    ...world,
  });
  scope.window = scope;
  for (const folder of folders) {
    const scripts = readdirSync(join(ROOT, folder, "web"))
      .filter((name) => name.endsWith(".js"))
      .sort();
    for (const name of scripts)
      vm.runInContext(readFileSync(join(ROOT, folder, "web", name), "utf8"), scope, { filename: `${folder}/${name}` });
  }
  return scope.genai;
}

module.exports = { load };
