"""A driver for the TCP tracker alone: one connection, no table, no rules, and expectations between the packets.

Sequence numbers are relative to each side's initial one, which lies just below 2**32 for the client,
so that everything here also wraps around.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import is_compiled, tcp
from fwsim.engine.tcp_table import flags_are_valid
from fwsim.tables import (
    CONNECTION,
    PACKET,
    SETTINGS,
    SIDE,
    TCP_OPTION_AREA,
    TCP_OPTION_SACK_PERMITTED,
    TCP_OPTION_WSCALE,
    TRACK,
    Rows,
    empty,
    plain,
)
from fwsim.terms import CtStatus, Reason, TcpFlag, TcpState

SECOND = 10**9
WRAP = 2**32
LETTERS = {"F": TcpFlag.FIN, "S": TcpFlag.SYN, "R": TcpFlag.RST, "P": TcpFlag.PSH, ".": TcpFlag.ACK, "U": TcpFlag.URG,
           "E": TcpFlag.ECE, "W": TcpFlag.CWR}  # fmt: skip

SYSCTLS = {"loose": 1, "be_liberal": 0, "ignore_invalid_rst": 0, "max_retrans": 3}
TIMEOUTS = {"syn_sent": 120, "syn_recv": 60, "established": 432000, "fin_wait": 120, "close_wait": 60, "last_ack": 30,
            "time_wait": 120, "close": 10, "max_retrans_timeout": 300, "unacknowledged": 300}  # fmt: skip

CLIENT_ISN = WRAP - 1500
SERVER_ISN = 7_000_000


def rows(row: Any, count: int) -> Any:
    """A table as the engine wants it at present."""
    table = empty(row, count)
    return table if is_compiled() else Rows(table)


class Conversation:
    """A connection and what conntrack makes of it; the client is whoever sends in the original direction."""

    def __init__(self, **settings: int) -> None:
        """Set sysctls (as they are) and timeouts (in seconds) that differ from the kernel's defaults."""
        self.connection = rows(CONNECTION, 1)[0]
        self.sides = rows(SIDE, 2)
        self.packet = rows(PACKET, 1)[0]
        self.result = rows(TRACK, 1)[0]
        self.settings = rows(SETTINGS, 1)[0]
        for name, value in (SYSCTLS | TIMEOUTS | settings).items():
            self.settings[name] = value * SECOND if name in TIMEOUTS else value
        self.isn = {"client": CLIENT_ISN, "server": SERVER_ISN}
        self.opener = "client"
        self.alive = False
        self.now = 0
        self.outcome = tcp.ACCEPT
        self.ct_state = "none"
        self.direction = "none"
        self.log: list[str] = []

    def client(self, flags: str, seq: int = 0, ack: int = 0, **fields: Any) -> Conversation:
        """Send a packet from the client; `seq` counts from its ISN, `ack` from the server's (0 means 0 without ACK)."""
        return self._send("client", "server", flags, seq, ack, fields)

    def server(self, flags: str, seq: int = 0, ack: int = 0, **fields: Any) -> Conversation:
        """Send a packet from the server."""
        return self._send("server", "client", flags, seq, ack, fields)

    def after(self, seconds: float) -> Conversation:
        """Let time pass."""
        self.now += int(seconds * SECOND)
        return self

    def _send(self, sender: str, receiver: str, flags: str, seq: int, ack: int, fields: dict[str, Any]) -> Conversation:
        bits = sum(LETTERS[letter] for letter in flags if letter in LETTERS)
        raw_seq = fields.get("raw_seq", (self.isn[sender] + seq) % WRAP)
        raw_ack = fields.get("raw_ack", (self.isn[receiver] + ack) % WRAP if bits & TcpFlag.ACK else 0)
        sack = fields.get("sack")
        wscale, permitted = fields.get("wscale"), fields.get("sack_permitted", False)
        options = TCP_OPTION_AREA if fields.get("options", sack is not None or wscale is not None or permitted) else 0
        options |= TCP_OPTION_WSCALE if wscale is not None else 0
        options |= TCP_OPTION_SACK_PERMITTED if permitted else 0
        values = {
            "now": self.now, "flags": bits, "seq": raw_seq, "ack": raw_ack, "win": fields.get("win", 1000),
            "payload": fields.get("payload", 0), "tcp_options": options, "wscale": -1 if wscale is None else wscale,
            "sack_right": raw_ack if sack is None else (self.isn[receiver] + sack) % WRAP,
        }  # fmt: skip
        self.load(values)
        self.track(sender)
        self.log.append(f"{sender} {flags} {seq} {ack} {fields} -> {self.ct_state}, {self.told()}")
        return self

    def load(self, values: dict[str, int]) -> None:
        """Set fields of the packet that is to be tracked next."""
        for name, value in values.items():
            self.packet[name] = value

    def track(self, sender: str) -> None:
        """Track the packet that is loaded."""
        self.result["reason"] = 0
        self.direction = "none"
        self.ct_state = self._track(sender)
        if self.ct_state != "invalid":
            self.direction = "original" if sender == self.opener else "reply"

    def _track(self, sender: str) -> str:
        """Do what the caller in `conntrack` does: create, confirm, repeat, delete, and note replies."""
        if not flags_are_valid(self.packet["flags"]):
            self.outcome = tcp.INVALID
            return "invalid"
        if not self.alive:
            self.opener = sender
            self.connection["status"] = 0
            self.outcome = tcp.tcp_new(self.connection, self.sides, self.packet, self.settings, self.result)
            self.alive = self.outcome == tcp.ACCEPT
            return "new" if self.alive else "invalid"
        direction = 0 if sender == self.opener else 1
        seen = direction == 1 or self.connection["status"] & CtStatus.SEEN_REPLY
        self.outcome = tcp.tcp_packet(
            self.connection, self.sides, 0, self.packet, direction, self.settings, self.result
        )
        if self.outcome == tcp.REPEAT:
            self.alive = False
            return self._track(sender)
        if self.outcome == tcp.INVALID:
            return "invalid"
        if direction == 1:
            self.connection["status"] |= int(CtStatus.SEEN_REPLY)
        self.alive = self.outcome != tcp.DELETE
        return "established" if seen else "new"

    @property
    def state(self) -> TcpState:
        """The TCP state of the connection."""
        return TcpState(self.connection["state"])

    @property
    def left(self) -> float:
        """Seconds until the connection times out."""
        return float(self.connection["expires"] - self.now) / SECOND

    @property
    def reason(self) -> Reason:
        """What the tracker found notable about the last packet."""
        return Reason(self.result["reason"])

    @property
    def assured(self) -> bool:
        """Whether the connection is ASSURED."""
        return bool(self.connection["status"] & CtStatus.ASSURED)

    def side(self, name: str) -> dict[str, int]:
        """What is known of a sender, its own numbers relative to its ISN and `maxack` to its peer's."""
        row = plain(self.sides[0 if name == self.opener else 1])
        peer = "server" if name == "client" else "client"
        for field in ("end", "maxend"):
            row[field] = (row[field] - self.isn[name]) % WRAP
        row["maxack"] = (row["maxack"] - self.isn[peer]) % WRAP
        return row

    def told(self) -> str:
        """The connection in one line."""
        assured = ", assured" if self.assured else ""
        return f"{self.state.name.lower()}, {self.left:g} s, {self.reason.name}{assured}"

    def expect(
        self, ct_state: str, state: str | None = None, left: float | None = None, reason: str = "NONE"
    ) -> Conversation:
        """Assert what became of the last packet: its ct state, and the connection's state, time left and reason."""
        transcript = "\n".join(self.log)
        assert self.ct_state == ct_state, transcript
        assert self.reason == Reason[reason], transcript
        if state is not None:
            assert self.state == TcpState[state.upper()], transcript
        if left is not None:
            assert self.left == left, transcript
        return self

    def gone(self) -> Conversation:
        """Assert that no connection is left."""
        assert not self.alive, "\n".join(self.log)
        return self


def established(**settings: int) -> Conversation:
    """A connection after its handshake, windows of 1000 on both sides; both ends stand at 1."""
    talk = Conversation(**settings)
    talk.client("S").expect("new", "syn_sent")
    talk.server("S.", 0, 1).expect("established", "syn_recv")
    talk.client(".", 1, 1).expect("established", "established")
    return talk
