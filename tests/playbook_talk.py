"""Conversations, as the tests know them: `fwsim.expectations.talk`."""

from __future__ import annotations

from fwsim.expectations.talk import Conversation, Ping, Raw, Tcp, Udp

__all__ = ["Conversation", "Ping", "Raw", "Tcp", "Udp"]
