from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "course_lib"

# From the ground up: a part imports only from parts of lower layers, or from itself.
LAYERS = (
    {"files", "digests", "ranges", "profiles", "hardware", "durations", "downloads", "text"},
    {"records", "filters", "usage", "tensor_files"},
    {"data", "metrics", "losses", "models"},
    {"training"},
    {"baselines", "artifacts", "fusion"},
    {"systems"},
    {"results", "restoration"},
    {"viz"},
    {"checks"},
    {"exercises"},
    {"experiments"},
    {"authoring", "grading"},
    {"cli"},
)
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
        assert any(other in parts for parts in LAYERS[:layer]), f"{part} imports {module}"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def files_imported(module: str) -> set[str]:
    """The modules that a file imports, also inside functions, but not only for type checkers.

    ``from package import name`` is an import of ``package/name.py`` where that is a file, else of
    the package's ``__init__.py``. A computed name, as in ``import_module(f"package.{name}")``, is
    an import of all files that it may name.
    """
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(package), names=names):
                inner = {f"{package}.{alias.name}" for alias in names}
                found |= {name if name in MODULES else package for name in inner}
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module")):
                pattern = name_pattern(node.args[0], module)
                assert pattern, f"{module}: which files may {ast.unparse(node)} import?"
                found |= set(fnmatch.filter(MODULES, pattern))
    return found & set(MODULES)


def name_pattern(name: ast.expr, module: str) -> str:
    match name:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(name_pattern(value, module) for value in values)
        case ast.FormattedValue(value=ast.Name(id="__name__")):
            return module
        case ast.FormattedValue():
            return "*"
    return ""


def test_no_two_files_import_each_other_directly_or_through_others() -> None:
    try:
        TopologicalSorter({module: files_imported(module) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"these files import each other: {' ← '.join(error.args[1])}")


def test_the_search_for_cycles_sees_imports_inside_functions_and_computed_ones() -> None:
    assert "course_lib.results.weights" in files_imported("course_lib.results.notebook")
    assert "course_lib.exercises.lesson_01" in files_imported("course_lib.exercises")
    assert "course_lib.experiments.lesson_01" in files_imported("course_lib.experiments")
    assert "course_lib.viz" not in files_imported("course_lib.exercises")  # for type checkers


def test_a_class_name_stands_for_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert not several


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
