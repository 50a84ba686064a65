"""The families of attacks with their styles and options, and the tables of the literature, as names alone.

Read first: `fwsim.attack.registry` and `fwsim.attack.literature.tables`, which have them with all that crafts packets;
that takes seconds to load where TAB should take none. A test holds that both have the same.
"""

from __future__ import annotations

from collections.abc import Sequence

_TABLE = """
syn-scan              plain                           targets ports rate
ack-scan              plain                           targets ports rate
fin-scan              plain                           targets ports rate
null-scan             plain                           targets ports rate
xmas-scan             plain                           targets ports rate
maimon-scan           plain                           targets ports rate
window-scan           plain                           targets ports rate
synack                plain                           targets ports rate
backscatter           plain                           targets count rate
reset-blind           random,sweep,exact              victims count window service rate
syn-blind             random,sweep,exact              victims count window service rate
data-blind            random,sweep,exact              victims count window service rate text
ack-blind             random,sweep,exact              victims count window service rate win
hijack                plain                           victims text segment acks rate
icmp-reset            plain                           victims count from=router|peer service rate code=port|protocol
icmp-pmtu             plain                           victims count from=router|peer service rate mtu
split-handshake       four,five                       port rate
land                  plain                           targets ports rate
spoof-inside          plain                           targets ports count rate
bogon                 plain                           targets ports count rate
dns-spoof             plain                           victims count address
udp-flood             random,reply                    count size to port rate
icmp-reply-flood      plain                           count reflectors size to port rate
syn-flood             random,fixed,slow               count to port rate
table-exhaustion      syn,ack,udp                     count to port rate
tiny-fragments        plain                           targets port rate
overlapping-fragments flags,ports                     targets port allowed rate
bad-checksum          reset,data,fin                  victims count text rate
low-ttl               reset,data,fin                  victims count text rate ttl
bad-window            reset,data,fin                  victims count text rate off
bad-offset            reset,data,fin                  victims count text rate offset
ftp-bounce            inside,outside                  port
time-wait-reuse       higher,lower,duplicate,reset    victims wait rate
"""
"""A family in each line: its name, its styles, and its options, with their values where these are a closed list."""

LITERATURE = ("ack-scan", "blind-reset", "rst-invalid", "split-handshake", "full-table")
STYLES: dict[str, Sequence[str]] = {}
OPTIONS: dict[str, dict[str, Sequence[str]]] = {}

for _line in _TABLE.strip().splitlines():
    _name, _styles, *_options = _line.split()
    STYLES[_name] = _styles.split(",")
    OPTIONS[_name] = {
        option.partition("=")[0]: option.partition("=")[2].split("|") if "=" in option else () for option in _options
    }
