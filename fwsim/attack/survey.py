"""What is in a capture that could be attacked: its conversations, questions and hosts, and by which way strangers come.

Read first: `survey_of`. The capture is read twice: to see what is there, then again to follow the conversations that
were chosen (`followed`), so that memory does not grow with its length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from fwsim.attack.conversation import Conversation, End, Seen
from fwsim.attack.link import Sighting
from fwsim.attack.segment import ACK, SYN, TCP, UDP, taken_apart
from fwsim.capture import Captures, Chunk
from fwsim.naming import address_text
from fwsim.tables import plain
from fwsim.topology.address_plan import IPNetwork

CONVERSATIONS_MAX = 50_000
QUESTIONS_MAX = 5_000
HOSTS_MAX = 5_000
WAYS_MAX = 20_000
"""What is remembered of a capture at most; what comes later is not attacked."""
DNS = 53

Opener = Callable[[], Captures]
Tuple = tuple[str, int, str, int]


@dataclass
class Question:
    """A DNS query: who asked whom, for what, with which id, and when the answer came (0 if none)."""

    asker: str
    server: str
    ports: tuple[int, int]
    ident: int
    name: str
    asked: int
    answered: int = 0
    sighting: Sighting | None = None
    """Of the answers."""


@dataclass
class Survey:
    """What was seen. `inside` are the networks that the firewall protects; hosts in the order of their appearance."""

    inside: Sequence[IPNetwork]
    conversations: list[Conversation] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    inside_hosts: dict[str, Sighting | None] = field(default_factory=dict)
    """With the way by which their packets come, once any has."""
    outside_hosts: dict[str, None] = field(default_factory=dict)
    listeners: set[tuple[str, int]] = field(default_factory=set)
    entries: Counter[Sighting] = field(default_factory=Counter)
    """By which interfaces, and with which headers, packets from outside came."""
    first: int = 0
    last: int = 0
    _inside: dict[str, bool] = field(default_factory=dict)

    def is_inside(self, address: str) -> bool:
        """Whether an address lies in one of the networks inside."""
        if address not in self._inside:
            found = ip_address(address)
            self._inside[address] = any(found in network for network in self.inside)
        return self._inside[address]


def survey_of(captures: Captures, inside: Sequence[IPNetwork]) -> Survey:
    """Read a capture to its end, and tell what is there."""
    watch = Watch(Survey(inside))
    for chunk in captures:
        watch.look(captures, chunk)
    return watch.survey


def followed(captures: Captures, inside: Sequence[IPNetwork], numbers: Collection[int]) -> dict[int, Conversation]:
    """The conversations of these numbers with all their moments."""
    watch = Watch(Survey(inside), frozenset(numbers))
    for chunk in captures:
        watch.look(captures, chunk)
    return {number: watch.survey.conversations[number] for number in numbers}


class Watch:
    """Looks at chunks, one after the other."""

    def __init__(self, survey: Survey, follow: frozenset[int] = frozenset()) -> None:
        """Add to a survey; conversations of the numbers in `follow` remember their moments."""
        self.survey = survey
        self._follow = follow
        self._alive: dict[Tuple, Conversation] = {}
        self._asked: dict[tuple[Tuple, int], Question] = {}
        self._ways: set[tuple[str, str, int]] = set()

    def look(self, captures: Captures, chunk: Chunk) -> None:
        """See the frames of a chunk."""
        for row in range(len(chunk)):
            frame, packet = plain(chunk.frames[row]), plain(chunk.packets[row])
            self._note_time(frame["ts"])
            if frame["reason"] or not packet["family"]:
                continue
            src = address_text([packet[f"src{word}"] for word in range(4)])
            dst = address_text([packet[f"dst{word}"] for word in range(4)])

            def sighting(frame: dict[str, int] = frame) -> Sighting:
                return sighting_of(captures, chunk, frame)

            self._note_hosts(src, dst, packet["proto"], sighting)
            if packet["fragment"] or frame["transport_fault"]:
                continue
            if packet["proto"] == TCP:
                self._segment(src, dst, frame["ts"], packet, sighting)
            elif packet["proto"] == UDP and DNS in (packet["sport"], packet["dport"]):
                self._datagram(src, dst, frame["ts"], packet, chunk.data(row)[frame["network"] :], sighting)

    def _note_time(self, ts: int) -> None:
        """Widen the span of the capture."""
        survey = self.survey
        survey.first = min(survey.first or ts, ts)
        survey.last = max(survey.last, ts)

    def _note_hosts(self, src: str, dst: str, proto: int, sighting: Callable[[], Sighting]) -> None:
        """Remember who is where, and how the first packet of each way came."""
        if len(self._ways) >= WAYS_MAX or (src, dst, proto) in self._ways:
            return
        survey = self.survey
        inwards = survey.is_inside(dst) and not survey.is_inside(src)
        outwards = survey.is_inside(src) and not survey.is_inside(dst) and not is_group(dst)
        self._ways.add((src, dst, proto))
        for inner, outer in [(dst, src)] * inwards + [(src, dst)] * outwards:
            if len(survey.inside_hosts) < HOSTS_MAX:
                survey.inside_hosts.setdefault(inner, None)
            if len(survey.outside_hosts) < HOSTS_MAX:
                survey.outside_hosts.setdefault(outer)
        if inwards:
            survey.entries[sighting()] += 1
        elif outwards and survey.inside_hosts.get(src, self) is None:
            survey.inside_hosts[src] = sighting()

    def _segment(self, src: str, dst: str, ts: int, packet: Any, sighting: Callable[[], Sighting]) -> None:
        """A TCP segment: of a conversation that is known, or the first of one."""
        seen = Seen(ts, *(packet[name] for name in ("seq", "ack", "flags", "win", "payload", "wscale")))
        if seen.seq < 0 or seen.payload < 0:
            return
        if seen.flags & SYN and seen.flags & ACK:
            self.survey.listeners.add((src, packet["sport"]))
        key = (src, packet["sport"], dst, packet["dport"])
        found = self._alive.get(key) or self._alive.get((dst, packet["dport"], src, packet["sport"]))
        if found is None or (found.closing and seen.flags & SYN and not seen.flags & ACK):
            found = self._first(key, seen)
            if found is None:
                return
        side = int((found.ends[0].address, found.ends[0].port) != (src, packet["sport"]))
        if found.ends[side].sighting is None:
            found.ends[side].sighting = sighting()
        found.see(side, seen)

    def _first(self, key: Tuple, seen: Seen) -> Conversation | None:
        """A conversation that begins; None if there are too many. A SYN-ACK comes from the answerer."""
        number = len(self.survey.conversations)
        if number >= CONVERSATIONS_MAX:
            return None
        if seen.flags & SYN and seen.flags & ACK:
            key = (*key[2:], *key[:2])
        ends = (End(*key[:2]), End(*key[2:]))
        conversation = Conversation(number, ends, seen.ts, moments=[] if number in self._follow else None)
        self.survey.conversations.append(conversation)
        self._alive.pop((*key[2:], *key[:2]), None)
        self._alive[key] = conversation
        return conversation

    def _datagram(
        self, src: str, dst: str, ts: int, packet: Any, data: bytes, sighting: Callable[[], Sighting]
    ) -> None:
        """A question, or its answer."""
        datagram = taken_apart(data[: packet["length"]])
        message = datagram.data
        if datagram.proto != UDP or len(message) < 12:
            return
        ident = int.from_bytes(message[:2], "big")
        if message[2] & 0x80:
            question = self._asked.pop(((dst, packet["dport"], src, packet["sport"]), ident), None)
            if question is not None:
                question.answered, question.sighting = ts, sighting()
            return
        name = name_in(message)
        if name and len(self.survey.questions) < QUESTIONS_MAX:
            question = Question(src, dst, (packet["sport"], packet["dport"]), ident, name, ts)
            self.survey.questions.append(question)
            self._asked[(src, packet["sport"], dst, packet["dport"]), ident] = question


def name_in(message: bytes) -> str:
    """The name that a DNS query asks for (RFC 1035 §4.1.2); empty if it cannot be read."""
    labels, at = [], 12
    while at < len(message) and 0 < message[at] < 64:
        labels.append(message[at + 1 : at + 1 + message[at]])
        at += 1 + message[at]
    text = b".".join(labels).decode("ascii", "replace")
    return text if at < len(message) and text.isascii() and text.isprintable() else ""


def sighting_of(captures: Captures, chunk: Chunk, frame: dict[str, int]) -> Sighting:
    """Where a frame was seen, with its link-layer header."""
    number = frame["capture_interface"]
    seen_on = captures.interfaces[number]
    start = frame["offset"]
    header = chunk.buffer[start : start + frame["network"]].tobytes()
    key = None if seen_on.name else number
    return Sighting(seen_on.name, seen_on.link_type, header, frame["sent_or_received"], key)


def is_group(address: str) -> bool:
    """Whether an address is one of many hosts."""
    found = ip_address(address)
    return found.is_multicast or address == "255.255.255.255"
