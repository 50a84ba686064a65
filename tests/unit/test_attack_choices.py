"""Options that families share."""

from __future__ import annotations

import pytest

from fwsim.attack.choices import PORTS, data_of, ports_of
from fwsim.errors import UsageError


def test_ports_are_numbers_and_ranges() -> None:
    assert ports_of("22, 80,8000-8002") == [22, 80, 8000, 8001, 8002]
    assert 443 in ports_of(str(PORTS.default))
    assert ports_of("1-65535") == list(range(1, 65536))


@pytest.mark.parametrize("text", ["", "x", "0", "65536", "9-8", "1-", "-5", "1--2", "80,"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no port, expected 1 to 65535"):
        ports_of(text)


def test_data_has_ends_of_lines_as_in_c() -> None:
    assert data_of("a\\r\\nb") == b"a\r\nb"
