"""What can be expected of a packet: the keys, how each is read, and how editors are told of it.

Read first: `fwsim.naming` (DECISION_FIELDS), whose words these are. A value may be one word or a list of those that
will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from fwsim.expectations import hints
from fwsim.naming import DECISION_WORDS, NAT_FIELDS, SIDES
from fwsim.ruleset.fields import DURATION, SWITCH, TEXT, Json, Reads, listed
from fwsim.ruleset.mistakes import mistake, seen, unknown
from fwsim.ruleset.settings import parse_text
from fwsim.terms import Evidence, SctpState, TcpState, word

Alternatives = tuple[str, ...]
"""Any of these will do."""
NONE = "none"
"""What is expected where there is nothing."""

VERDICTS = tuple(DECISION_WORDS["verdict"].values())
STATES = tuple(dict.fromkeys([*(state.name for state in TcpState), *(state.name for state in SctpState)]))
ABSENT, PRESENT = "absent", "present"
STRICT = ConfigDict(frozen=True, extra="forbid")


def one_or_more(raw: object) -> list[object]:
    """A value as the list that it may be."""
    found = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    if not found:
        raise mistake("expected at least one, found an empty list")
    return found


def plain(text: str) -> str:
    """A word regardless of capitals and of `-` or `_`."""
    return text.lower().replace("_", "-")


def words_of(what: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> Reads:
    """One of a few words, or several of them; `meant` are those that people say instead."""
    by_spelling = {plain(name): name for name in known}

    def parse(raw: object) -> Alternatives:
        found = []
        for one in one_or_more(raw):
            if not isinstance(one, str) or plain(one) not in by_spelling:
                raise mistake(_unknown_word(what, one, list(by_spelling.values()), meant or {}))
            found.append(by_spelling[plain(one)])
        return tuple(found)

    return Reads(parse, list, listed({"enum": list(by_spelling.values())}))


def _unknown_word(what: str, one: object, known: list[str], meant: Mapping[str, str]) -> str:
    """That there is no such word, and which may have been meant: the one, or all that end like it."""
    text = one if isinstance(one, str) else seen(one)
    if plain(text) in meant:
        return f"unknown {what} {seen(text)}, did you mean {seen(meant[plain(text)])}?"
    alike = [word for word in known if word.endswith(f"-{plain(text)}")]
    if len(alike) > 1:
        return f"unknown {what} {seen(text)}, expected one of {', '.join(alike)}"
    return unknown(what, text, known)


def parse_side(raw: object) -> Alternatives:
    """The side on which a packet looks otherwise."""
    if isinstance(raw, bool):
        raise mistake(
            f"expected 'none', or how it looks there, such as {{side: out, dst: 192.0.2.2}}, found {seen(raw)}"
        )
    found: Alternatives = SIDES_OR_NONE.parse(raw)
    return found


def parse_names(raw: object) -> Alternatives:
    """Names of rules or chains; a number is the place of a rule in its chain."""
    return tuple(parse_text(one) for one in one_or_more(raw))


def parse_address(raw: object) -> str:
    """An address."""
    try:
        return str(ip_address(raw if isinstance(raw, str) else ""))
    except ValueError:
        raise mistake(f"expected an address, found {seen(raw)}") from None


def parse_port(raw: object) -> int:
    """A port or an ICMP id."""
    if type(raw) is int and 0 <= raw <= 65535:
        return raw
    raise mistake(f"expected a number of 0 to 65535, found {seen(raw)}")


VERDICT = words_of("verdict", VERDICTS, hints.VERDICTS)
WORD = {
    key: words_of(key.replace("_", " "), [*DECISION_WORDS[key].values(), NONE])
    for key in ("hook", "reason", "reject_with", "ct_state", "ct_direction", "tcp_state")
}
RULE_NAMES = Reads(parse_names, list, listed(TEXT, {"type": "integer", "minimum": 1}))
EVIDENCE = words_of("evidence", [*(word(bit) for bit in Evidence if bit), NONE])
STATE = words_of("state of a connection", [*STATES, ABSENT, PRESENT])
ADDRESS = Reads(parse_address, str, TEXT)
PORT = Reads(parse_port, int, {"type": "integer", "minimum": 0, "maximum": 65535})
SIDES_OR_NONE = words_of("side", [*SIDES.values(), NONE])
SIDE = Reads(parse_side, list, SIDES_OR_NONE.schema)


class Short(BaseModel):
    """A mapping that may be written as its most important value alone."""

    model_config = STRICT
    short: ClassVar[str]
    """The key of that value."""

    @model_validator(mode="before")
    @classmethod
    def _long(cls, raw: Any) -> Any:
        """A value alone as a mapping."""
        return raw if isinstance(raw, Mapping) else {cls.short: raw}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """Both ways to write it."""
        whole = handler.resolve_ref_schema(handler(schema))
        alone = whole["properties"][cls.short]
        return {"anyOf": [{name: value for name, value in alone.items() if name != "default"}, whole]}


class Nat(Short):
    """How a translated packet looks on the other side; `none`: it is not translated."""

    short: ClassVar[str] = "side"

    side: Annotated[Alternatives | None, SIDE] = None
    src: Annotated[str | None, ADDRESS] = None
    dst: Annotated[str | None, ADDRESS] = None
    sport: Annotated[int | None, PORT] = None
    dport: Annotated[int | None, PORT] = None
    icmp_id: Annotated[int | None, PORT] = None

    def complaint(self, actual: Mapping[str, Any] | None) -> bool:
        """Whether something else was done."""
        if actual is None:
            return self.side != (NONE,)
        if self.side is not None and actual["side"] not in self.side:
            return True
        wanted = {name: getattr(self, name) for name in NAT_FIELDS if name != "side"}
        return any(value is not None and actual[name] != value for name, value in wanted.items())

    def __str__(self) -> str:
        """As it was expected."""
        given = {name: getattr(self, name) for name in NAT_FIELDS if name != "side"}
        told = [f"{name} {value}" for name, value in given.items() if value is not None]
        return ", ".join([*(self.side or ()), *told])


class Facts(Short):
    """What is expected of the decision of one mode."""

    short: ClassVar[str] = "verdict"

    verdict: Annotated[Alternatives | None, VERDICT] = None
    rule: Annotated[Alternatives | None, RULE_NAMES] = None
    chain: Annotated[Alternatives | None, RULE_NAMES] = None
    hook: Annotated[Alternatives | None, WORD["hook"]] = None
    reason: Annotated[Alternatives | None, WORD["reason"]] = None
    reject_with: Annotated[Alternatives | None, WORD["reject_with"]] = None
    ct_state: Annotated[Alternatives | None, WORD["ct_state"]] = None
    ct_direction: Annotated[Alternatives | None, WORD["ct_direction"]] = None
    tcp_state: Annotated[Alternatives | None, WORD["tcp_state"]] = None
    mirror: Annotated[bool | None, SWITCH] = None
    nat: Nat | None = None

    def given(self) -> dict[str, Any]:
        """Those that are expected, by key."""
        return {name: value for name in FACTS if (value := getattr(self, name)) is not None}


FACTS = tuple(Facts.model_fields)
"""Their keys, in the order in which they are told."""
STATEFUL_FACTS = ("ct_state", "ct_direction", "tcp_state")
"""Those that only the stateful mode knows."""
STATELESS_FACTS = ("mirror",)


class Remembered(Short):
    """What is expected to be remembered of a connection."""

    short: ClassVar[str] = "state"

    state: Annotated[Alternatives | None, STATE] = None
    assured: Annotated[bool | None, SWITCH] = None
    seen_reply: Annotated[bool | None, SWITCH] = None
    timeout: Annotated[int | None, DURATION] = None
    """In ns; told to the second."""
