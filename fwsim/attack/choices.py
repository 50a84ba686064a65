"""Options that several families have, and lists of ports as they are written.

Read first: `Option`.
"""

from __future__ import annotations

from fwsim.attack.model import Knowledge, Option, Style
from fwsim.errors import UsageError

VICTIMS = Option("victims", 1, "how many connections are attacked", 1, 10_000)
RATE = Option("rate", 1000, "packets a second", 1, 10_000_000)
SERVICE = Option("service", 443, "the service's port, where the attacker has to guess", 1, 65535)
TARGETS = Option("targets", 3, "how many hosts inside are addressed", 1, 5000)
PORTS = Option("ports", "21-23,25,53,80,110,143,443,445,993,3306,3389,8080", "the ports, as 22,80,8000-8010")
TEXT = Option("text", "HTTP/1.1 200 OK\\r\\n\\r\\nforged", "the forged data; \\r and \\n as in C")
WINDOW = Option("window", 65535, "the window that is assumed: the step of a sweep", 1, 1 << 30)

RANDOM = Style("random", Knowledge.NOTHING, "sequence numbers at random")
SWEEP = Style("sweep", Knowledge.PORTS, "every window of the sequence space in turn, from a random number on")
EXACT = Style("exact", Knowledge.SEQUENCE, "the number that is expected", evidence=())

PORTS_MAX = 65535


def counted(default: int, what: str) -> Option:
    """How many packets a family makes."""
    return Option("count", default, what, 1, 10_000_000)


def ports_of(text: str) -> list[int]:
    """The ports of a list: `22,80,8000-8010`."""
    found: list[int] = []
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        try:
            first, last = int(low), int(high if dash else low)
        except ValueError:
            first, last = 0, 0
        if not 1 <= first <= last <= PORTS_MAX:
            raise UsageError(f"option ports={text}: {part.strip()!r} is no port, expected 1 to 65535, or 8000-8010")
        found.extend(range(first, last + 1))
    return found


def data_of(text: str) -> bytes:
    """Data from an option, with ends of lines as in C."""
    return text.replace("\\r", "\r").replace("\\n", "\n").encode("utf-8", "replace")
