// Modules without files to fetch: their sources come with the page, and each becomes an address of its own when it is wanted.
// (An import map would do, but Gradio writes into the head of a page that has loaded modules already, and there browsers
// older than 2025 ignore it.)
"use strict";
(() => {
  const sources = JSON.parse(document.getElementById("gx-modules").textContent);
  const addresses = new Map();
  const imported = /(\bfrom |\bimport )"(#[^"]+)"/g;

  function address(name) {
    if (!(name in sources)) throw new Error(`there is no module ${name}`);
    if (!addresses.has(name)) {
      const source = sources[name].replace(imported, (_, before, other) => `${before}"${address(other)}"`);
      const file = new Blob([source, `\n//# sourceURL=${name}`], { type: "text/javascript" });
      addresses.set(name, URL.createObjectURL(file));
    }
    return addresses.get(name);
  }
  /** @param {...string} names of modules @returns {Promise<any[]>} */
  globalThis.gxModules = (...names) => Promise.all(names.map((name) => import(address(name))));
})();
