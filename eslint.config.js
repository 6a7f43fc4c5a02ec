// The page's scripts are put into it one after another (see `_head` in genai_demo/page/build.py); all share `genai`.
"use strict";
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  js.configs.recommended,
  {
    languageOptions: { sourceType: "script", globals: { ...globals.browser, genai: "writable" } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", 400],
      "no-var": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Texts of visitors and models only ever become text nodes." },
        { property: "outerHTML", message: "Texts of visitors and models only ever become text nodes." },
        { property: "insertAdjacentHTML", message: "Texts of visitors and models only ever become text nodes." },
      ],
      "no-shadow": "error",
      "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_" }],
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["tests/web/**", "eslint.config.js"], languageOptions: { globals: { ...globals.node } } },
];
