"""What there is to know about a ruleset before it is used: what of it is not simulated, and what is missing.

Read first: `findings`.
"""

from __future__ import annotations

from .findings import Finding, Kind, findings_of

__all__ = ["Finding", "Kind", "findings_of"]
