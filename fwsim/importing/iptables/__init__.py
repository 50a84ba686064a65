"""iptables: rulesets as iptables-save, ip6tables-save and ipset print them, and scripts of commands.

Read first: `reading`, then `text`, `commands`, `rules`. From text to netfilter's terms:

    text     lines: tables of iptables-save, scripts (`shell`), ipset (`ipset`)
    commands parameters of one command (`arguments`), options of extensions (`options`, `loaded`, `extensions`)
    rules    a rule and its steps; matches and targets each have a module of their subject
    machine  tables and chains, as commands change them; `reach` looks at them as a whole
    building tables in netfilter's terms
"""

from __future__ import annotations

from .reading import combined, read_iptables
from .recognising import looks_like_iptables

__all__ = ["combined", "looks_like_iptables", "read_iptables"]
