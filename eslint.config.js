// The page's scripts are modules; only what makes them from their sources is a script of its own.
import js from "@eslint/js";
import globals from "globals";

const asText = { message: "Texts of visitors and models only ever become text nodes." };

export default [
  js.configs.recommended,
  {
    languageOptions: { sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
      "no-var": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, ...asText })),
      ],
      "no-shadow": "error",
      "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_" }],
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["genai_demo/page/loader.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/web/**", "eslint.config.js"], languageOptions: { globals: globals.node } },
];
