"""Build every example capture: `python pcaps/build.py [FOLDER]`, byte for byte the same each time.

Read first: `pcaps/README.md`. The scripts stand in `stories` and `office`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))

from pcaps import office, stories  # noqa: E402  (found only once the path is set)

CAPTURES: dict[str, Callable[[], bytes]] = {
    "office.pcapng": office.office,
    "handshake.pcapng": stories.handshake,
    "orderly-close.pcap": stories.orderly_close,
    "ack-scan.pcapng": stories.ack_scan,
    "unsolicited-synack.pcapng": stories.unsolicited_synack,
    "blind-reset.pcapng": stories.blind_reset,
    "data-injection.pcapng": stories.data_injection,
    "flag-scan.pcapng": stories.flag_scan,
    "spoofed-dns.pcapng": stories.spoofed_dns,
    "fragments.pcapng": stories.fragments,
    "forged-icmp-error.pcapng": stories.forged_icmp_error,
    "midstream.pcapng": stories.midstream,
    "split-handshake.pcapng": stories.split_handshake,
    "syn-flood.pcap.zst": stories.syn_flood,
    "asymmetric.pcapng.gz": stories.asymmetric,
    "tuple-reuse.pcapng": stories.tuple_reuse,
    "any-interface.pcapng": stories.any_interface,
    "host.pcap": stories.host,
    "v6-router.pcapng": stories.v6_router,
}
"""Every capture of this folder, and the script that it is built from."""

MADE_WITH = {"zlib": "1.2.13", "zstd": "1.5.7"}
"""The libraries that compressed the files in the repository: other versions may pack the same captures otherwise."""


def build(folder: Path) -> None:
    """Write every capture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in CAPTURES.items():
        (folder / name).write_bytes(script())


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
