"""A command of iptables, from its parameters: what getopt and iptables' own parser make of them.

Read first: `rules`, `loaded`. Options of iptables come first, then those of the extensions that the rule has loaded,
the latest first; a name may be cut short while it is the only one that begins so. An option that is not known loads the
match of the rule's protocol, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import values
from .extensions import MATCHES, PROTOCOL_MATCHES, TARGETS, Extension, Use, foreign_match, foreign_target
from .hints import of_option, of_target
from .ipset import IpSet
from .loaded import Loaded, Parameters, give, give_foreign
from .rules import Main, RuleWords
from .values import RefusedError

LONG: dict[str, str] = {
    "append": "A", "delete": "D", "check": "C", "insert": "I", "replace": "R", "list": "L", "list-rules": "S",
    "flush": "F", "zero": "Z", "new-chain": "N", "delete-chain": "X", "rename-chain": "E", "policy": "P", "source": "s",
    "destination": "d", "src": "s", "dst": "d", "protocol": "p", "in-interface": "i", "jump": "j", "table": "t",
    "match": "m", "numeric": "n", "out-interface": "o", "verbose": "v", "wait": "w", "wait-interval": "W", "exact": "x",
    "fragments": "f", "version": "V", "help": "h", "line-numbers": "0", "modprobe": "M", "set-counters": "c",
    "goto": "g", "ipv4": "4", "ipv6": "6",
}  # fmt: skip
"""iptables' own options."""

COMMANDS = frozenset("ADCIRLSFZNXEP")
ONE_WORD = frozenset("ADCIRNEPsdpijotmgMc")
"""What is followed by one word."""

MAYBE_CHAIN = frozenset("LSFZX")
"""What may be followed by the name of a chain."""

MAYBE_SECONDS = frozenset("wW")
NUMBERED = frozenset("IRDLSZ")
GLUED = frozenset("mtADCIRNEPFXZLScMwW")
"""What may have its word glued on; of the others iptables takes the whole parameter for the word."""

VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "RETURN": "return", "QUEUE": "queue"}
LONGEST_INTERFACE = 15
LISTS = {"s": "sources", "d": "destinations"}
INTERFACES = {"i": "iif", "o": "oif"}
ALONE = frozenset("fvnx46Vh0b")


@dataclass(slots=True)
class Command:
    """What is to be done: `letter` is iptables' own, `chain` where, `name` a new name or a policy."""

    letter: str = ""
    chain: str = ""
    number: int | None = None
    name: str = ""
    table: str | None = None
    rule: RuleWords = field(default_factory=RuleWords)
    other_family: bool = False
    """`-4` in ip6tables or `-6` in iptables: not for this one."""


class Parser:
    """Reads the parameters of one command; after `RefusedError`, `place` says at which it stopped."""

    def __init__(
        self, family: int, table: str, is_chain: Callable[[str], bool], sets: Mapping[str, IpSet], in_restore: bool
    ) -> None:
        """`is_chain` knows the chains of the table: a target is one of them before it is an extension."""
        self.is_chain = is_chain
        self.sets = sets
        self.in_restore = in_restore
        self.place = 0
        self.command = Command(rule=RuleWords(family, table))
        self._family = family
        self._parameters = Parameters([])
        self._loaded = Loaded()
        self._implied = False
        self._given: set[str] = set()
        self._inverted = False

    def parse(self, words: list[str]) -> Command:
        """Read all parameters."""
        self._parameters = parameters = Parameters(words)
        while parameters.next < len(words):
            self.place = parameters.next
            word = parameters.take("")
            if word == "!":
                self._invert()
            elif word == "--" and parameters.next < len(words):
                raise RefusedError("unknown arguments behind `--`")
            elif word.startswith("--") and len(word) > 2:
                self._long(word)
            elif word.startswith("-") and len(word) > 1 and word != "--":
                self._short(word)
            elif word != "--":
                self._stray(word)
        if self._inverted:
            raise RefusedError("nothing behind !")
        self.place = 0
        if not self.command.letter:
            raise RefusedError("no command: expected such as -A CHAIN")
        return self.command

    def _stray(self, word: str) -> None:
        """A word that belongs to no option."""
        if self._inverted:
            raise RefusedError(
                f"bad argument `{word}`: iptables wants `!` in front of the option, as in `! -s 10.0.0.0/8`"
            )
        raise RefusedError(f"bad argument `{word}`: expected an option")

    def _invert(self) -> None:
        """`!` in front of an option."""
        if self._inverted:
            raise RefusedError("two ! in a row")
        self._inverted = True

    def _taken_inversion(self) -> bool:
        """Whether the option is inverted; the next is not."""
        inverted, self._inverted = self._inverted, False
        return inverted

    def _never_inverted(self, word: str) -> None:
        """Refuse `!` in front of what cannot be inverted."""
        if self._taken_inversion():
            raise RefusedError(f"option {word} cannot be inverted")

    # --- which option -----------------------------------------------------------------------------------------------

    def _short(self, word: str) -> None:
        """`-A`, or several letters."""
        for place, letter in enumerate(word[1:], 2):
            if letter in ONE_WORD or letter in MAYBE_CHAIN or letter in MAYBE_SECONDS:
                self._main(letter, word[place:] or None, word, word[:place])
                return
            if letter not in ALONE:
                raise RefusedError(f"unknown option `-{letter}`")
            self._main(letter, None, word, word)

    def _long(self, word: str) -> None:
        """`--append`, or an option of an extension."""
        name, equals, value = word[2:].partition("=")
        glued = value if equals else None
        letter = LONG.get(name)
        found = None if letter else self._loaded.exact(name)
        if letter is None and found is None:
            letters = {LONG[known] for known in LONG if known.startswith(name)}
            options = self._loaded.begun(name)
            if len(letters) + len(options) == 1:
                letter, found = (letters.pop(), None) if letters else (None, options[0])
            elif not self._implies(word):
                unknown = f"is not known{of_option(name, self._family)}"
                several = "may be several: write more of it" if letters or options else unknown
                raise RefusedError(f"option `{word}` {several}")
        if letter is not None:
            self._main(letter, glued, word, f"--{name}")
        elif found is not None:
            found[0].protocol = self.command.rule.protocol.value if self.command.rule.protocol else 0
            give(found, word, glued, self._taken_inversion(), self._parameters)

    def _implies(self, word: str) -> bool:
        """Whether an option that nobody knows is one of the protocol's match, or of an extension from elsewhere."""
        protocol = self.command.rule.protocol
        implied = MATCHES.get((PROTOCOL_MATCHES.get(protocol.value, ""), self._family)) if protocol else None
        if implied is not None and not self._implied:
            self._implied = True
            self._load(implied, f"-m {implied.name}")
            self._long(word)
            return True
        foreign = self._loaded.foreign()
        if foreign is not None:
            give_foreign(foreign, word, self._taken_inversion(), self._parameters)
        return foreign is not None

    def _main(self, letter: str, glued: str | None, word: str, option: str) -> None:
        """One of iptables' own options."""
        if glued is not None and letter not in GLUED:
            raise RefusedError(f"expected `{option} {glued}`: iptables takes `{word}` itself for the word")
        if letter in COMMANDS:
            self._command(letter, glued, word)
        elif letter in "sdpiojgf":
            self._of_rule(letter, word)
        elif letter == "m":
            self._never_inverted(word)
            self._match(glued if glued is not None else self._parameters.take(word))
        elif letter == "t":
            self._table(glued if glued is not None else self._parameters.take(word))
        elif letter == "c":
            self._counters(glued if glued is not None else self._parameters.take(word))
        else:
            self._aside(letter, glued, word)

    def _aside(self, letter: str, glued: str | None, word: str) -> None:
        """What changes nothing about the rules."""
        if letter in MAYBE_SECONDS:
            if self.in_restore:
                raise RefusedError(f"option {word} has no place in iptables-restore")
            if glued is None and self._parameters.has_plain():
                self._parameters.take(word)
        elif letter in "46":
            self.command.other_family = self.command.other_family or letter != str(self._family)
        elif letter == "M":
            self._parameters.take(word)
        elif letter in "Vh":
            raise RefusedError(f"option {word} has no place in a ruleset")
        elif letter in "nx0" and self.command.letter not in ("L", "S"):
            raise RefusedError(f"option {word} goes with -L only")

    def _counters(self, first: str) -> None:
        """`-c PACKETS BYTES` or `-c PACKETS,BYTES`."""
        both = first.split(",") if "," in first else [first, self._parameters.take("-c")]
        if len(both) != 2 or not all(text.isdigit() for text in both):
            raise RefusedError("-c needs a packet and a byte counter")

    def _table(self, name: str) -> None:
        """`-t nat`."""
        if self.in_restore:
            raise RefusedError("option -t has no place in iptables-restore: a table begins with `*TABLE`")
        self.command.table = name

    def _command(self, letter: str, glued: str | None, word: str) -> None:
        """What to do, and where."""
        command, parameters = self.command, self._parameters
        self._never_inverted(word)
        if command.letter:
            raise RefusedError(f"-{command.letter} and -{letter} in one command")
        command.letter = letter
        if glued is not None or letter in ONE_WORD or parameters.has_plain():
            command.chain = glued if glued is not None else parameters.take(word)
        if letter in "EP":
            command.name = parameters.take(word)
        if letter in NUMBERED and parameters.has_plain() and (letter != "D" or parameters.peek().isdigit()):
            command.number = values.number(parameters.take(word), 1, (1 << 31) - 1, "rule number")

    # --- the rule ---------------------------------------------------------------------------------------------------

    def _of_rule(self, letter: str, word: str) -> None:
        """A part of the rule that iptables itself matches, or its target."""
        once = "j" if letter == "g" else letter
        if once in self._given:
            raise RefusedError(f"option -{letter} is given twice")
        self._given.add(once)
        negated = self._taken_inversion()
        text = "" if letter == "f" else self._parameters.take(word)
        source = " ".join((*(("!",) if negated else ()), word, *((text,) if text else ())))
        rule = self.command.rule
        if letter == "f":
            rule.fragment = self._fragment(negated, source)
        elif letter in LISTS:
            setattr(rule, LISTS[letter], self._addresses(text, negated, source))
        elif letter == "p":
            rule.protocol = Main(values.protocol(text), negated, source)
            if negated and not rule.protocol.value:
                raise RefusedError("no packet has another protocol than all")
        elif letter in INTERFACES:
            setattr(rule, INTERFACES[letter], Main(_interface(text), negated, source))
        else:
            self._jump(letter, text, source, negated)

    def _fragment(self, negated: bool, source: str) -> Main:
        """`-f`."""
        if self._family == 6:
            raise RefusedError("-f is not for IPv6: use `-m frag`")
        return Main(True, negated, source)

    def _addresses(self, text: str, negated: bool, source: str) -> list[Main]:
        """`-s` or `-d`."""
        found = values.networks(text, self._family)
        if negated and len(found) > 1:
            raise RefusedError("! does not go with several addresses")
        return [Main(one, negated, source) for one in found]

    def _jump(self, letter: str, name: str, source: str, negated: bool) -> None:
        """`-j` or `-g`."""
        rule = self.command.rule
        rule.target, rule.target_text = name, source
        if negated:
            raise RefusedError(f"option -{letter} cannot be inverted")
        if self.is_chain(name):
            rule.verdict = "goto" if letter == "g" else "jump"
        elif letter == "g":
            raise RefusedError(f"there is no chain `{name}` to go to")
        elif name in VERDICTS:
            rule.verdict = VERDICTS[name]
        else:
            found = TARGETS.get((name, self._family)) or foreign_target(name)
            if found is None:
                raise RefusedError(f"there is no chain and no target `{name}`" + of_target(name, VERDICTS))
            rule.use = self._used(found, source)

    def _match(self, name: str) -> None:
        """`-m`."""
        name = {"ipv6-icmp": "icmp6", "icmpv6": "icmp6"}.get(name, name)
        found = MATCHES.get((name, self._family)) or foreign_match(name)
        if found is None:
            other = " for this family" if (name, 10 - self._family) in MATCHES else ""
            raise RefusedError(f"there is no match `{name}`{other}")
        self._load(found, f"-m {name}")

    def _load(self, found: Extension, text: str) -> None:
        """Add a match to the rule."""
        self.command.rule.uses.append(self._used(found, text))

    def _used(self, found: Extension, text: str) -> Use:
        """An extension in this rule, whose options come before those that were there."""
        use = Use(found, text, {}, self._family, 0, False, self.sets)
        self._loaded.uses.append(use)
        return use


def _interface(name: str) -> str:
    """The name of an interface; `+` at its end stands for any end."""
    if not name:
        raise RefusedError("the name of an interface is empty")
    if len(name) > LONGEST_INTERFACE:
        raise RefusedError(f"`{name}` has more than the {LONGEST_INTERFACE} characters of an interface's name")
    return name
