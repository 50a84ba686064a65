"""An explanation is text, and shows itself as it stands."""

from __future__ import annotations

from fwsim.explanation import Explanation
from tests.shown_html import HOSTILE, assert_harmless


def test_it_is_text_with_lines() -> None:
    told = Explanation("Packet 1\n  rule\n")
    assert str(told) == repr(told) == told == "Packet 1\n  rule\n"
    assert ">Packet 1\n  rule</pre>" in told._repr_html_()


def test_what_strangers_wrote_is_text() -> None:
    assert_harmless(Explanation(HOSTILE)._repr_html_())
