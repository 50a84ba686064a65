"""Records on their way out: in Python first, by compiled code once that is at hand, with the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from fwsim.report import records as module
from fwsim.report.frames import Csv, JsonLines
from fwsim.report.records import Records
from tests.batches import FakeRule, batch, naming

BOTH = ("stateless", "stateful")


def stream(encoding: str = "utf-8", newline: str = "") -> io.TextIOWrapper:
    """A file."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline=newline)


def bytes_of(out: io.TextIOWrapper) -> bytes:
    """What was written to it."""
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return out.buffer.getvalue()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that the engine is not compiled; called, that it is, and what writes lines is cached or not."""
    monkeypatch.setattr(module, "is_compiled", lambda: False)

    def pretend(*, cached: bool) -> None:
        monkeypatch.setattr(module, "is_compiled", lambda: True)
        monkeypatch.setattr(module, "is_cached", lambda function: cached and function == "write_records")

    return pretend


def test_lines_go_on_unchanged_when_compiled_code_takes_over(compiled: Callable[..., None]) -> None:
    out, made = stream(), batch({}, {"src": "fd00::1", "family": 6})
    form = Csv(BOTH, naming([FakeRule("naïve", 1, 1)] * 4))
    records = Records(form, out)
    records.begin()
    records.write(made, slice(None))
    assert records.fragments is None
    compiled(cached=True)
    records.write(made, slice(None))
    assert records.fragments is not None
    expected = form.header() + form.lines(made, slice(None)) * 2
    assert bytes_of(out) == expected.encode()


def test_without_a_cache_compiling_waits_until_it_pays(
    compiled: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORTH_COMPILING", 4)
    compiled(cached=False)
    out, made = stream(), batch({}, {})
    form = JsonLines(BOTH, naming())
    records = Records(form, out)
    taken_over = []
    for _ in range(3):
        records.write(made, slice(None))
        taken_over.append(records.fragments is not None)
    assert taken_over == [False, True, True]
    assert bytes_of(out) == form.lines(made, slice(None)).encode() * 3


@pytest.mark.parametrize("cached", [False, True])
def test_line_ends_are_newlines_whatever_the_platform_makes_of_them(
    compiled: Callable[..., None], cached: bool
) -> None:
    compiled(cached=cached)
    out = stream(newline="\r\n")
    records = Records(JsonLines(BOTH, naming()), out)
    records.begin()
    records.write(batch({}, {}), slice(None))
    assert bytes_of(out).count(b"\n") == 2
    assert b"\r" not in bytes_of(out)


def test_an_encoding_that_does_not_hold_ascii_is_written_in_python(compiled: Callable[..., None]) -> None:
    compiled(cached=True)
    out = stream("utf-16-le")
    form = JsonLines(BOTH, naming())
    records = Records(form, out)
    records.write(batch({}), slice(None))
    assert records.fragments is None
    assert bytes_of(out).decode("utf-16-le") == form.lines(batch({}), slice(None))


def test_letters_that_the_encoding_lacks_are_escaped_both_ways(compiled: Callable[..., None]) -> None:
    texts = []
    for cached in (False, True):
        compiled(cached=cached)
        out = stream("latin-1")
        Records(Csv(BOTH, naming([FakeRule("☃ ü", 1, 1)] * 4)), out).write(batch({}), slice(None))
        texts.append(bytes_of(out))
    assert texts[0] == texts[1]
    assert b"\\u2603 \xfc" in texts[0]


def test_a_stream_of_text_alone_gets_text(compiled: Callable[..., None]) -> None:
    compiled(cached=True)
    out = io.StringIO()
    form = Csv(BOTH, naming())
    records = Records(form, out)
    records.begin()
    records.write(batch({}), slice(None))
    assert out.getvalue() == form.header() + form.lines(batch({}), slice(None))


def test_what_stands_in_the_text_stream_already_comes_first() -> None:
    out = stream()
    out.write("first\n")
    records = Records(Csv(BOTH, naming()), out)
    records.begin()
    assert bytes_of(out).startswith(b"first\nn,file,")
