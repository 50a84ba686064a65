"""The window keeps every byte in order, whatever pieces they come in, and leaves handed-out bytes alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.capture.stored import DamageError
from fwsim.capture.window import SIZE, Window, buffers


class Pieces:
    """A source that gives its content in pieces of these sizes, and then ends or breaks."""

    def __init__(self, content: bytes, sizes: list[int], breaks: bool = False) -> None:
        self.content = content
        self.sizes = sizes
        self.breaks = breaks
        self.at = 0

    def readinto(self, view: memoryview) -> int:
        if self.breaks and self.at == len(self.content):
            raise DamageError("broken")
        size = self.sizes.pop() if self.sizes else len(self.content)
        piece = self.content[self.at : self.at + min(size, len(view))]
        view[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)

    def close(self) -> None: ...


@given(
    sizes=st.lists(st.integers(1, 300_000), max_size=20),
    steps=st.lists(st.integers(1, 400_000), min_size=1, max_size=12),
)
@settings(deadline=None)
def test_bytes_come_in_order_at_their_position(sizes: list[int], steps: list[int]) -> None:
    content = bytes(range(251)) * (3 * SIZE // 251)
    window = Window(Pieces(content, sizes), buffers())
    held = []
    for step in steps:
        assert window.have(step) == (window.position + step <= len(content))
        step = min(step, window.left)
        held.append((window.position, window.buffer[window.at : window.at + step]))
        window.at += step
    for position, piece in held:
        assert piece.tobytes() == content[position : position + len(piece)]


def test_end_is_told_once_everything_was_read() -> None:
    window = Window(Pieces(b"abc", [1, 1, 1]), buffers())
    assert window.have(3)
    assert not window.more()
    assert not window.have(4)
    assert (window.left, window.damage) == (3, None)


def test_what_came_before_damage_is_good() -> None:
    window = Window(Pieces(b"abc", [3], breaks=True), buffers())
    assert not window.have(4)
    assert (bytes(window.buffer[:3]), window.left, window.damage) == (b"abc", 3, "broken")
    assert not window.more()


def test_window_grows_for_what_does_not_fit() -> None:
    content = bytes(5 * SIZE)
    window = Window(Pieces(content, []), buffers())
    assert window.have(4 * SIZE)
    window.at += 4 * SIZE
    assert not window.have(2 * SIZE)
    assert window.left == SIZE
