import pytest

from fwsim.netfilter.steps import Alter, Assign, Effectless, NoTrack, SetHelper, Term
from tests.iptables_reading import refused_rule, steps

ALL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("words", "constant", "kept"),
    [
        ("--set-mark 1", 1, 0), ("--set-mark 1/2", 1, ALL ^ 3), ("--set-xmark 0x10/0xff", 0x10, ALL ^ 0xFF),
        ("--and-mark 0xf0", 0, 0xF0), ("--or-mark 0xf0", 0xF0, ALL ^ 0xF0), ("--xor-mark 0xf0", 0xF0, ALL),
    ],
)  # fmt: skip
def test_a_mark_keeps_some_bits_and_changes_others(words: str, constant: int, kept: int) -> None:
    for target, field in (("MARK", "mark"), ("CONNMARK", "ct_mark")):
        terms = (Term(field, kept),) if kept else ()
        assert steps(f"-j {target} {words}") == [Assign(field, constant, terms, f"-j {target} {words}", lenient=True)]


def test_a_mark_is_saved_and_restored_under_masks() -> None:
    (saved,) = steps("-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xf0")
    assert isinstance(saved, Assign)
    assert (saved.target, saved.terms) == ("ct_mark", (Term("ct_mark", ALL ^ 0xF0), Term("mark", 0xFF)))
    (restored,) = steps("-j CONNMARK --restore-mark --mask 0xff")
    assert isinstance(restored, Assign)
    assert (restored.target, restored.terms) == ("mark", (Term("mark", ALL ^ 0xFF), Term("ct_mark", 0xFF)))


def test_a_mark_may_be_shifted_on_its_way() -> None:
    (step,) = steps("-j CONNMARK --save-mark --mask 0xff --left-shift-mark 8")
    assert isinstance(step, Assign)
    assert step.terms == (Term("ct_mark", ALL ^ 0xFF), Term("mark", 0xFF00, 8))


def test_one_change_at_a_time() -> None:
    assert "together" in refused_rule("-j MARK --set-mark 1 --or-mark 2")
    assert "must be given" in refused_rule("-j CONNMARK")


def test_ct_takes_packets_out_gives_helpers_and_knows_events() -> None:
    assert steps("-j CT --notrack", "raw") == [NoTrack("-j CT --notrack")]
    assert steps("-j NOTRACK", "raw") == [NoTrack("-j NOTRACK")]
    assert steps("-p tcp -j CT --helper ftp", "raw")[-1] == SetHelper("ftp", "-j CT --helper ftp")
    assert steps("-j CT --ctevents new", "raw") == [Effectless("-j CT --ctevents new")]
    assert steps("-j CT --zone 5", "raw") == [Alter(("ct_state",), None, "-j CT --zone 5")]
    assert steps("-j CT --timeout brief", "raw") == [Alter(("ct_state",), None, "-j CT --timeout brief")]
    assert steps("-j CT --zone 0", "raw") == [Effectless("-j CT --zone 0")]


@pytest.mark.parametrize("words", ["--helper ftp", "--zone 65536", "--ctevents foo", "--helper"])
def test_what_ct_does_not_take_is_refused(words: str) -> None:
    assert refused_rule(f"-j CT {words}", "raw").startswith("rules.v4:3:")


def test_a_helper_is_for_its_protocols_and_ct_for_the_table_raw() -> None:
    assert "not for this protocol" in refused_rule("-p udp -j CT --helper ftp", "raw")
    assert "table raw only" in refused_rule("-j NOTRACK")
