import pytest

from tests.nft_reading import member_of, mistakes_in


def test_a_set_with_everything() -> None:
    found = member_of(
        "set s { type ipv4_addr . inet_service; flags interval,timeout; timeout 1h; gc-interval 5s; size 9;\n"
        'policy memory\nauto-merge\ncomment "x"\ncounter\nelements = { 1.2.3.4 . 22 }\n}'
    )
    assert (found.key.names, found.flags) == (("ipv4_addr", "inet_service"), ("interval", "timeout"))
    assert (found.timeout, found.gc_interval, found.size, found.policy, found.auto_merge, found.comment) == (
        "1h", "5s", 9, "memory", True, "x",
    )  # fmt: skip
    assert len(found.statements) == len(found.elements.elements) == 1


def test_maps_give_values_verdicts_and_objects() -> None:
    assert member_of("map m { type mark : interval ipv4_addr; }").value_interval
    assert member_of("map m { type mark : verdict; elements = { * : drop } }").value.names == ("verdict",)
    assert member_of("map m { type mark : counter; }").object_kind == "counter"
    found = member_of("map m { typeof ip saddr . tcp dport : meta mark; }")
    assert [each.text for each in found.key.expressions + found.value.expressions] == [
        "ip saddr",
        "tcp dport",
        "meta mark",
    ]


def test_a_flowtable() -> None:
    found = member_of("flowtable f { hook ingress priority filter + 1; devices = { eth0 }; counter; flags offload; }")
    assert (found.hook, found.priority.offset, len(found.devices), found.counter, found.offload) == (
        "ingress",
        1,
        1,
        True,
        True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "set s { type foo; }", "set s { type mark : mark; }", "map m { type mark; }", "set s { typeof 5; }",
        "set s { typeof x; }",
        "set s { flags foo; }", "set s { size 99999999999999999999; }", "set s { type mark }", "map m { auto-merge; }",
        "map m { gc-interval 5s; }", "set s { elements = { }; }", "set s { accept; }",
        "flowtable f { hook input2 priority 0; }",
        "set accept { type mark; }",
    ],
)  # fmt: skip
def test_what_no_set_can_have_is_refused(text: str) -> None:
    assert mistakes_in(f"table t {{ {text}; }}\n")


def test_a_set_of_many_elements_is_read() -> None:
    text = ", ".join(f"10.0.{number >> 8}.{number & 255}" for number in range(20_000))
    assert len(member_of(f"set s {{ type ipv4_addr; elements = {{ {text} }} }}").elements.elements) == 20_000
