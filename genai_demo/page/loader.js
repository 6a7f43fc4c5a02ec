// Modules without files to fetch: their sources come with the page, and are linked here into one module, in the order in which
// they need each other. (An import map would do, but Gradio writes into the head of a page that has loaded modules already, and
// there browsers older than 2025 ignore it; and one address for each module costs ten milliseconds for each.)
"use strict";
(() => {
  const sources = JSON.parse(document.getElementById("gx-modules").textContent);
  const order = []; // of their names
  const variable = (name) => `module${order.indexOf(name)}`;

  // Each module becomes a function that is called once, in whose scope its imports are constants, and which returns its exports.
  function linked(name) {
    const exported = [];
    const body = sources[name]
      .replace(/^import (\{[^}]*\}) from "(#[^"]+)";/gm, (_, names, other) => {
        return `const ${names.replaceAll(" as ", ": ")} = ${variable(other)};`;
      })
      .replace(/^import \* as (\w+) from "(#[^"]+)";/gm, (_, all, other) => `const ${all} = ${variable(other)};`)
      .replace(/^import "#[^"]+";/gm, "")
      .replace(/^export (?=(?:async )?(?:function|class|const) (\w+))/gm, (_, one) => (exported.push(one), ""));
    return `const ${variable(name)} = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();`;
  }
  function visit(name) {
    if (order.includes(name)) return;
    if (!(name in sources)) throw new Error(`there is no module ${name}`);
    for (const [, other] of sources[name].matchAll(/(?:\bfrom |^import )"(#[^"]+)";/gm)) visit(other);
    order.push(name);
  }
  Object.keys(sources).forEach(visit);
  const all = order.map((name) => `${JSON.stringify(name)}: ${variable(name)}`).join(", ");
  const source = `${order.map(linked).join("\n")}\nexport const modules = { ${all} };\n//# sourceURL=modules.js`;
  const loading = import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));

  /** @param {...string} names of modules @returns {Promise<any[]>} */
  globalThis.gxModules = async (...names) => {
    const { modules } = await loading;
    return names.map((name) => modules[name]);
  };
})();
