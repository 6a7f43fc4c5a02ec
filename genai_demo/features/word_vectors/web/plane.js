// A map of words in two directions: words that never cover one another, arrows, a keyboard. Both directions have the
// same scale, unless the model says stretch; ends are words that name the ends of the axes.
"use strict";
// sparse: reference words whose name has no room beside their dot show it only when they are pointed at.
genai.plane = ({ label, onselect = (_point) => {}, sparse = false, tall = 0.62 }) => {
  const { el, svg, calm } = genai;
  const MARGIN = 26,
    RADIUS = 5,
    MOVE_MS = 700;
  const picture = svg("svg", { class: "gx-plane", tabindex: "0", role: "application", "aria-label": label });
  const node = el("div", { class: "gx-plane-frame" }, picture);
  let model = { points: [], arrows: [] },
    places = new Map(),
    offsets = new Map(),
    selected = null,
    frame = 0,
    width = 0,
    height = 0;

  // ── from the model's coordinates to the screen ──
  function viewOf(next) {
    width = Math.max(280, node.clientWidth);
    const most = document.body.classList.contains("gx-projector") ? 0.52 : 0.62; // of the screen: the whole picture is seen at once
    height = Math.round(Math.max(300, Math.min(width * tall, innerHeight * most)));
    const spots = [...next.points, ...next.arrows.flatMap((arrow) => [arrow.from, arrow.to])];
    if (!spots.length) spots.push({ x: 0, y: 0 });
    const range = (axis) => [
      Math.min(...spots.map((spot) => spot[axis])),
      Math.max(...spots.map((spot) => spot[axis])),
    ];
    const [left, right] = range("x"),
      [bottom, top] = range("y");
    const side = MARGIN + 1.6 * fontSize();
    const across = (width - 2 * side) / (right - left || 1),
      up = (height - 2 * MARGIN - (next.ends ? 3 : 1.2) * fontSize()) / (top - bottom || 1);
    const scale = next.stretch ? { x: across, y: up } : { x: Math.min(across, up), y: Math.min(across, up) };
    const middle = { x: (left + right) / 2, y: (bottom + top) / 2 };
    return (spot) => ({
      x: width / 2 + scale.x * (spot.x - middle.x),
      y: height / 2 - 0.5 * fontSize() - scale.y * (spot.y - middle.y),
    });
  }
  const fontSize = () => parseFloat(getComputedStyle(node).fontSize) || 15;

  // ── labels: the nearest free place around the dot, searched in rings ──
  const pen = document.createElement("canvas").getContext("2d");
  function labelOffsets(points, at, arrows) {
    const size = fontSize(),
      family = getComputedStyle(node).fontFamily;
    const taken = points.map((point) => box(at(point), 2 * RADIUS + 2, 2 * RADIUS + 2));
    const blocks = (one) =>
      one.left < 1.6 * size ||
      one.top < 2 ||
      one.right > width - 2 ||
      one.bottom > height - 1.5 * size ||
      taken.some((other) => overlap(one, other));
    const found = new Map();
    const reserve = (key, centre, text, weight, rings) => {
      pen.font = `${weight} ${size}px ${family}`;
      const wide = pen.measureText(text).width + 6,
        high = 1.15 * size;
      for (const distance of rings) {
        for (const [dx, dy] of directions(distance)) {
          const centreOfText = { x: centre.x + dx * (distance + wide / 2), y: centre.y + dy * (distance + high / 2) };
          const place = box(centreOfText, wide, high);
          if (blocks(place)) continue;
          taken.push(place);
          const edge = {
            x: clamp(centre.x, place.left, place.right) - centre.x,
            y: clamp(centre.y, place.top, place.bottom) - centre.y,
          };
          found.set(key, {
            x: centreOfText.x - centre.x,
            y: centreOfText.y - centre.y,
            leader: distance > 16 ? edge : null,
          });
          return;
        }
      }
    };
    const rings = Array.from({ length: 22 }, (_, ring) => 8 + 8 * ring);
    const rank = (point) => (point.kind === "reference" ? 1 : 0);
    for (const arrow of arrows.filter((one) => one.text)) {
      const from = at(arrow.from),
        to = at(arrow.to);
      reserve(arrow, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }, arrow.text, 700, rings.slice(0, 8));
    }
    for (const point of [...points].sort((one, other) => rank(one) - rank(other))) {
      if (point.text !== "")
        reserve(
          point.id,
          at(point),
          point.text,
          point.kind === "reference" ? 500 : 700,
          sparse && point.kind === "reference" ? rings.slice(0, 2) : rings,
        );
    }
    return found;
  }
  const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
  const box = (centre, wide, high) => ({
    left: centre.x - wide / 2,
    right: centre.x + wide / 2,
    top: centre.y - high / 2,
    bottom: centre.y + high / 2,
  });
  const overlap = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  function directions(distance) {
    const near = [
      [1, 0],
      [-1, 0],
      [0, -1],
      [0, 1],
      [0.8, -0.8],
      [-0.8, -0.8],
      [0.8, 0.8],
      [-0.8, 0.8],
    ];
    if (distance < 16) return near;
    return [
      ...near,
      ...Array.from({ length: 12 }, (_, index) => [
        Math.cos((index * Math.PI) / 6 + 0.26),
        Math.sin((index * Math.PI) / 6 + 0.26),
      ]),
    ];
  }

  // ── drawing ──
  function draw(next, { animate = false } = {}) {
    model = { arrows: [], ...next };
    if (!node.clientWidth) return; // not on the screen: drawn when it is shown
    const at = viewOf(model);
    const before = places;
    places = new Map(model.points.map((point) => [point.id, at(point)]));
    offsets = labelOffsets(model.points, at, model.arrows);
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("width", width);
    picture.setAttribute("height", height);
    const points = model.points.map(pointNode),
      arrows = model.arrows.map((arrow) => arrowNode(arrow, at));
    picture.replaceChildren(...frameNodes(at), ...arrows.filter(Boolean), ...points.map((one) => one.group));
    cancelAnimationFrame(frame);
    const moving = animate && !calm() && before.size;
    const begin = performance.now();
    function step(now) {
      const done = moving ? Math.min(1, Math.max(0, (now - begin) / MOVE_MS)) : 1;
      const eased = done * done * (3 - 2 * done);
      for (const { group, point } of points) {
        const to = places.get(point.id),
          from = (moving && before.get(point.id)) || to;
        group.setAttribute(
          "transform",
          `translate(${(from.x + (to.x - from.x) * eased).toFixed(1)} ${(from.y + (to.y - from.y) * eased).toFixed(1)})`,
        );
      }
      if (done < 1) frame = requestAnimationFrame(step);
    }
    step(begin);
    if (selected) select(model.points.find((point) => point.id === selected)?.id ?? null, false);
  }
  function frameNodes(at) {
    const zero = at({ x: 0, y: 0 }),
      nodes = [];
    if (model.cross)
      nodes.push(
        svg("line", { class: "gx-grid", x1: 0, x2: width, y1: zero.y, y2: zero.y }),
        svg("line", { class: "gx-grid", x1: zero.x, x2: zero.x, y1: 0, y2: height }),
      );
    const text = (words, x, y, attributes) => {
      const one = svg("text", { class: `gx-axis-text${model.ends ? " gx-end" : ""}`, x, y, ...attributes });
      one.textContent = words;
      nodes.push(one);
    };
    const size = fontSize(),
      upright = (y) => ({ "text-anchor": "middle", transform: `translate(${0.9 * size} ${y}) rotate(-90)` });
    if (model.xLabel) text(model.xLabel, width / 2, height - 6, { "text-anchor": "middle" });
    if (model.yLabel) text(model.yLabel, 0, 0, upright(height / 2 - 10));
    if (model.ends) {
      text(`← ${model.ends.left}`, 1.8 * size, height - 6, {});
      text(`${model.ends.right} →`, width - 6, height - 6, { "text-anchor": "end" });
      text(`← ${model.ends.bottom}`, 0, 0, { ...upright(height - 1.8 * size), "text-anchor": "start" });
      text(`${model.ends.top} →`, 0, 0, { ...upright(6), "text-anchor": "end" });
    }
    return nodes;
  }
  function pointNode(point) {
    const group = svg("g", { class: `gx-point gx-${point.kind}`, "data-word": point.id });
    const offset = offsets.get(point.id);
    if (offset?.leader)
      group.append(svg("line", { class: "gx-leader", x1: 0, y1: 0, x2: offset.leader.x, y2: offset.leader.y }));
    group.append(shape(point.kind));
    const text = svg("text", {
      x: offset?.x ?? 0,
      y: offset?.y ?? -fontSize(),
      "text-anchor": "middle",
      "dominant-baseline": "central",
    });
    text.textContent = point.text;
    group.classList.toggle("gx-unnamed", !offset);
    group.append(text);
    group.addEventListener("pointerenter", () => select(point.id));
    group.addEventListener("click", () => select(point.id));
    return { group, point };
  }
  function shape(kind) {
    if (kind === "answer")
      return svg("path", {
        class: "gx-dot",
        d: "M0-11 3-3.6 10.5-3.4 4.6 1.3 6.5 8.9 0 4.6-6.5 8.9-4.6 1.3-10.5-3.4-3-3.6Z",
      });
    if (kind === "yours" || kind === "pole")
      return svg("rect", { class: "gx-dot", x: -6, y: -6, width: 12, height: 12 });
    if (kind === "projected")
      return svg("rect", { class: "gx-dot", x: -6, y: -6, width: 12, height: 12, transform: "rotate(45)" });
    if (kind === "landing") return svg("g", { class: "gx-dot" }, svg("circle", { r: 10 }), svg("circle", { r: 3 }));
    return svg("circle", { class: "gx-dot", r: RADIUS });
  }
  function arrowNode(arrow, at) {
    const from = at(arrow.from),
      to = at(arrow.to),
      length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length < 1) return null;
    const ux = (to.x - from.x) / length,
      uy = (to.y - from.y) / length,
      head = Math.min(12, length);
    const tip = `M${to.x} ${to.y}L${to.x - head * ux - 0.5 * head * uy} ${to.y - head * uy + 0.5 * head * ux}L${to.x - head * ux + 0.5 * head * uy} ${to.y - head * uy - 0.5 * head * ux}Z`;
    const group = svg(
      "g",
      { class: `gx-arrow gx-${arrow.kind}` },
      svg("line", { x1: from.x, y1: from.y, x2: to.x - 0.7 * head * ux, y2: to.y - 0.7 * head * uy }),
      svg("path", { d: tip }),
    );
    const offset = offsets.get(arrow);
    if (offset) {
      const text = svg("text", {
        x: (from.x + to.x) / 2 + offset.x,
        y: (from.y + to.y) / 2 + offset.y,
        "text-anchor": "middle",
        "dominant-baseline": "central",
      });
      text.textContent = arrow.text;
      group.append(text);
    }
    return group;
  }

  // ── choosing a word: by pointer, or with the arrow keys ──
  function select(id, tell = true) {
    selected = id;
    for (const group of picture.querySelectorAll(".gx-point"))
      group.classList.toggle("gx-selected", group.dataset.word === id);
    const point = model.points.find((one) => one.id === id);
    if (tell && point) onselect(point);
  }
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  picture.addEventListener("keydown", (event) => {
    const way = WAYS[event.key];
    if (!way || !places.size) return;
    event.preventDefault();
    const here = places.get(selected);
    if (!here) {
      select(model.points[0].id);
      return;
    }
    let best = null,
      least = Infinity;
    for (const [id, place] of places) {
      const along = (place.x - here.x) * way[0] + (place.y - here.y) * way[1];
      const across = Math.abs((place.x - here.x) * way[1]) + Math.abs((place.y - here.y) * way[0]);
      if (id !== selected && along > 0 && along + 2 * across < least) {
        best = id;
        least = along + 2 * across;
      }
    }
    if (best !== null) select(best);
  });
  new ResizeObserver(() => {
    if (node.clientWidth && Math.abs(node.clientWidth - width) > 1) draw(model);
  }).observe(node);
  document.addEventListener("gx-projector", () => draw(model));

  return {
    node,
    picture,
    draw,
    select,
    get selected() {
      return selected;
    },
  };
};
