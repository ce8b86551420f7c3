from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "course_lib"

# From the ground up: a part imports only from parts of lower layers, or from itself.
LAYERS = (
    {"ranges", "filters", "profiles", "usage", "hardware", "durations", "files", "tensor_files"},
    {"data", "metrics", "losses", "models"},
    {"training"},
    {"baselines", "artifacts", "fusion"},
    {"systems"},
    {"results", "viz"},
    {"checks"},
    {"exercises"},
    {"experiments"},
    {"authoring", "grading"},
    {"cli"},
)
# Parts of one layer don't know each other, but for these.
NEIGHBOURS = {
    ("usage", "hardware"),
    ("tensor_files", "files"),
    ("viz", "results"),
    ("filters", "ranges"),
    ("checks", "exercises"),  # `exercise("01.3")` looks its module up when it is called
}
HEAVY = {
    "torch", "torchvision", "lightning_fabric", "torchmetrics", "matplotlib", "skimage", "scipy",
    "sklearn", "pandas", "IPython", "ipywidgets", "anywidget", "papermill", "nbconvert",
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=False
    )
    return {name.split(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import course_lib",
        "import course_lib.data",
        "import course_lib.profiles",
        "import course_lib.cli",
        "sys.argv = ['course', '--help']\n"
        "from course_lib.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    loaded = loaded_by(statement)
    assert "course_lib" in loaded
    assert not loaded & HEAVY


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def modules_imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "course_lib":
                found |= {f"course_lib.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_part_imports_only_from_parts_below_it(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        assert not {name for name in modules_imported(path) if name.startswith("course_lib")}
        return
    (layer,) = (number for number, parts in enumerate(LAYERS) if part in parts)
    for module in modules_imported(path):
        if not module.startswith("course_lib."):
            continue
        other = module.split(".")[1]
        if other in (part, "__version__"):
            continue
        below = any(other in parts for parts in LAYERS[:layer])
        assert below or (part, other) in NEIGHBOURS, f"{part} imports {module}"


def declared(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ \[;]", line)[0].lower().replace("_", "-") for line in lines}


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = declared(project["dependencies"])
    lab = declared(project["optional-dependencies"]["lab"])
    distributions = metadata.packages_distributions()
    for path in FILES:
        for module in modules_imported(path):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top == "course_lib":
                continue
            names = {name.lower().replace("_", "-") for name in distributions.get(top, [top])}
            assert names & (base | lab), f"{path.relative_to(ROOT)} imports {top}, not in pyproject"
            # What lessons import must do without the extra, as in Colab.
            assert names & base or part_of(path) in ("authoring", "cli"), (
                f"{path.relative_to(ROOT)} imports {top}, which comes with the lab extra only"
            )
