"""Everything that a page tells of a run, gathered while its batches pass by, in bounded memory.

Read first: `fwsim.page.watching`. A capture longer than the window is told of by its figures as a whole, and by the
packets of the window one by one.
"""

from __future__ import annotations

from typing import Any

from fwsim.naming import Naming
from fwsim.page import overview, rules, states
from fwsim.page.flow import Flow
from fwsim.page.packets import DECISION, MICROSECOND, Packets
from fwsim.page.telling import Telling
from fwsim.page.texts import Texts, shown
from fwsim.page.watching import SHOWN_BOUNDS, Watched
from fwsim.page.window import Busiest
from fwsim.report.about import About
from fwsim.report.tally import Tally

FORMAT = 1
"""Of the data in the page."""


class Gathered:
    """What has passed by so far."""

    def __init__(self, watched: Watched, naming: Naming, texts: Texts) -> None:
        """Nothing yet."""
        self.watched = watched
        self.naming = naming
        self.texts = texts
        self.flow = Flow()
        self.busiest = Busiest()
        self.telling = Telling(naming)
        self.packets = Packets(naming, watched.window, texts, watched.sights)

    def add(self, batch: Any, tally: Tally) -> None:
        """A batch, which the tally has counted."""
        self.flow.add(batch)
        self.busiest.add(batch)
        self.telling.add(batch, tally)
        self.packets.add(batch)

    def whole(self, tally: Tally, about: About) -> dict[str, Any]:
        """What is told of all packets."""
        return {
            "format": FORMAT,
            "overview": overview.told(tally, self.naming, about) | {"begin_us": (self.flow.begin or 0) // MICROSECOND},
            "flow": self.flow.told(),
            "table": overview.connections_over_time(about.resources),
            "telling": self.telling.told(tally),
            "rules": rules.told(tally, self.naming, about),
            "states": states.told(),
            "words": overview.words(),
        }

    def window(self) -> dict[str, Any]:
        """What is told of the packets of the window."""
        trials, window = self.watched.trials, self.watched.window
        return {
            "files": [shown(path.rpartition("/")[2]) for path in self.naming.files],
            "window": {"first": window.first, "limit": window.count, "chosen": ""},
            "packets": self.packets.told(),
            "decision_fields": list(DECISION),
            "bounds_fields": list(SHOWN_BOUNDS),
            "lines": trials.lines.all,
            "walks": trials.walks,
            "before": self.watched.changes.before,
            "texts": self.texts.all,
        }
