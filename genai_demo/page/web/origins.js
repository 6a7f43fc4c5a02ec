// Where the figures of a scene come from whose parts are answered one by one.
"use strict";
// A function (part, origin): the scene's line says "computed now" only when every part that has been named is.
genai.partOrigins = (scene) => {
  const parts = new Map();
  return (part, origin) => {
    parts.set(part, origin);
    scene.origin([...parts.values()].find((one) => one.kind === "recorded") ?? origin);
  };
};
