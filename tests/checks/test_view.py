from html.parser import HTMLParser

import pytest

from course_lib.checks import view
from course_lib.checks.result import Result
from course_lib.checks.task import Header

HEADER = Header(id="00.4", title="PSNR", difficulty=2, minutes=15, needed_for="tables")


class Reader(HTMLParser):
    """Text as a screen reader meets it, and whether all elements are closed."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def shown(monkeypatch):
    """What is displayed in a notebook: pairs of page and text."""
    bundles = []
    monkeypatch.setattr(view, "_in_notebook", lambda: True)
    monkeypatch.setattr(
        "IPython.display.display",
        lambda bundle, raw: bundles.append((bundle["text/html"], bundle["text/plain"])),
    )
    return bundles


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return "".join(reader.words), reader.attributes


@pytest.mark.parametrize("status", ["passed", "not attempted", "wrong", "library"])
def test_status_is_said_in_words_on_the_page_and_in_the_text(shown, status):
    view.show_verdict(HEADER, "psnr", Result(status=status, diagnosis="Because of `x`."))
    page, text = shown[0]
    words, attributes = read(page)
    assert view.LOOKS[status].word in words
    assert view.LOOKS[status].word in text
    assert "Because of x." in words
    assert ("role", "status") in attributes


def test_what_learners_write_is_escaped(shown):
    result = Result(status="wrong", diagnosis='in the line "<script>`&`"', printed="<b>\n")
    view.show_verdict(HEADER, "psnr", result)
    page, text = shown[0]
    assert "<script>" not in page
    assert "<b>" not in page
    assert '"<script>' in read(page)[0]
    assert "<b>" in text


def test_lone_backtick_loses_no_text(shown):
    view.show_verdict(HEADER, "psnr", Result(status="wrong", diagnosis="a ` b"))
    assert "a ` b" in read(shown[0][0])[0]


def test_wrong_verdict_says_where_the_hints_are(shown):
    view.show_verdict(HEADER, "psnr", Result(status="wrong", diagnosis="No."))
    assert 'exercise("00.4").hint()' in read(shown[0][0])[0]


def test_hints_keep_their_code_lines(shown):
    view.show_hints(HEADER, ("Look.", "Almost:\n    if x:\n        return y"), 2)
    words, _ = read(shown[0][0])
    assert "if x:\n    return y" in words
    assert "1 of 2" in words


def test_code_is_highlighted_and_complete(shown):
    source = 'def f(x):\n    """Doc <b>."""\n    return x\n'
    view.show_code(source)
    page, text = shown[0]
    assert read(page)[0].strip() == source.strip()
    assert "<span style=" in page
    assert text == source


def test_boxes_have_contrast_on_their_own_background():
    def luminance(colour):
        channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for look in [*view.LOOKS.values(), view.HINT]:
        paper = luminance(look.paper)
        for ink in (view.INK, look.edge):
            assert (paper + 0.05) / (luminance(ink) + 0.05) >= 4.5, (look.word, ink)
