"""What captures and a simulator tell about a run besides its figures."""

from __future__ import annotations

from fwsim.capture.model import CaptureFile
from fwsim.report.about_run import CAPTURE_NOTES, capture_notes, captures_of, order_notes, policies
from tests.deciding import Wall


def test_notes_tell_only_what_happened() -> None:
    assert capture_notes(dict.fromkeys(CAPTURE_NOTES, 0)) == []
    assert capture_notes({"cut": 1, "offloaded": 1200}) == [
        "1,200 packets with a transport checksum left to the network card, not judged (--checksum verify judges it)",
        "1 packet cut short by the snap length: checksums not judged, "
        "and only what hangs on the missing bytes is unknown",
    ]


def test_captures_of_the_same_time_are_noted() -> None:
    files = [CaptureFile("lan.pcap"), CaptureFile("wan.pcap"), CaptureFile("empty.pcap")]
    files[0].count(2, 10, 20)
    files[1].count(2, 20, 30)
    assert order_notes(files) == []
    files[1].count(1, 19, 19)
    assert order_notes(files) == [
        "wan.pcap begins before lan.pcap ends, but was read after it: "
        "--in NAME=FILE merges captures of several interfaces by time"
    ]


def test_of_a_run_that_was_broken_off_only_what_has_a_digest_is_known_to_be_whole() -> None:
    files = [CaptureFile("a.pcap", sha256="ab"), CaptureFile("b.pcap"), CaptureFile("c.pcap", complete=False)]
    assert [one.complete for one in captures_of(files)] == [True, True, False]
    assert [one.complete for one in captures_of(files, broken_off=True)] == [True, False, False]


def test_of_several_chains_at_a_hook_the_strictest_policy_is_told() -> None:
    rules = {name: {"hook": "forward", "policy": policy} for name, policy in (("a", "accept"), ("b", "drop"))}
    simulator = Wall({**rules, "c": {"hook": "forward"}}).simulator
    assert policies(simulator, ("stateful",)) == ("forward policy drop",)
