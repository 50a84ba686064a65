"""Descriptions of the machine whose ruleset is looked at: `--topology FILE`, and what `--live` reads in its place.

Read first: `model` (what is known of a machine), `reading` (files), `ip_json` (what `ip -j` prints).
"""

from __future__ import annotations

from .model import Address, Host, Link, Route, united
from .reading import read_topology

__all__ = ["Address", "Host", "Link", "Route", "read_topology", "united"]
