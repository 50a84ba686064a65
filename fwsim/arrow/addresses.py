"""Columns of addresses as dictionary arrays: each different address is put into text once.

Read first: `V6` in `fwsim.tables`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fwsim.naming import address_text
from fwsim.tables import V6

Column = npt.NDArray[np.int64]

OCTETS = pa.array([str(octet) for octet in range(256)])


def addresses(words: Sequence[Column], there: npt.NDArray[np.bool_]) -> Any:
    """The addresses in four columns of words, null where there is none."""
    six = words[0] >= V6
    keys = _keys(words, six) if six.any() else words[0]
    encoded = pa.array(keys, mask=~there).dictionary_encode()
    places = _first_places(encoded)
    texts = _texts([column[places] for column in words])
    return pa.DictionaryArray.from_arrays(encoded.indices, texts, safe=False)


def _keys(words: Sequence[Column], six: npt.NDArray[np.bool_]) -> Column:
    """A number for each row, equal where all four words are."""
    pairs = [(words[0] - V6 * six) << 32 | words[1], words[2] << 32 | words[3]]
    codes = [pa.array(pair).dictionary_encode() for pair in pairs]
    high, low = (np.asarray(code.indices).astype(np.int64) for code in codes)
    keys: Column = (high * len(codes[1].dictionary) + low) * 2 + six
    return keys


def _first_places(encoded: Any) -> npt.NDArray[np.intp]:
    """Where each entry of the dictionary stands first."""
    codes = np.asarray(encoded.indices.fill_null(len(encoded.dictionary)))
    places = np.empty(len(encoded.dictionary) + 1, np.intp)
    places[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return places[:-1]


def _texts(words: Sequence[Column]) -> Any:
    """The texts of different addresses: of IPv4 in whole columns, of IPv6 one by one."""
    dotted = [OCTETS.take(pa.array((words[0] >> shift) & 255)) for shift in (24, 16, 8, 0)]
    texts = pc.binary_join_element_wise(*dotted, ".")
    six = np.flatnonzero(words[0] >= V6)
    if not len(six):
        return texts
    rows = zip(*(column[six].tolist() for column in words), strict=True)
    mask = np.zeros(len(words[0]), np.bool_)
    mask[six] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array([address_text(row) for row in rows], pa.string()))
