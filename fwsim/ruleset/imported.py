"""Rulesets in the words of nft and iptables: whose words a text is in, and the ruleset that it is.

Read first: `fwsim.netfilter`, `foreign`. Such a text says nothing of networks, local addresses or conntrack's settings:
these come from options. Interfaces that its rules name are declared, with nothing behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fwsim.errors import RulesetError

from .addresses import is_name
from .foreign import foreign_format
from .located import Document, Map
from .model import Ruleset
from .options import lay_over
from .problems import problems_of

if TYPE_CHECKING:
    from fwsim.netfilter import Netfilter


def import_netfilter(document: Document) -> Netfilter | None:
    """The rules of a text in another program's words; None if it is in none that is known.

    Raises RulesetError for what that program refuses.
    """
    read = READERS.get(foreign_format(document.text) or "")
    return None if read is None else read(document)


def ruleset_of(
    netfilter: Netfilter,
    *,
    overrides: Mapping[str, str] | None = None,
    interfaces: Mapping[str, Sequence[str]] | None = None,
    local: Sequence[str] = (),
) -> Ruleset:
    """The ruleset that imported rules are, with what options say."""
    root, problems = lay_over(Map(), overrides or {}, _declared(netfilter, interfaces or {}), local)
    try:
        ruleset = Ruleset.model_validate(root, context={"open_interfaces": True})
    except ValidationError as error:
        raise RulesetError([*problems, *problems_of(error, root)]) from None
    if problems:
        raise RulesetError(problems)
    ruleset._imported = netfilter
    return ruleset


def _declared(netfilter: Netfilter, given: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The interfaces that options give networks, and before them those that rules name and that there can be."""
    named: dict[str, Sequence[str]] = {name: () for name in netfilter.interfaces if is_name(name)}
    return {**named, **given}


def _read_nft(document: Document) -> Netfilter:
    """Nft text."""
    from fwsim.importing.nft import read_nft

    return read_nft(document.text, document.path, _folder(document))


def _read_nft_json(document: Document) -> Netfilter:
    """What `nft -j list ruleset` prints."""
    from fwsim.importing.nft import netfilter_of
    from fwsim.nft.from_json import parse_json

    return netfilter_of(parse_json(document.text, document.path))


def _read_iptables(document: Document) -> Netfilter:
    """iptables-save text, or a script of iptables lines."""
    from fwsim.importing.iptables import read_iptables

    return read_iptables(document.text, document.path)


def _folder(document: Document) -> Path | None:
    """Where a text may include files from: the folder it lies in; text from standard input includes none."""
    path = Path(document.path)
    return path.parent if path.is_file() else None


READERS: dict[str, Callable[[Document], Netfilter]] = {
    "nft": _read_nft, "nft-json": _read_nft_json, "iptables": _read_iptables,
}  # fmt: skip
"""How each format is read, by the names of `foreign_format`."""
