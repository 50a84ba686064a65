"""What there is to know about a ruleset before it is used: what of it is not simulated, and what is missing.

Read first: `kinds`, `findings` (which is imported by who wants it: it takes the engine along).
"""

from __future__ import annotations

from .kinds import Finding, Kind, Level, Place, Shown

__all__ = ["Finding", "Kind", "Level", "Place", "Shown"]
