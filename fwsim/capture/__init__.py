"""Captures: pcap, pcapng, compressed or not, and scapy packets -> chunks of decoded frames; and captures written again.

Read first: `open_captures` and `Chunk`. What a packet's way through the firewall is, is not known here.
"""

from fwsim.capture.captures import Captures, from_scapy, open_captures
from fwsim.capture.model import CaptureFile, CaptureInterface, Chunk, Input
from fwsim.capture.writing import CaptureWriter

__all__ = [
    "CaptureFile",
    "CaptureInterface",
    "CaptureWriter",
    "Captures",
    "Chunk",
    "Input",
    "from_scapy",
    "open_captures",
]
