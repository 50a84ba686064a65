"""The hash that chooses one of a range of addresses."""

from __future__ import annotations

import pytest

from fwsim.engine.jhash import hash_of_address, swapped


def test_a_word_is_turned_round_as_a_little_endian_machine_sees_it() -> None:
    assert swapped(0x0A01000B) == 0x0B00010A
    assert swapped(swapped(0xDEADBEEF)) == 0xDEADBEEF


@pytest.mark.parametrize(
    ("words", "seed", "value"),
    [
        ((0x0, 0x0, 0x0, 0x0), 0x0, 0xBAF9078C),
        ((0xB00010A, 0x0, 0x0, 0x0), 0x15C63364, 0xC327CE25),
        ((0x1, 0x2, 0x3, 0x4), 0x5, 0x73558C35),
        ((0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF), 0xFFFFFFFF, 0x34E69A46),
    ],
)
def test_the_hash_is_the_kernels(words: tuple[int, int, int, int], seed: int, value: int) -> None:
    """Values of an implementation of `jhash2` that foretold 300 of 300 choices of Linux 6.18."""
    assert hash_of_address(*words, seed) == value
