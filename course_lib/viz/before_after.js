// The slider of course_lib.viz.BeforeAfter. Nothing here talks to the kernel or the network.

const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };

function element(parent, tag, className, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function render({ model, el }) {
  const [first, second] = model.get("labels");
  const [width, height] = model.get("size");
  const root = element(el, "div", "before-after", { role: "group", "aria-label": `Two pictures under a slider: ${first} and ${second}` });
  root.style.maxWidth = `${model.get("width")}px`;
  const stage = element(root, "div", "before-after-stage");
  stage.style.aspectRatio = `${width} / ${height}`;
  const picture = (key, alt) =>
    element(stage, "img", "before-after-picture", { src: model.get(key), alt, draggable: "false" });
  const [firstAlt, secondAlt] = model.get("alts");
  picture("before", firstAlt);
  const after = picture("after", secondAlt);
  const leftLabel = element(stage, "span", "before-after-label left", { "aria-hidden": "true" });
  const rightLabel = element(stage, "span", "before-after-label right", { "aria-hidden": "true" });
  leftLabel.textContent = first;
  rightLabel.textContent = second;
  const handle = element(stage, "div", "before-after-handle", {
    role: "slider",
    tabindex: "0",
    "aria-label": `Boundary between ${first} (left) and ${second} (right)`,
    "aria-orientation": "horizontal",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    // Without this JupyterLab takes the arrow keys for its own commands.
    "data-lm-suppress-shortcuts": "true",
  });

  let position;
  function move(to) {
    position = Math.min(100, Math.max(0, to));
    handle.style.left = `${position}%`;
    after.style.clipPath = `inset(0 0 0 ${position}%)`;
    // A label leaves when its picture has no room for it.
    leftLabel.style.opacity = position > 15 ? 1 : 0;
    rightLabel.style.opacity = position < 85 ? 1 : 0;
    const shown = Math.round(position);
    handle.setAttribute("aria-valuenow", shown);
    handle.setAttribute("aria-valuetext", `${shown} % ${first}, ${100 - shown} % ${second}`);
  }
  move(50);

  function follow(event) {
    const box = stage.getBoundingClientRect();
    move((100 * (event.clientX - box.left)) / box.width);
  }
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });
  handle.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Home") move(0);
    else if (event.key === "End") move(100);
    else if (event.key in STEPS) move(position + STEPS[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

export default { render };
