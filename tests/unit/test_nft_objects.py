import pytest

from tests.nft_reading import member_of, mistakes_in


def test_named_counters_quotas_limits_and_the_like() -> None:
    assert member_of("counter a { packets 1 bytes 2 }").bytes == 2
    assert member_of("quota a { over 1 kbytes; }").rate.bytes == 1024
    assert member_of('limit a { rate 5/second; comment "x"; }').rate.rate == 5
    assert member_of('secmark a { "a:b:c" }').context == "a:b:c"
    found = member_of("synproxy a {\nmss 1460\nwscale 7\ntimestamp sack-perm\n}")
    assert (found.mss, found.wscale, found.timestamp, found.sack_permitted) == (1460, 7, True, True)


def test_objects_of_conntrack() -> None:
    found = member_of('ct helper a { type "ftp" protocol tcp; l3proto ip; }')
    assert (found.kind, found.helper, found.protocol, found.l3proto) == ("ct helper", "ftp", "tcp", "ip")
    found = member_of("ct timeout a { protocol tcp; policy = { established : 120, close : 2m }; }")
    assert found.timeouts == (("established", "120"), ("close", "2m"))
    found = member_of("ct expectation a { protocol udp; dport 5060; timeout 2m; size 10; }")
    assert (found.dport, found.timeout, found.size) == (5060, "2m", 10)


@pytest.mark.parametrize(
    "text",
    [
        "counter a { packets 1; }", "quota a { 5; }", "limit a { 5/second; }", 'secmark a { "" }',
        "synproxy a { wscale 7; }",
        'ct helper a { type "" protocol tcp; }', "ct helper a { type ftp protocol tcp; }", "ct foo a { }",
        "ct timeout a { policy = { }; }", "ct expectation a { dport x; }", 'counter a { comment "x"; comment "y"; }',
    ],
)  # fmt: skip
def test_what_no_object_can_have_is_refused(text: str) -> None:
    assert mistakes_in(f"table t {{ {text}; }}\n")
