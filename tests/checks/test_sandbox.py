import builtins
import os
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from course_lib.checks.sandbox import PRINTED_CHARACTERS, one_call, sandbox


def draws():
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002


def test_random_states_are_those_from_before():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)  # noqa: NPY002
    expected = draws()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)  # noqa: NPY002
    with sandbox(7):
        inside = draws()
    assert draws() == expected
    with sandbox(7):
        assert draws() == inside != expected


def test_settings_are_those_from_before(tmp_path):
    before = os.getcwd(), sys.getrecursionlimit(), np.geterr(), torch.get_num_threads()
    streams = sys.stdout, sys.stderr, sys.stdin
    filters = list(warnings.filters)
    with sandbox(0):
        os.chdir(tmp_path)
        sys.setrecursionlimit(5000)
        np.seterr(all="raise")
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(1)
        warnings.simplefilter("error")
        sys.stdout = sys.stderr = None
    assert (os.getcwd(), sys.getrecursionlimit(), np.geterr(), torch.get_num_threads()) == before
    assert (sys.stdout, sys.stderr, sys.stdin) == streams
    assert warnings.filters == filters
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()


def test_settings_come_back_after_an_error():
    def check():
        with sandbox(0):
            torch.set_grad_enabled(False)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check()
    assert torch.is_grad_enabled()
    assert sys.stdout is not None


def test_gradients_are_on_inside_wherever_the_check_is_called():
    with torch.no_grad(), sandbox(0):
        assert torch.is_grad_enabled()
    with torch.inference_mode(), sandbox(0):
        assert not torch.is_inference_mode_enabled()


def test_printing_is_kept_and_capped(capsys):
    with sandbox(0) as printed:
        for _ in range(10_000):
            print("again and again")
        print("to the other stream", file=sys.stderr)
    assert printed.getvalue().startswith("again and again\nagain")
    assert len(printed.getvalue()) == PRINTED_CHARACTERS
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("wait", [lambda: input("?"), breakpoint])
def test_nothing_waits_for_the_keyboard(wait):
    keyboard = builtins.input, sys.breakpointhook
    with sandbox(0):
        for _ in range(2):
            with one_call(), pytest.raises(RuntimeError, match="keyboard"):
                wait()
        assert sys.stdin.readline() == ""
    assert (builtins.input, sys.breakpointhook) == keyboard


def test_an_array_in_place_of_a_function_is_put_back():
    before = np.random.seed
    with sandbox(0):
        with one_call():
            np.random.seed = np.zeros(3)
        assert np.random.seed is before


def test_overwritten_functions_come_back_after_each_call():
    before = np.random.seed, torch.manual_seed, builtins.abs, torch.nn.functional.relu
    with one_call():
        np.random.seed = 0
        torch.manual_seed = 0
        builtins.abs = lambda value: 0
        torch.nn.functional.relu = None
        del np.random.rand
    assert (np.random.seed, torch.manual_seed, builtins.abs, torch.nn.functional.relu) == before
    assert callable(np.random.rand)


def test_switches_that_a_call_moves_are_told_and_put_back():
    with one_call() as seen:
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
    assert [text.split()[0] for text in seen.switched] == ["gradients", "torch's"]
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32


def test_modes_that_a_call_enters_are_left():
    def modes():
        return (
            torch.overrides._get_current_function_mode_stack(),
            torch.utils._python_dispatch._get_current_dispatch_mode_stack(),
        )

    before = modes()
    with one_call() as seen:
        torch.set_default_device("meta")
        torch.overrides.TorchFunctionMode().__enter__()
        torch.utils._python_dispatch.TorchDispatchMode().__enter__()
    assert seen.switched == ["torch's default device to meta"]
    assert modes() == before
    assert torch.ones(1).device.type == "cpu"


@pytest.mark.parametrize("deleted", ["map", "list", "id", "vars", "setattr", "zip", "isinstance"])
def test_a_deleted_builtin_comes_back(deleted):
    before = dict(vars(builtins))
    with one_call():
        delattr(builtins, deleted)
    assert dict(vars(builtins)) == before


def test_patched_methods_and_new_names_are_gone_after_each_call():
    relu, forward = torch.nn.functional.relu, torch.nn.Conv2d.forward
    with one_call():
        torch.Tensor.mean = lambda self: 0
        torch.nn.Conv2d.forward = None
        del torch.optim.Adam.step
        builtins.surprise = torch.surprise = 3
    assert torch.ones(3).mean() == 1
    assert torch.nn.Conv2d.forward is forward
    assert callable(torch.optim.Adam.step)
    assert not hasattr(builtins, "surprise")
    assert not hasattr(torch, "surprise")
    assert torch.nn.functional.relu is relu


def test_a_part_of_numpy_that_a_call_imports_stays():
    code = (
        "import numpy as np\n"
        "from course_lib.checks.sandbox import one_call\n"
        "with one_call(): np.ma.masked, np.polynomial.Polynomial\n"
        "with one_call(): np.ma.masked\n"
        "print(np.ma.masked)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "--\n", done.stderr
