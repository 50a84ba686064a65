"""SCTP in a few words: associations between two ends.

Read first: RFC 9260 §3, `talk`. Chunks are named as in `sctp_table.KIND_WORDS`, or by number.
"""

from __future__ import annotations

from typing import Any

from fwsim.capture.crafting import SCTP, sctp_chunk, sctp_packet
from fwsim.expectations.stage import ORIGINAL, REPLY, Sent, Stage
from fwsim.expectations.talk import IP_WORDS, SENDING_WORDS, Conversation, split_words


class Sctp(Conversation):
    """An association. `tags` are those that the ends name in INIT and INIT-ACK: packets *to* an end carry its tag."""

    def __init__(
        self, play: Stage, opener: str, other: str, *, tags: tuple[int, int] = (0x11, 0x22), **settings: Any
    ) -> None:
        """Name the ends with their ports."""
        super().__init__(play, SCTP, opener, other, **settings)
        self.tags = tags

    def original(self, *kinds: str | int, **words: Any) -> Sent:  # type: ignore[override]
        """Send these chunks from the opening end: `vtag`, `tag`, `flags`, `crc`, `claims` may be other than usual."""
        return self.say(ORIGINAL, kinds, words)

    def reply(self, *kinds: str | int, **words: Any) -> Sent:  # type: ignore[override]
        """Send these chunks from the other end."""
        return self.say(REPLY, kinds, words)

    def speak(self, direction: int, data: int | bytes, words: dict[str, Any]) -> Sent:
        """Send the chunks that `kinds` names; a `vtag` of None is the usual one."""
        spoken = {name: value for name, value in words.items() if value is not None}
        return self.say(direction, spoken.pop("kinds"), spoken)

    def say(self, direction: int, kinds: tuple[str | int, ...], words: dict[str, Any]) -> Sent:
        """Send chunks in a direction. An INIT carries the tag 0, all else that of the receiver."""
        ip, sending, of_chunk = split_words(words, IP_WORDS, SENDING_WORDS, {"tag", "flags", "claims"})
        way = self.way(direction)
        vtag = words.pop("vtag", 0 if "init" in kinds else self.tags[1 - direction])
        of_chunk = {"tag": self.tags[direction], **of_chunk}
        body = b"".join(sctp_chunk(kind, **of_chunk) for kind in kinds)
        packet = sctp_packet((way.sport, way.dport), vtag, body, **words)
        text = f"sctp ({') ('.join(map(str, kinds))}) tag {vtag:#x}"
        return self.send(direction, packet, text, ip, **sending)

    def open(self) -> None:
        """The four packets of the handshake (RFC 9260 §5.1)."""
        self.original("init")
        self.reply("init-ack")
        self.original("cookie-echo")
        self.reply("cookie-ack")
