"""What waits for what: the tasks of a run, handed to a Dask client.

For each file `k`, of which all but the last line run anywhere, and for each shard `s`:

```
read k                         -> frames, decoded
locate k       (k-1)           -> frames with interfaces; datagrams in the place of fragments
stateless k    [(k-1) if rules count]
split k                        -> the rows of each shard
stateful k s   (k-1 of s)      -> decisions, provisional numbers
merge k                        -> the file's rows in order
settle, numbers                   of all files: fragments, final numbers
finish k                       -> what a single process gives
```

What is carried from file to file goes as bytes, so that no task changes what another was given. A rule that counts the
packets of all connections makes one shard; so does a table that all shards together would have filled: then the
stateful mode is run once more, as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fwsim.cluster.deciding import decide_stateful, decide_stateless, split
from fwsim.cluster.joining import Figures, counters_of, finish, full, merge, numbers_of, settle, table
from fwsim.cluster.locating import locate
from fwsim.cluster.reading import About, Content, Source, read
from fwsim.cluster.setup import Setup
from fwsim.engine.tuples import Tracker
from fwsim.sharding import LIMIT, TRANSLATED

Future = Any
"""Of Dask: what a task will give."""


def about_of(content: Content) -> About:
    """What is known of a file."""
    return content.about


def item(several: Sequence[Any], place: int) -> Any:
    """One of the things that a task gives."""
    return several[place]


def finals_of(settled: dict[int, Any], file: int) -> Any:
    """What is to be said of the fragments of a file."""
    return settled.get(file, [])


def outcome(limit: int, figures: Sequence[Figures]) -> tuple[str | None, dict[str, int]]:
    """Why one shard is needed, if it is, and the bookkeeping of the connection table."""
    return full(limit, figures), counters_of(figures)


@dataclass
class Read:
    """What the files give before they are tracked, one for each."""

    abouts: list[Future]
    located: list[Future]
    carried: Future
    stateless: list[Future]


@dataclass
class Tracked:
    """What the shards give: for each file its merged rows and figures, for each shard what it knows at the end."""

    rows: list[Future]
    figures: list[Future]
    tables: list[Future]


class Plan:
    """The tasks of a run over some files."""

    def __init__(self, client: Any, setup: Setup, sources: Sequence[Source]) -> None:
        """Begin with reading; `client` is Dask's."""
        self._client = client
        self._count = len(sources)
        self.one_because = LIMIT if setup.counts_all else TRANSLATED if setup.translates else None
        """Why there is one shard, if more were asked for."""
        self.setup = replace(setup, shards=1) if self.one_because else setup
        self._shared = client.scatter(self.setup, broadcast=True)
        self._read = self._begin(sources)
        self._tracked = self._track()
        self.abouts: list[About] = []
        self.counters: dict[str, int] = {}
        self._numbers: Future = None

    def _submit(self, function: Any, *given: Any, file: int = 0, **options: Any) -> Future:
        """A task; those of the first files come first, so that little has to be kept."""
        return self._client.submit(function, *given, pure=False, priority=self._count - file, **options)

    def _begin(self, sources: Sequence[Source]) -> Read:
        """Read, locate, and run the stateless mode."""
        read_all = Read([], [], None, [])
        memory = None
        for file, source in enumerate(sources):
            content = self._submit(read, self._shared, source, file=file)
            read_all.abouts.append(self._submit(about_of, content, file=file))
            last = file == self._count - 1
            both = self._submit(locate, self._shared, content, read_all.carried, last=last, file=file)
            located, read_all.carried = (self._submit(item, both, place, file=file) for place in (0, 1))
            both = self._submit(decide_stateless, self._shared, located, memory, file=file)
            decisions, counted = (self._submit(item, both, place, file=file) for place in (0, 1))
            memory = counted if self.setup.counts_all else None
            read_all.located.append(located)
            read_all.stateless.append(decisions)
        return read_all

    def _track(self) -> Tracked:
        """Run the stateful mode, shard by shard."""
        tracked = Tracked([], [], [None] * self.setup.shards)
        for file, located in enumerate(self._read.located):
            both = self._submit(split, self._shared, located, file=file)
            times, parts = (self._submit(item, both, place, file=file) for place in (0, 1))
            answers = [self._decide(tracked, shard, times, parts, file) for shard in range(self.setup.shards)]
            both = self._submit(merge, located, self._read.stateless[file], answers, file=file)
            tracked.rows.append(self._submit(item, both, 0, file=file))
            tracked.figures.append(self._submit(item, both, 1, file=file))
        return tracked

    def _decide(self, tracked: Tracked, shard: int, times: Future, parts: Future, file: int) -> Future:
        """One shard, one file."""
        part = self._submit(item, parts, shard, file=file)
        both = self._submit(decide_stateful, self._shared, shard, times, part, tracked.tables[shard], file=file)
        answer, tracked.tables[shard] = (self._submit(item, both, place, file=file) for place in (0, 1))
        return answer

    # --- results -----------------------------------------------------------------------------------------------------

    def decide(self, limit: int) -> None:
        """Wait until all is decided; `limit` is how many connections there may be (0: any number)."""
        self.abouts = self._client.gather(self._read.abouts)
        reason, self.counters = self._submit(outcome, limit, self._tracked.figures).result()
        if reason is not None:
            self.one_because = reason
            self.setup = replace(self.setup, shards=1)
            self._shared = self._client.scatter(self.setup, broadcast=True)
            self._tracked = self._track()
            _, self.counters = self._submit(outcome, limit, self._tracked.figures).result()
        self._read.located.clear()
        self._read.stateless.clear()

    def carried(self) -> bytes:
        """What was carried behind the last file (`fwsim.cluster.locating.Carried`)."""
        content: bytes = self._read.carried.result()
        return content

    def finished(self) -> list[Future]:
        """The rows of each file, final; asked for once."""
        tracked = self._tracked
        self._numbers = self._submit(numbers_of, tracked.figures)
        settled = self._submit(settle, tracked.figures)
        found = []
        for file, rows in enumerate(tracked.rows):
            finals = self._submit(finals_of, settled, file, file=file)
            found.append(self._submit(finish, rows, finals, self._numbers, file=file))
        tracked.rows.clear()
        return found

    def table(self) -> Tracker:
        """The connection table at the end, as that of a single process; after `finished`."""
        tracker: Tracker = self._submit(table, self._tracked.tables, self._numbers, self.counters).result()
        return tracker
