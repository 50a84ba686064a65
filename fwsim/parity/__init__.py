"""Parity: two firewalls, one capture, and where their decisions differ.

Read first: `compare_firewalls`. One firewall is the simulator, the other anything that decides about chunks: the
kernel. Neither is asked how it comes to its decisions; only these are compared, packet by packet.
"""

from fwsim.parity.comparison import Answer, Comparison, Firewall, compare_firewalls
from fwsim.parity.difference import COMPARED, Difference
from fwsim.parity.frozen import frozen, hastened, standing_still

__all__ = [
    "COMPARED",
    "Answer",
    "Comparison",
    "Difference",
    "Firewall",
    "compare_firewalls",
    "frozen",
    "hastened",
    "standing_still",
]
