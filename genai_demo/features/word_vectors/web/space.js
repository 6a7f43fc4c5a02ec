// A map of words in three dimensions. Plotly draws it; its script is fetched from the page's own server when it is first needed.
import { turned } from "#features/word_vectors/web/camera.js";
import { el, projector } from "#page/dom.js";

/**
 * @param {import("#page/scene.js").Scene} scene whose state holds the `camera`
 * @param {{label: string, turn: string, loading: string}} said
 * @param {(word: string) => void} onselect a word is pointed at
 * @returns {{node: any, draw: (points: any[], axes: string[]) => void}}
 */
export function space(scene, said, onselect) {
  const attributes = { class: "gx-space-frame", tabindex: "0", role: "application", "aria-label": said.label };
  const frame = el("div", { ...attributes, onkeydown: (event) => turnByKey(frame, event) });
  const node = el("div", { class: "gx-space", hidden: true }, frame, el("p", { class: "gx-soft" }, said.turn));
  let drawn = ""; // what is there already: it is not drawn again
  return {
    node,
    draw(points, axes) {
      if (!window.Plotly) {
        frame.textContent = said.loading;
        fetched(scene).then(() => scene.paint());
        return;
      }
      const look = lookOf(scene);
      const picture = { data: [trace(points, look)], layout: layout(axes, look) };
      const whole = JSON.stringify(picture);
      if (drawn === whole) return;
      if (!drawn) frame.replaceChildren();
      if (scene.state.camera) picture.layout.scene.camera = structuredClone(scene.state.camera);
      drawn = whole;
      show(scene, frame, picture, (index) => onselect(points[index].word));
    },
  };
}

let fetching = null;
/** Plotly's script; a connection that was lost is waited for. @returns {Promise<void>} */
function fetched(scene) {
  const root = window.gradio_config?.root ?? location.origin + location.pathname.replace(/\/$/, "");
  const attempt = () =>
    new Promise((onload, onerror) =>
      document.head.append(el("script", { src: `${root}/${scene.settings.plotly}`, onload, onerror })),
    ).catch(() => scene.lost().then(attempt));
  fetching ??= attempt();
  return fetching;
}

async function show(scene, frame, { data, layout: arrangement }, hovered) {
  await window.Plotly.react(frame, data, arrangement, { responsive: true, displayModeBar: false });
  for (const event of ["plotly_hover", "plotly_relayout"]) frame.removeAllListeners?.(event);
  frame.on("plotly_hover", ({ points: [point] }) => hovered(point.pointNumber));
  frame.on("plotly_relayout", () => {
    const { eye, center, up } = frame._fullLayout.scene.camera;
    scene.set({ camera: { eye: { ...eye }, center: { ...center }, up: { ...up } } });
  });
}

function turnByKey(frame, event) {
  const eye = frame._fullLayout?.scene?.camera?.eye;
  const next = eye && turned(eye, event.key);
  if (!next) return;
  event.preventDefault();
  window.Plotly.relayout(frame, { "scene.camera.eye": next });
}

// ── how it looks ─────────────────────────────────────────────────────────────────────────────────────────────────────
function lookOf({ node }) {
  const style = getComputedStyle(node);
  return {
    size: projector() ? 20 : 13,
    family: style.fontFamily,
    colour: (name) => style.getPropertyValue(`--gx-${name}`).trim(),
  };
}

const SIGNS = { "<": "‹", ">": "›", "&": "+" };
const plain = (text) => text.replace(/[<>&]/g, (sign) => SIGNS[sign]); // Plotly reads its said as HTML

function trace(points, { size, colour }) {
  return {
    type: "scatter3d",
    mode: "markers+text",
    x: points.map((point) => point.x),
    y: points.map((point) => point.y),
    z: points.map((point) => point.z),
    text: points.map((point) => plain(point.word)),
    hoverinfo: "text",
    textfont: { size, color: colour("text") },
    marker: {
      size: 5,
      color: points.map((point) => colour(point.fitted ? "accent" : "warm")),
      symbol: points.map((point) => (point.fitted ? "circle" : "diamond-open")),
    },
  };
}

/** @returns {any} as Plotly calls it */
function layout(axes, { size, family, colour }) {
  const [xaxis, yaxis, zaxis] = axes.map((text) => ({
    title: { text, font: { size: size - 1 } },
    color: colour("soft"),
    gridcolor: colour("line"),
    zerolinecolor: colour("soft"),
    showbackground: false,
    showticklabels: false,
  }));
  return {
    uirevision: "turned",
    paper_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 0, r: 0, t: 0, b: 0 },
    font: { family },
    scene: { aspectmode: "data", xaxis, yaxis, zaxis },
  };
}
