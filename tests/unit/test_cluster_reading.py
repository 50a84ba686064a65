from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.cluster.reading import Source, Stretch, read
from fwsim.errors import CaptureError
from tests.unit.test_cluster_setup import made

PCAPS = Path(__file__).parent.parent.parent / "pcaps"


def test_a_file_gives_its_frames_and_the_bytes_of_its_fragments() -> None:
    path = PCAPS / "fragments.pcapng"
    content = read(made(), Source("given", str(path), 3))
    (chunk,) = open_captures([Input(str(path))], digest=False)
    assert content.about.packets == len(content.frames) == len(chunk)
    assert content.stretches == (Stretch(0, len(chunk), len(content.about.interfaces)),)
    assert (content.about.number, content.about.file.path) == (3, "given")
    assert set(content.frames["file"].tolist()) == {3}
    assert {interface.file for interface in content.about.interfaces} == {3}
    for name in content.packets.dtype.names or ():
        np.testing.assert_array_equal(content.packets[name], chunk.packets[name])
    fragments = np.flatnonzero(chunk.packets["fragment"] > 0).tolist()
    assert fragments
    for row in fragments:
        begin, size = content.frames["offset"][row], content.frames["captured"][row]
        assert content.buffer[begin : begin + size].tobytes() == chunk.data(row)
    assert len(content.buffer) == sum(len(chunk.data(row)) for row in fragments)


def test_a_url_is_read_where_it_is() -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'fwsim[dask]'")
    with fsspec.open("memory://captures/host.pcap", "wb") as file:
        file.write((PCAPS / "host.pcap").read_bytes())
    content = read(made(), Source("memory://captures/host.pcap", "memory://captures/host.pcap", 0))
    local = read(made(), Source("host.pcap", str(PCAPS / "host.pcap"), 0))
    assert content.frames.tobytes() == local.frames.tobytes()
    assert content.packets.tobytes() == local.packets.tobytes()


@pytest.mark.parametrize("place", ["/nowhere/it.pcap", "memory://captures/nothing.pcap", "nosuch://scheme/x.pcap"])
def test_what_cannot_be_opened_is_named_as_the_user_did(place: str) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'fwsim[dask]'")
    with pytest.raises(CaptureError, match=r"^it\.pcap: (no such file|cannot be opened)"):
        read(made(), Source("it.pcap", place, 0))


def test_an_empty_capture_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes((PCAPS / "host.pcap").read_bytes()[:24])
    content = read(made(), Source("empty.pcap", str(tmp_path / "empty.pcap"), 0))
    assert (len(content.frames), len(content.packets), len(content.quotes), content.about.first_ts) == (0, 0, 0, None)
