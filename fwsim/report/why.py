"""Why the two modes differ on a packet, in a few words: what a summary groups by.

Read first: `fwsim.terms.Reason`. A sentence for each reason stands in `fwsim.reasons`; here several share one phrase.
"""

from __future__ import annotations

from fwsim.terms import CtState, Direction, Reason

_PHRASES: dict[str, tuple[Reason, ...]] = {
    "no connection": (
        Reason.TCP_NOT_AN_OPENING, Reason.TCP_NO_PICKUP, Reason.ICMP_REPLY_WITHOUT_REQUEST, Reason.ICMP_ERROR_UNMATCHED,
        Reason.SCTP_NOT_AN_OPENING,
    ),
    "outside the window": (Reason.TCP_SEQ_OVER, Reason.TCP_ACK_OVER, Reason.TCP_RST_SEQ_LOW),
    "impossible flags": (Reason.TCP_BAD_FLAGS,),
    "impossible in the connection's state": (Reason.TCP_INVALID_STATE, Reason.SCTP_INVALID_STATE),
    "not the association's verification tag": (Reason.SCTP_BAD_TAG,),
    "wrong checksum": (
        Reason.TCP_BAD_CHECKSUM, Reason.UDP_BAD_CHECKSUM, Reason.ICMP_BAD_CHECKSUM, Reason.SCTP_BAD_CHECKSUM,
        Reason.UDPLITE_NO_CHECKSUM,
    ),
    "malformed SCTP": (Reason.SCTP_BAD_CHUNKS,),
    "GRE version 1 without PPP": (Reason.GRE_BAD_PROTOCOL,),
    "incomplete header": (
        Reason.TCP_SHORT, Reason.UDP_SHORT, Reason.ICMP_SHORT, Reason.L4_TRUNCATED, Reason.NO_TRANSPORT,
        Reason.LATER_FRAGMENT,
    ),
    "ICMP that answers nothing": (Reason.ICMP_BAD_TYPE, Reason.ICMP_REDIRECT_NOT_LOCAL),
    "ICMP error that does not fit what it quotes": (Reason.ICMP_ERROR_BAD_QUOTE, Reason.ICMP_ERROR_WRONG_TARGET),
    "dropped by the FTP helper": (Reason.HELPER_PARTIAL, Reason.HELPER_CLASH),
    "dropped by translation": (
        Reason.NAT_CLASH, Reason.NAT_REDIRECT, Reason.NAT_NO_ADDRESS, Reason.NAT_UNWRITABLE, Reason.NAT_OTHER_INTERFACE,
    ),
    "connection table full": (Reason.TABLE_FULL,),
}  # fmt: skip
_PHRASE_OF = {int(reason): phrase for phrase, reasons in _PHRASES.items() for reason in reasons}
_BY_STATE = {
    int(CtState.NEW): "no connection",
    int(CtState.ESTABLISHED): "refused although established",
    int(CtState.RELATED): "refused although related",
    int(CtState.INVALID): "invalid",
    int(CtState.UNTRACKED): "not tracked",
}


def blocked_because(reason: int, ct_state: int) -> str:
    """Why stateful blocks what stateless admits: by the tracker's reason, else by the ct state."""
    return _PHRASE_OF.get(reason) or _BY_STATE.get(ct_state, "another rule decided")


def admitted_because(fragment: int, ct_state: int, direction: int, could_be_reply: bool) -> str:
    """Why stateless blocks what stateful admits; `could_be_reply` as the twin sees it (TCP: ACK or RST is set)."""
    if fragment == 2:
        return "later fragments (no port to match)"
    if ct_state == CtState.RELATED:
        return "related to a connection, which stateless does not know"
    if ct_state == CtState.ESTABLISHED:
        if direction == Direction.ORIGINAL:
            return "later packets of a connection, each judged as a new one"
        return "replies whose mirror image is refused" if could_be_reply else "replies that nothing marks as such"
    return "another rule decided"
