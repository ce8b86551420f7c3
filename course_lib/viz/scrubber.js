// The slider of course_lib.viz.Scrubber. Nothing here talks to the kernel or the network.

const GAP = 2; // pixels of a crop between two crops
const ROW = 160; // CSS pixels up to which a row is enlarged, so that curves are seen with it
// Frames of a failing run may flicker; above 3 flashes a second could trigger a seizure.
const PLAY_MS = 250;
const CALM_MS = 1000;
const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].concat(
  ["Home", "End", "PageUp", "PageDown", " "]);

function element(parent, tag, className, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function text(parent, tag, className, content, attributes) {
  const node = element(parent, tag, className, attributes);
  node.textContent = content;
  return node;
}

// Labelled rows of crops; draws a row of the sprite into one of them.
function contactSheet(parent, crops) {
  const { count, width, height, enlarged } = crops;
  const sheet = element(parent, "div", "scrubber-sheet");
  const rows = ["rainy", "what G makes", "clean"].map((label) => {
    text(sheet, "div", "scrubber-label", label, { "aria-hidden": "true" });
    const canvas = element(sheet, "canvas", "scrubber-row", { role: "img", "aria-label": label });
    canvas.width = count * (width + GAP) - GAP;
    canvas.height = height;
    return canvas;
  });

  function fit() {
    const labels = sheet.firstChild.getBoundingClientRect().width + 8;
    const room = sheet.clientWidth - labels;
    const ratio = Math.max(1, Math.floor(window.devicePixelRatio));
    // Whole pixels of the screen, so that each pixel of a crop is a square of one size.
    const scale = Math.min(room / rows[0].width, Math.max(1, ROW / height));
    const whole = Math.floor(scale * ratio) / ratio;
    for (const row of rows) {
      row.style.width = `${(whole || scale) * row.width}px`;
      row.style.imageRendering = whole ? "pixelated" : "auto";
    }
  }
  // In the next frame: this changes the height of what is observed.
  const observer = new ResizeObserver(() => requestAnimationFrame(fit));
  observer.observe(sheet);

  function draw(row, sprite, line) {
    const context = rows[row].getContext("2d");
    const [w, h] = [width * enlarged, height * enlarged];
    for (let n = 0; n < count; n++) {
      context.drawImage(sprite, n * w, line * h, w, h, n * (width + GAP), 0, width, height);
    }
  }
  return { rows, draw, stop: () => observer.disconnect() };
}

// The figure with a line in each plot, and a line of values for each plot below it.
function curvePlots(parent, figure, plots) {
  const paper = element(parent, "div", "scrubber-paper");
  const stage = element(paper, "div", "scrubber-stage");
  element(stage, "img", "scrubber-figure", { src: figure.src, alt: figure.alt });
  const table = element(paper, "div", "scrubber-values");
  const parts = plots.map(({ axis, area, last, curves }) => {
    const [left, top, width, height] = area;
    const line = element(stage, "div", "scrubber-line", { "aria-hidden": "true" });
    line.style.top = `${100 * top}%`;
    line.style.height = `${100 * height}%`;
    const group = element(table, "div", "scrubber-group");
    text(group, "span", "scrubber-axis", `${axis}: `);
    const numbers = curves.map(({ label }) => {
      const pair = text(group, "span", "scrubber-pair", `${label} `);
      return element(pair, "b", "scrubber-value");
    });
    return { line, numbers, curves, place: (step) => 100 * (left + (width * step) / last) };
  });
  return (frame, step) => {
    for (const { line, numbers, curves, place } of parts) {
      line.style.left = `${place(step)}%`;
      curves.forEach(({ values }, n) => (numbers[n].textContent = values[frame]));
    }
  };
}

function render({ model, el }) {
  const steps = model.get("steps");
  const plots = model.get("plots");
  const final = steps.length - 1;
  const root = element(el, "div", "scrubber", { role: "group", "aria-label": model.get("alt") });
  root.style.maxWidth = `${model.get("figure").width}px`;
  const sheet = contactSheet(root, model.get("crops"));

  const controls = element(root, "div", "scrubber-controls");
  // Without the attribute JupyterLab takes the keys for its own commands.
  const quiet = { "data-lm-suppress-shortcuts": "true" };
  const button = element(controls, "button", "scrubber-play", { type: "button", ...quiet });
  const icon = text(button, "span", "scrubber-icon", "▶", { "aria-hidden": "true" });
  const word = text(button, "span", "", "Play");
  const slider = element(controls, "input", "scrubber-slider", {
    type: "range", min: 0, max: final, step: 1, value: 0, "aria-label": "Step of the run", ...quiet,
  });
  const place = element(controls, "span", "scrubber-step", { "aria-hidden": "true" });
  const mark = curvePlots(root, model.get("figure"), plots);

  let sprite = null;
  let frame = 0;
  function show(to) {
    frame = to;
    const step = steps[frame];
    if (sprite) sheet.draw(1, sprite, frame + 2);
    sheet.rows[1].setAttribute("aria-label", `what G makes at step ${step}`);
    mark(frame, step);
    place.textContent = `step ${step} of ${steps[final]}`;
    slider.value = frame;
    const spoken = plots.map(({ axis, curves }) => {
      const parts = curves.map(({ label, values }) => `${label} ${values[frame]}`);
      return `${axis}: ${parts.join(", ")}`;
    });
    slider.setAttribute("aria-valuetext", `step ${step}: ${spoken.join("; ")}`);
  }

  let timer = null;
  function pause() {
    clearInterval(timer);
    timer = null;
    icon.textContent = "▶";
    word.textContent = "Play";
  }
  function play() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (frame === final) show(0);
    icon.textContent = "❚❚";
    word.textContent = "Pause";
    timer = setInterval(() => {
      if (frame < final) show(frame + 1);
      if (frame === final) pause();
    }, calm ? CALM_MS : PLAY_MS);
  }
  button.addEventListener("click", () => (timer === null ? play() : pause()));
  slider.addEventListener("input", () => {
    pause();
    show(Number(slider.value));
  });
  controls.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (KEYS.includes(event.key)) event.stopPropagation();
  });
  show(0);

  createImageBitmap(new Blob([model.get("sprite")], { type: "image/webp" })).then((bitmap) => {
    sprite = bitmap;
    sheet.draw(0, sprite, 0);
    sheet.draw(2, sprite, 1);
    show(frame);
  }, (error) => {
    text(root, "p", "scrubber-error", `The pictures can't be shown: ${error}`, { role: "alert" });
  });

  return () => {
    pause();
    sheet.stop();
    sprite?.close();
  };
}

export default { render };
