"""What may have been meant by words that iptables does not know, for messages.

Read first: `extensions`.
"""

from __future__ import annotations

from collections.abc import Iterable

from fwsim.ruleset.mistakes import nearest

from .extensions import MATCHES, PROTOCOL_MATCHES, TARGETS


def of_option(name: str, family: int) -> str:
    """What has to come before an option for it to be known, or the option that was probably meant."""
    known = {match: extension for (match, of), extension in MATCHES.items() if of == family}
    owners = [match for match, extension in known.items() if name in extension.options]
    protocols = [match for match in PROTOCOL_MATCHES.values() if match in owners]
    if protocols:
        others = f" or {', '.join(protocols[1:])}" if protocols[1:] else ""
        return f": `-p {protocols[0]}`{others} must come before it"
    if owners:
        return f": `-m {owners[0]}` must come before it"
    return _meant(name, sorted({option for extension in known.values() for option in extension.options}), "--")


def of_target(name: str, verdicts: Iterable[str]) -> str:
    """The target that was probably meant."""
    return _meant(name, [*verdicts, *dict.fromkeys(target for target, _ in TARGETS)])


def _meant(name: str, known: list[str], dashes: str = "") -> str:
    """The question, if any known word is near."""
    meant = nearest(name, known)
    return f": did you mean `{dashes}{meant}`?" if meant else ""
