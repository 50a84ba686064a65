"""The tables of words agree with the vocabulary and with the system's registries."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from fwsim.ruleset import words
from fwsim.terms import CtState, CtStatus, Direction, Hook, Proto, RejectWith, TcpFlag


def test_words_of_the_vocabulary_have_its_numbers() -> None:
    assert {name: Hook[name.upper()] for name in words.HOOKS} == words.HOOKS
    assert {name: CtState[name.upper()] for name in words.CT_STATES} == words.CT_STATES
    assert {name: CtStatus[name.upper().replace("-", "_")] for name in words.CT_STATUS} == words.CT_STATUS
    assert {name: RejectWith[name.upper().replace("-", "_")] for name in words.REJECT_KINDS} == words.REJECT_KINDS
    assert {name: Direction[name.upper()] for name in words.DIRECTIONS} == words.DIRECTIONS
    assert len(words.HOOKS) == len(Hook)
    assert len(words.REJECT_KINDS) == len(RejectWith) - 1
    assert len(words.CT_STATES) == len(CtState)


def test_tcp_flags_and_protocols_have_the_numbers_of_the_vocabulary() -> None:
    assert {flag.name.lower(): int(flag) for flag in TcpFlag if flag.name}.items() <= words.TCP_FLAGS.items()
    assert {proto.name.lower(): int(proto) for proto in Proto}.items() <= words.PROTOCOLS.items()
    assert words.PORT_PROTOCOLS.items() <= words.PROTOCOLS.items()


@pytest.mark.parametrize(
    ("expression", "table"),
    [
        ("icmp type", words.ICMP_TYPES),
        ("icmp code", words.ICMP_CODES),
        ("icmpv6 type", words.ICMPV6_TYPES),
        ("icmpv6 code", words.ICMPV6_CODES),
        ("ip dscp", words.DSCP),
        ("ct status", words.CT_STATUS),
    ],
)
def test_names_are_those_of_nft(expression: str, table: dict[str, int]) -> None:
    nft = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if nft is None:
        pytest.skip("nft is not installed")
    done = subprocess.run([nft, "describe", *expression.split()], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nft cannot describe here: {done.stderr.strip()}")
    described = {
        name: int(number, 0) for name, number in re.findall(r"^\t(\S+)\s+(0x[0-9a-f]+|\d+)$", done.stdout, re.M)
    }
    assert described
    # Other versions of nft know a few names more or less; the same name is the same number in all of them.
    shared = described.keys() & table.keys()
    assert len(shared) >= len(table) - 3
    assert {name: described[name] for name in shared} == {name: table[name] for name in shared}


def test_every_set_type_has_a_name_and_nft_s_types_are_among_them() -> None:
    assert set(words.NFT_SET_TYPES.values()) <= set(words.KINDS)
    assert set(words.SET_TYPES) == set(words.KINDS)
