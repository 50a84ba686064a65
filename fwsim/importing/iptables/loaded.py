"""The extensions that a rule has loaded, and their options.

Read first: `extensions`, `options`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .extensions import Use
from .options import WORDS, Given, Option, read
from .values import RefusedError


@dataclass(slots=True)
class Parameters:
    """The parameters of a command, one after the other."""

    words: list[str]
    next: int = 0

    def take(self, option: str) -> str:
        """The next one, which an option needs."""
        if self.next >= len(self.words):
            raise RefusedError(f"option {option} needs a word behind it")
        self.next += 1
        return self.words[self.next - 1]

    def peek(self) -> str:
        """The next one, if there is one."""
        return self.words[self.next] if self.next < len(self.words) else ""

    def has_plain(self) -> bool:
        """Whether one follows that is no option."""
        return self.peek()[:1] not in ("-", "!", "")


@dataclass(slots=True)
class Loaded:
    """The extensions of a rule: the target, then the matches, the latest first."""

    uses: list[Use] = field(default_factory=list)

    def exact(self, name: str) -> tuple[Use, Option] | None:
        """The option with this name."""
        for use in reversed(self.uses):
            option = use.extension.options.get(name)
            if option is not None:
                return use, option
        return None

    def begun(self, name: str) -> list[tuple[Use, Option]]:
        """The options that begin so."""
        found = {
            (id(use), option.key): (use, option)
            for use in reversed(self.uses)
            for known, option in use.extension.options.items()
            if known.startswith(name)
        }
        return list(found.values())

    def foreign(self) -> Use | None:
        """An extension whose options are not known."""
        return next((use for use in reversed(self.uses) if use.extension.foreign), None)


def give(found: tuple[Use, Option], word: str, glued: str | None, negated: bool, parameters: Parameters) -> None:
    """Read an option of an extension and the words that it takes."""
    use, option = found
    name = use.extension.name
    if negated and not option.inverts:
        raise RefusedError(f"{name}: option --{option.key} cannot be inverted")
    if option.key in use.given and not option.repeats:
        raise RefusedError(f"{name}: option --{option.key} can be given only once")
    count = int(parameters.has_plain()) if option.kind == "maybe" else WORDS.get(option.kind, 1)
    if glued is not None and not count:
        raise RefusedError(f"option --{option.key} takes no word")
    words = [] if glued is None else [glued]
    while len(words) < count:
        words.append(parameters.take(word))
    if words[:1] == ["!"]:
        raise RefusedError(f"iptables wants `!` in front of the option: `! {word}`")
    text = _text(negated, word, words if glued is None else words[1:])
    use.given[option.key] = Given(read(option, words, use.family), negated, text)


def give_foreign(use: Use, word: str, negated: bool, parameters: Parameters) -> None:
    """Take an option that is not known, with the words that follow it."""
    words = []
    while parameters.has_plain():
        words.append(parameters.take(word))
    use.given[word[2:]] = Given(tuple(words), negated, _text(negated, word, words))


def _text(negated: bool, word: str, words: list[str]) -> str:
    """An option as it can be written again."""
    shown = (f'"{one}"' if not one or " " in one else one for one in words)
    return " ".join((*(("!",) if negated else ()), word, *shown))
