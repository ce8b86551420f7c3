from course_lib.checks.stubs import is_stub


def with_docstring_and_dots(image, *, channel: str = "rgb"):
    """What it does.

    Example:
        x
    """
    ...  # your code goes here


def with_pass():
    pass


def with_docstring():
    """Nothing else."""


def returns_nothing():
    """Nothing."""
    return None


def returns_dots():
    return ...


def not_implemented():
    """Later."""
    raise NotImplementedError


def not_implemented_with_message(image):
    raise NotImplementedError(f"later {image}")


def closure_over(value):
    def stub(image):
        """Does nothing with ``value`` yet."""
        ...

    return stub


STUBS = [
    with_docstring_and_dots, with_pass, with_docstring, returns_nothing, returns_dots,
    not_implemented, not_implemented_with_message, closure_over(3),
]  # fmt: skip


def forgot_return(image):
    """Computes, returns nothing."""
    image = image + 1


def forgot_return_of_expression(image):
    image + 1


def left_the_dots(image):
    ...
    return image


def prints():
    print("hello")


def returns_constant():
    return 1


def raises_another():
    raise ValueError("no")


def refuses_some(image):
    if image is None:
        raise NotImplementedError
    return image


def generates():
    yield


ATTEMPTS = [
    forgot_return, forgot_return_of_expression, left_the_dots, prints, returns_constant,
    raises_another, refuses_some, generates, len, abs, is_stub,
]  # fmt: skip


def test_bodies_without_code_are_stubs():
    assert [function.__name__ for function in STUBS if not is_stub(function)] == []


def test_any_code_is_an_attempt():
    assert [function.__name__ for function in ATTEMPTS if is_stub(function)] == []


def test_stub_is_recognised_without_its_source():
    namespace = {}
    exec('def f(a, b):\n    """Doc."""\n    ...  # your code goes here\n', namespace)
    assert is_stub(namespace["f"])


class Untouched:
    """A class whose methods wait for their bodies."""

    def __init__(self):
        self.ready = True

    def forward(self, x):
        """Later."""
        ...

    def backward(self, x): ...


class Started(Untouched):
    def forward(self, x):
        return x

    def backward(self, x): ...


def test_class_is_a_stub_while_all_public_methods_are():
    assert is_stub(Untouched)
    assert not is_stub(Started)
