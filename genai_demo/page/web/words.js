// What the page itself says, as far as scripts write it: the texts of genai_demo/page/texts, which come with the page.

/** @type {any} */
export const words = JSON.parse(globalThis.document?.getElementById("gx-words")?.textContent ?? "{}");
