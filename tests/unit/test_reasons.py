"""Reasons and evidence in sentences, and in the kernel's words."""

from __future__ import annotations

from fwsim.reasons import EVIDENCE_SENTENCES, KERNEL_WORDS, SENTENCES
from fwsim.terms import Evidence, Reason, word


def test_every_evidence_word_has_a_sentence() -> None:
    assert set(EVIDENCE_SENTENCES) == {bit for bit in Evidence if bit}


def test_no_two_reasons_say_the_same() -> None:
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_sentences_fit_behind_a_colon() -> None:
    for sentence in [*SENTENCES.values(), *EVIDENCE_SENTENCES.values()]:
        assert sentence
        assert sentence == sentence.strip()
        assert not sentence.endswith(".")
        assert (
            sentence[0] == sentence[0].lower() or sentence.split()[0].isupper() or sentence.startswith(("IPv", "ICMP"))
        )


def test_the_kernel_has_words_for_what_makes_a_packet_invalid_and_for_a_full_table() -> None:
    """Reasons 30 to 59 are those of ct state invalid; of the others window notes, the full table, and helpers."""
    beyond = {word(reason) for reason in KERNEL_WORDS if not 30 <= reason < 60}
    assert beyond == {"table-full", "tcp-old-data", "tcp-old-ack", "helper-partial", "helper-clash"}
    assert KERNEL_WORDS[Reason.TCP_ACK_OVER] == "ACK is over upper bound (ACKed data not seen yet)"
