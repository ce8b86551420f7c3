import contextlib
import threading
import time

import pytest

from course_lib.checks.watchdog import TimedOut, TimeLimit


def endless():
    while True:
        pass


def swallows_exceptions():
    count = 0
    while True:
        try:
            count += 1
            raise ValueError
        except Exception:
            pass


def swallows_everything():
    count = 0
    while True:
        try:
            while True:
                count += 1
        except BaseException:
            count = 0


def swallows_everything_twice():
    count = 0
    while True:
        try:
            while True:
                try:
                    while True:
                        count += 1
                except BaseException:
                    continue
        except BaseException:
            count = 0


def swallows_and_returns():
    try:
        endless()
    except BaseException:
        return 5


def keeps_what_it_swallows():
    count, kept = 0, None
    while True:
        try:
            while True:
                count += 1
        except BaseException as error:
            kept = [error, kept is None]


def endless_finally():
    try:
        endless()
    finally:
        endless()


def endless_generator():
    return sum(1 for _ in iter(int, 1))


def sleeps():
    while True:
        time.sleep(0.01)


ENDLESS = [
    endless,
    swallows_exceptions,
    swallows_everything,
    swallows_everything_twice,
    keeps_what_it_swallows,
    swallows_and_returns,
    endless_finally,
    endless_generator,
    sleeps,
]


@pytest.mark.parametrize("function", ENDLESS)
def test_call_without_end_is_left(function):
    with TimeLimit(0.2) as limit, pytest.raises(TimedOut):
        limit.call(function)


@pytest.mark.parametrize("function", ENDLESS)
def test_call_without_end_is_left_in_another_thread(function):
    outcome = []

    def work():
        with TimeLimit(0.2) as limit:
            try:
                limit.call(function)
            except TimedOut:
                outcome.append("timed out")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcome == ["timed out"]


def test_nothing_strikes_after_a_call_was_left():
    for _ in range(5):
        with TimeLimit(0.05) as limit, pytest.raises(TimedOut):
            limit.call(swallows_everything)
        total = 0
        for number in range(300_000):
            total += number
    assert total == sum(range(300_000))


class SlowToLeave:
    """A context that takes long to put things back."""

    put_back = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        self.put_back = True


def test_a_context_that_is_left_puts_everything_back():
    context = SlowToLeave()

    def leaves():
        with context:
            pass
        swallows_everything()

    with TimeLimit(0.05) as limit, pytest.raises(TimedOut):
        limit.call(leaves)
    assert context.put_back


def test_nothing_strikes_a_patient_call_before_its_patience_ends():
    states = []

    def looks():
        while not limit.passed:
            pass
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            pass
        states.append("looked")

    with TimeLimit(0.05) as limit, pytest.raises(TimedOut):
        limit.call(looks, patience=2)
    assert states == ["looked"]
    with TimeLimit(0.05) as limit, pytest.raises(TimedOut):
        limit.call(swallows_everything, patience=0.1)


def test_value_and_errors_come_through():
    with TimeLimit(1) as limit:
        assert limit.call(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            limit.call(lambda: 1 / 0)
        with pytest.raises(KeyboardInterrupt):
            limit.call(interrupted)
    assert not limit.passed


def interrupted():
    raise KeyboardInterrupt


def test_time_waited_is_the_clocks_not_the_processors():
    start = time.monotonic()
    with TimeLimit(0.1) as limit, pytest.raises(TimedOut):
        limit.call(sleeps)
    assert limit.seconds < limit.waited <= time.monotonic() - start


def test_all_calls_share_the_time():
    def busy(seconds):
        start = time.thread_time()
        while time.thread_time() - start < seconds:
            pass

    with TimeLimit(1) as limit:
        limit.call(lambda: busy(0.4))
        with pytest.raises(TimedOut):
            limit.call(lambda: busy(0.9))  # alone it would be in time


def test_time_between_calls_does_not_count():
    with TimeLimit(0.2) as limit:
        limit.call(int)
        start = time.thread_time()
        while time.thread_time() - start < 0.4:
            pass
        assert limit.call(lambda: 5) == 5


def test_importing_a_slow_module_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nstart = time.thread_time()\nwhile time.thread_time() - start < 0.5: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def answer():
        import slow_to_import

        return slow_to_import.start > 0

    with TimeLimit(0.2) as limit:
        assert limit.call(answer)


def test_exception_that_dies_late_strikes_no_innocent_call():
    kept = []

    def keeps():
        try:
            endless()
        except BaseException as error:
            kept.append(error)

    with TimeLimit(0.1) as limit, pytest.raises(TimedOut):
        limit.call(keeps)
    with TimeLimit(1) as limit:
        assert limit.call(lambda: kept.clear() or 5) == 5


def test_limit_inside_a_limit():
    def outer():
        with TimeLimit(0.1) as inner, contextlib.suppress(TimedOut):
            inner.call(endless)
        endless()

    with TimeLimit(0.4) as limit, pytest.raises(TimedOut):
        limit.call(outer)


@pytest.mark.parametrize("function", [endless, time.thread_time])
def test_no_watchdog_outlives_its_limit(function):
    """Else it may free the answer's tensors while Python shuts down, which aborts the process."""
    for _ in range(20):
        with TimeLimit(0.02) as limit, contextlib.suppress(TimedOut):
            limit.call(function)
        assert "check watchdog" not in [thread.name for thread in threading.enumerate()]
