// The questions of course_lib.viz.Quiz. Nothing here talks to the kernel or the network.
// Texts arrive as HTML that Python has escaped. What is said about an answer is what
// course_lib.checks.questions says: a test compares them.

function element(parent, tag, className, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

// Without this on the very element that has the focus, JupyterLab takes keys for its commands.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };
const letter = (index) => String.fromCharCode(97 + index);

function ask(root, question) {
  const { options } = question;
  const right = options.filter((option) => option.right).length;
  // A form of its own keeps the radio buttons of several questions, or views, apart.
  const form = element(root, "form", "quiz-question");
  const fieldset = element(form, "fieldset", "quiz-options");
  const legend = element(fieldset, "legend", "quiz-legend");
  legend.innerHTML = question.text;
  const hint = element(legend, "span", "quiz-hint");
  hint.textContent = right > 1 ? " (more than one is right)" : " (one is right)";
  const inputs = options.map((option, index) => {
    const label = element(fieldset, "label", "quiz-option");
    const type = right > 1 ? "checkbox" : "radio";
    const input = element(label, "input", "", { type, name: "option", ...OWN_KEYS });
    element(label, "span", "quiz-text").innerHTML = `${letter(index)}. ${option.text}`;
    return input;
  });
  const button = element(form, "button", "quiz-check", { type: "button", ...OWN_KEYS });
  button.textContent = "Check";
  const verdict = element(form, "div", "quiz-verdict", { role: "status" });

  function check() {
    const chosen = options.map((_, index) => index).filter((index) => inputs[index].checked);
    show(verdict, options, chosen, right);
  }
  button.addEventListener("click", check);
  fieldset.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // sends no form
    check();
  });
}

function show(verdict, options, chosen, right) {
  verdict.replaceChildren();
  if (!chosen.length) {
    verdict.dataset.verdict = "none";
    element(verdict, "strong", "").textContent = "○ Choose an answer first.";
    return;
  }
  const found = chosen.filter((index) => options[index].right).length;
  const solved = found === right && found === chosen.length;
  const missing = right - found;
  verdict.dataset.verdict = solved ? "right" : "wrong";
  const named = chosen.map(letter).join(", ");
  element(verdict, "strong", "").textContent = solved ? "✓ Right" : "✗ Not right yet";
  // Beside a wrong choice alone, "more" would call it right.
  const kind = found ? "more" : "others";
  const more = ` ${missing} ${kind} ${missing === 1 ? "is" : "are"} right.`;
  verdict.append(`: ${named}.${missing && right > 1 ? more : ""}`);

  const explain = (parent, index) => {
    const { right, why } = options[index];
    element(parent, "p", "quiz-why").innerHTML = `${right ? "✓" : "✗"} ${letter(index)}: ${why}`;
  };
  chosen.forEach((index) => explain(verdict, index));
  const others = options.map((_, index) => index).filter((index) => !chosen.includes(index));
  if (solved && others.length) {
    const details = element(verdict, "details", "quiz-others");
    element(details, "summary", "", OWN_KEYS).textContent = "Why not the others?";
    others.forEach((index) => explain(details, index));
  }
}

function render({ model, el }) {
  const root = element(el, "div", "quiz", { role: "group", "aria-label": model.get("label") });
  for (const question of model.get("questions")) ask(root, question);
}

export default { render };
