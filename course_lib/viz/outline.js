// The picture of course_lib.viz.Outline, on which a reader draws outlines. The kernel scores them.

const SVG = "http://www.w3.org/2000/svg";
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function element(parent, tag, className, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function render({ model, el }) {
  const [width, height] = model.get("size");
  const root = element(el, "div", "outline", { role: "group", "aria-label": "Draw outlines on a picture" });
  const stage = element(root, "div", "outline-stage", {
    tabindex: "0",
    role: "application",
    "aria-label": "Picture. Arrow keys move the cross, Space sets a corner, Enter closes the outline, Backspace takes a corner back.",
    // Without this JupyterLab takes the keys for its own commands.
    "data-lm-suppress-shortcuts": "true",
  });
  stage.style.maxWidth = `${model.get("width")}px`;
  stage.style.aspectRatio = `${width} / ${height}`;
  element(stage, "img", "outline-picture", { src: model.get("picture"), alt: model.get("alt"), draggable: "false" });
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", "Your outlines");
  stage.append(drawing);
  const bar = element(root, "div", "outline-bar");
  const button = (label, action) => {
    const node = element(bar, "button", "outline-button", { type: "button" });
    node.textContent = label;
    node.addEventListener("click", action);
  };
  const status = element(root, "p", "outline-status", { role: "status" });

  let corners = [];
  let cross = [Math.floor(width / 2), Math.floor(height / 2)];
  const outlines = () => model.get("outlines");

  function keep(list) {
    model.set("outlines", list);
    model.save_changes();
    draw();
  }
  function add(point) {
    corners.push(point);
    draw();
  }
  function close() {
    if (corners.length < 3) return;
    const done = corners;
    corners = [];
    keep([...outlines(), done]);
  }
  function back() {
    if (corners.length) corners.pop();
    else if (outlines().length) return keep(outlines().slice(0, -1));
    draw();
  }
  function clear() {
    corners = [];
    keep([]);
  }
  function shape(tag, className, attributes) {
    const node = document.createElementNS(SVG, tag);
    node.setAttribute("class", className);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    drawing.append(node);
  }
  function draw() {
    drawing.replaceChildren();
    for (const outline of outlines()) shape("polygon", "outline-done", { points: outline.join(" ") });
    if (corners.length) shape("polyline", "outline-open", { points: [...corners, cross].join(" ") });
    for (const [x, y] of corners) shape("circle", "outline-corner", { cx: x, cy: y, r: width / 150 });
    const arm = width / 60;
    const [x, y] = cross;
    shape("path", "outline-cross", { d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` });
    status.textContent = corners.length
      ? `${corners.length} corner${corners.length > 1 ? "s" : ""} of a new outline`
      : model.get("verdict");
  }
  function at(event) {
    const box = stage.getBoundingClientRect();
    const inside = (value, most) => Math.round(10 * Math.min(most, Math.max(0, value))) / 10;
    return [
      inside((width * (event.clientX - box.left)) / box.width, width),
      inside((height * (event.clientY - box.top)) / box.height, height),
    ];
  }

  button("Close the outline", close);
  button("Take back", back);
  button("Clear", clear);
  stage.addEventListener("pointermove", (event) => {
    cross = at(event);
    draw();
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.focus({ preventScroll: true });
    cross = at(event);
    const [x, y] = corners[0] ?? [Infinity, Infinity];
    if (corners.length > 2 && Math.hypot(x - cross[0], y - cross[1]) < width / 50) close();
    else add(cross);
    event.preventDefault();
  });
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in MOVES) {
      const by = event.shiftKey ? 10 : 2;
      const [dx, dy] = MOVES[event.key];
      cross = [Math.min(width, Math.max(0, cross[0] + by * dx)), Math.min(height, Math.max(0, cross[1] + by * dy))];
      draw();
    } else if (event.key === " ") add([...cross]);
    else if (event.key === "Enter") close();
    else if (event.key === "Backspace") back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  model.on("change:verdict change:outlines", draw);
  draw();
  return () => model.off("change:verdict change:outlines", draw);
}

export default { render };
