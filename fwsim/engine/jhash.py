"""Bob Jenkins' hash as the kernel computes it of an address: it chooses one of a range (`include/linux/jhash.h`).

Read first: `find_best_ips_proto` (net/netfilter/nf_nat_core.c). No secret goes into it: all get the same.
Unlike Linux: a machine of the other byte order would choose otherwise; this is what x86 and ARM do.
"""

from __future__ import annotations

from fwsim.engine import hot, shared

WORD = 0xFFFFFFFF
BEGIN = 0xDEADBEEF + (4 << 2)
"""JHASH_INITVAL, and the bytes of four words."""


@hot
def swapped(word: int) -> int:
    """A word of the header as a little-endian machine sees it."""
    return (word & 0xFF) << 24 | (word & 0xFF00) << 8 | (word >> 8) & 0xFF00 | (word >> 24) & 0xFF


@hot
def rolled(word: int, bits: int) -> int:
    """A word rotated to the left."""
    return (word << bits | word >> (32 - bits)) & WORD


@shared
def hash_of_address(word0: int, word1: int, word2: int, word3: int, seed: int) -> int:
    """`jhash2` of the four words of an address, as the machine sees them (IPv4: the first one)."""
    a = (BEGIN + seed + word0) & WORD
    b = (BEGIN + seed + word1) & WORD
    c = (BEGIN + seed + word2) & WORD
    a = (a - c & WORD) ^ rolled(c, 4)
    c = c + b & WORD
    b = (b - a & WORD) ^ rolled(a, 6)
    a = a + c & WORD
    c = (c - b & WORD) ^ rolled(b, 8)
    b = b + a & WORD
    a = (a - c & WORD) ^ rolled(c, 16)
    c = c + b & WORD
    b = (b - a & WORD) ^ rolled(a, 19)
    a = a + c & WORD
    c = (c - b & WORD) ^ rolled(b, 4)
    b = b + a & WORD
    a = a + word3 & WORD
    c = (c ^ b) - rolled(b, 14) & WORD
    a = (a ^ c) - rolled(c, 11) & WORD
    b = (b ^ a) - rolled(a, 25) & WORD
    c = (c ^ b) - rolled(b, 16) & WORD
    a = (a ^ c) - rolled(c, 4) & WORD
    b = (b ^ a) - rolled(a, 14) & WORD
    return (c ^ b) - rolled(b, 24) & WORD
