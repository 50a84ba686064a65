import pytest

from tests.nft_reading import refused, statement_of


@pytest.mark.parametrize(
    ("text", "family", "form", "address", "port", "flags"),
    [
        ("dnat to 10.0.0.1:80", None, None, "10.0.0.1", "80", ()),
        ("dnat 10.0.0.1", None, None, "10.0.0.1", None, ()),
        ("dnat :80", None, None, None, "80", ()),
        (
            "snat ip to 1.2.3.4-1.2.3.5:1-2 random,persistent",
            "ip",
            None,
            "1.2.3.4-1.2.3.5",
            "1-2",
            ("random", "persistent"),
        ),
        ("dnat ip6 to [::1]:80", "ip6", None, "[::1]", "80", ()),
        ("snat ip prefix to ip saddr map @m", "ip", "prefix", "ip saddr map @m", None, ()),
        ("snat interval to ip saddr map @m", None, "interval", "ip saddr map @m", None, ()),
        ("dnat ip addr . port to ip saddr map @m", "ip", "addr . port", "ip saddr map @m", None, ()),
        ("masquerade to :1-2 fully-random", None, None, None, "1-2", ("fully-random",)),
        ("redirect to 80", None, None, None, "80", ()),
    ],
)
def test_nat_in_all_its_forms(
    text: str, family: str | None, form: str | None, address: str | None, port: str | None, flags: tuple[str, ...]
) -> None:
    found = statement_of(text)
    assert (found.family, found.form, found.flags) == (family, form, flags)
    assert (found.address and found.address.text, found.port and found.port.text) == (address, port)


def test_queues_and_what_sends_packets_elsewhere() -> None:
    assert statement_of("queue flags bypass to 1-3").flags == ("bypass",)
    assert statement_of("queue num 1 bypass").number.value == 1
    assert statement_of("tproxy ip to :80").address is None
    assert statement_of("fwd ip to 1.2.3.4 device eth0").device.name == "eth0"
    assert statement_of("dup to 1.2.3.4 device eth0").to.name == "1.2.3.4"
    assert statement_of("synproxy mss 1460 timestamp").timestamp
    assert statement_of("synproxy name x").kind == "synproxy"
    assert statement_of("flow add @ft").flowtable == "ft"


@pytest.mark.parametrize(
    "text",
    [
        "dnat",
        "dnat to",
        "dnat to to",
        "snat snat to 1.2.3.4",
        "masquerade to 80",
        "tproxy 80",
        "fwd ip to 1",
        "queue to",
        "flow add x",
    ],
)
def test_incomplete_statements_are_refused(text: str) -> None:
    assert refused(text)
