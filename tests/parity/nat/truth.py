"""What the kernel did with every frame of a recorded capture, as it is written down.

Read first: `Fate`. A line for each frame, in words: `accept new -> 2` came in, was let through and left as frame 2;
`accept new here` was delivered to the gateway; `drop invalid`; `out of 1` is what became of frame 1; `out made
established reply` was sent by the gateway. The state is that which rules saw behind destination translation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

CAPTURES = Path(__file__).parent / "captures"
BOTH, TRUTH = "both.pcapng.gz", "truth.json"
IN, OUT = 1, 2

LINE = re.compile(
    r"(accept|drop|out made|out of (?P<cause>\d+))(?: (?P<state>(?!here)[a-z ]+?))?"
    r"(?P<here> here)?(?: -> (?P<left>[\d ]+))?"
)


@dataclass(frozen=True)
class Fate:
    """What became of a frame that came in (`left` as these frames, `taken` by the gateway), or why one went out."""

    state: str
    left: list[int] = field(default_factory=list)
    taken: bool = False
    cause: int = 0
    """The frame that this one was when it came in; 0 if the gateway made it."""
    way: int = IN

    @property
    def accepted(self) -> bool:
        """Whether a frame that came in was let through."""
        return bool(self.left) or self.taken

    def line(self) -> str:
        """In words."""
        if self.way == OUT:
            return f"out of {self.cause}" if self.cause else f"out made {self.state}".strip()
        words = ["accept" if self.accepted else "drop", self.state, "here" if self.taken else ""]
        words += ["->", *map(str, self.left)] if self.left else []
        return " ".join(word for word in words if word)

    @staticmethod
    def read(line: str) -> Fate:
        """The same from its words."""
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{line!r} tells no fate of a frame")
        if line.startswith("out"):
            return Fate(found["state"] or "", cause=int(found["cause"] or 0), way=OUT)
        left = [int(number) for number in (found["left"] or "").split()]
        return Fate(found["state"] or "", left, taken=found["here"] is not None)


@dataclass(frozen=True)
class Truth:
    """All of a capture: the kernel, the fate of each frame, and the lines of `conntrack -E`."""

    kernel: str
    frames: list[Fate]
    events: list[str]

    def text(self) -> str:
        """As JSON, with a line for each frame and event."""
        parts = {"frames": [fate.line() for fate in self.frames], "events": self.events}
        lists = [f'"{name}": [\n ' + ",\n ".join(map(json.dumps, values)) + "\n]" for name, values in parts.items()]
        return "{\n" + ",\n".join([f'"kernel": {json.dumps(self.kernel)}', *lists]) + "\n}\n"

    @staticmethod
    def load(path: Path) -> Truth:
        """What a file tells."""
        told = json.loads(path.read_text())
        return Truth(told["kernel"], [Fate.read(line) for line in told["frames"]], told["events"])

    def connections(self) -> dict[str, list[str]]:
        """Each original tuple, with the reply tuples that it had, in the words of the `conntrack` tool."""
        found: dict[str, list[str]] = {}
        for event in self.events:
            if event.startswith("[NEW]"):
                original, reply = TUPLE.findall(event)
                found.setdefault(f"{proto_of(event)} {original.strip()}", []).append(reply.strip())
        return found


TUPLE = re.compile(r"src=\S+ dst=\S+(?: (?:sport|dport|type|code|id|srckey|dstkey)=\S+)*")


def proto_of(event: str) -> int:
    """The protocol's number in a line of `conntrack -E`."""
    return int(event.split()[2])
