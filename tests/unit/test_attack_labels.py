"""Labels: the comment's form, which is stable, and the file of them."""

from __future__ import annotations

import io

from fwsim.attack.labels import COLUMNS, LabelFile, comment_of, label_among, read_comment, read_labels, values_of
from tests.attacking import forge


def test_a_comment_has_its_documented_form() -> None:
    (found,) = forge("reset-blind:exact")
    assert comment_of(found) == (
        f"fwsim:attack=reset-blind;style=exact;id=1;knows=sequence;victim={found.victim};"
        "before-rfc5961=reset;by-rfc5961=reset"
    )


def test_a_comment_is_read_as_it_was_written() -> None:
    for found in forge("ack-scan", ports="80", targets=2):
        assert read_comment(comment_of(found)) == values_of(found)


def test_other_comments_are_no_labels() -> None:
    assert read_comment("rst-out-of-window") is None
    assert read_comment("fwsim:note") is None
    assert label_among(["hello", "fwsim:attack=land;id=1"]) == {"attack": "land", "id": "1"}
    assert label_among([]) is None


def test_a_file_of_labels_is_read_as_it_was_written() -> None:
    (found,) = forge("reset-blind:exact")
    stream = io.StringIO()
    LabelFile(stream, "out.pcapng").add(17, values_of(found))
    assert stream.getvalue().splitlines()[0] == ",".join(COLUMNS)
    assert read_labels(stream.getvalue().splitlines()) == {17: values_of(found)}
