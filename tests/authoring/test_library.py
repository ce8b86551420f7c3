from __future__ import annotations

import ast
from pathlib import Path

import pytest

from course_lib.authoring import library, names


def test_source_is_copied_with_its_comments(library_root: Path) -> None:
    source = library.read("course_lib.fake", "double", library_root).source
    assert source.startswith("def double(x: NDArray) -> NDArray:\n")
    assert "    # Adding is exact.\n" in source
    assert source.endswith("return np.add(x, x)  # the same as 2·x")


def test_stub_of_a_function_is_head_docstring_and_a_place_for_the_answer(
    library_root: Path,
) -> None:
    assert library.read("course_lib.fake", "double", library_root).stub == (
        "def double(x: NDArray) -> NDArray:\n"
        '    """Twice x.\n'
        "\n"
        "    Args:\n"
        "        x: any shape.\n"
        '    """\n'
        "    ...  # your code goes here"
    )


def test_stub_of_a_class_has_every_public_method_and_no_private_one(library_root: Path) -> None:
    fake = library_root / "course_lib" / "fake.py"
    fake.write_text(fake.read_text().replace("-> Mean | None", "-> float"))
    stub = library.read("course_lib.fake", "Mean", library_root).stub
    assert stub == (
        "class Mean(np.ndarray):\n"
        '    """A running mean."""\n'
        "\n"
        "    def __init__(\n"
        "        self,\n"
        "        weight: float = 0.5,\n"
        "    ) -> None:  # the head ends here\n"
        "        ...  # your code goes here\n"
        "\n"
        "    def update(self, x: float) -> float:\n"
        '        """Take one more value.\n'
        "\n"
        "        x: a number.\n"
        '        """\n'
        "        ...  # your code goes here"
    )
    ast.parse(stub)


def test_reading_does_not_import(library_root: Path) -> None:
    fake = library_root / "course_lib" / "fake.py"
    fake.write_text("raise RuntimeError\n" + fake.read_text())
    assert library.read("course_lib.fake", "double", library_root).name == "double"


def test_constants_and_helpers_beside_the_object_are_known(library_root: Path) -> None:
    found = library.read("course_lib.fake", "double", library_root)
    assert found.beside == {"SCALE", "_hidden", "double", "Mean"}
    assert found.constants == {"SCALE"}


@pytest.mark.parametrize(
    ("code", "free"),
    [
        ("def f(x: np.ndarray) -> nn.Module: ...", {"np", "nn"}),
        ("def f(x=DEFAULT): return x", {"DEFAULT"}),
        ("def f(x):\n    y: Alias = x\n    return y", {"Alias"}),
        ("def f(x):\n    def g(y): return helper(y) + x\n    return g", {"helper"}),
        ("def f(x): return [t for t in x if t in table]", {"table"}),
        ("def f(x): return f(x - 1) if x else len(str(x))", set()),
        ("def f(x=[j for j in TABLE]): return x", {"TABLE"}),
        ("def f(x=[j for j in TABLE]): return j", {"TABLE", "j"}),
        ("class C(Base):\n    def m(self): return C()", {"Base"}),
        ("class C:\n    def m(self) -> C: ...", {"C"}),
        ("class C:\n    size = 3\n    def m(self): return self.size", set()),
        ("class C:\n    def m(self): return super().m(), __class__", set()),
        ("def f():\n    import math\n    return math.pi", set()),
    ],
)
def test_free_names(code: str, free: set[str]) -> None:
    assert names.free(code) == free


@pytest.mark.parametrize(
    ("code", "bound"),
    [
        ("import os.path as p, sys", {"p", "sys"}),
        ("from a.b import c, d as e", {"c", "e"}),
        ("x, (y, *z) = 1, (2, 3)", {"x", "y", "z"}),
        ("for i in [j for j in range(3)]: k = i", {"i", "k"}),
        ("with open('f') as file: pass", {"file"}),
        ("def f(a): b = a\nclass C: c = 1", {"f", "C"}),
        ("if (n := 1): n += 1", {"n"}),
        ("j = {j: k for j, k in j.items()}", {"j"}),
        ("print(q)", set()),
    ],
)
def test_bound_names(code: str, bound: set[str]) -> None:
    assert names.bound(code) == bound
