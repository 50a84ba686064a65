from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.cluster.running import FRAME_SIZE, MANY, packets_in, place_of
from fwsim.errors import UsageError
from fwsim.ruleset import load_ruleset
from tests.at_once import clustered

PCAPS = Path(__file__).parent.parent.parent / "pcaps"


def test_a_result_streams_once() -> None:
    _, result = clustered([PCAPS / "host.pcap"], load_ruleset(io.StringIO("policy: drop")), shards=2)
    assert result.packets == result.captures.files[0].packets
    with pytest.raises(UsageError, match="once"):
        list(result)


def test_captures_tell_what_their_readers_found(tmp_path: Path) -> None:
    whole = (PCAPS / "host.pcap").read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[:-3])
    paths = [PCAPS / "host.pcap", tmp_path / "cut.pcap"]
    _, result = clustered(paths, load_ruleset(io.StringIO("policy: drop")), shards=2)
    first, cut = result.captures.files
    assert (first.path, cut.path) == tuple(map(str, paths))
    assert (first.complete, cut.complete, result.captures.complete) == (True, False, False)
    assert cut.packets == first.packets - 1
    assert [interface.file for interface in result.captures.interfaces] == [0, 1]
    assert result.first_ts == first.first_ts


def test_a_worker_finds_a_file_by_its_whole_path_or_its_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_of("a.pcap") == str(tmp_path / "a.pcap")
    assert place_of("s3://bucket/a.pcap") == "s3://bucket/a.pcap"


def test_of_what_cannot_be_seen_much_is_expected(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(bytes(10 * FRAME_SIZE))
    assert packets_in([str(tmp_path / "a.pcap")]) == 10
    assert packets_in(["s3://bucket/a.pcap"]) == MANY // FRAME_SIZE
