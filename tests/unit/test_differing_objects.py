"""The answer for programs fits its schema."""

from __future__ import annotations

import json

import jsonschema

from fwsim.differing.objects import object_of, packet_text, schema
from tests.differing import answer_about as about
from tests.differing import answer_about_texts, compared, pairs


def test_answers_fit_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    for before, after in pairs(12, 7):
        validator.validate(json.loads(json.dumps(object_of(about(before, after)))))
    text = "table ip f { chain forward { type filter hook forward priority 0; meta cpu %d drop; @th,32,8 1 drop; }\n}\n"
    validator.validate(json.loads(json.dumps(object_of(answer_about_texts(text % 1, text % 2)))))


def test_fields_are_intervals_and_addresses_are_written() -> None:
    rule = {"src": "10.0.0.0/24", "proto": "tcp", "dport": "1-2", "verdict": "accept"}
    (group,) = object_of(compared([rule], []))["differences"]
    fields = group["regions"][0]["fields"]
    assert fields == {"proto": [[6, 6]], "src": [["10.0.0.0", "10.0.0.255"]], "dport": [[1, 2]]}
    assert group["witness"]["src"].startswith("10.0.0.")
    assert bytes.fromhex(group["witness"]["bytes"])[12:14] == b"\x08\x00"


def test_a_packet_in_a_line() -> None:
    packet = {
        "family": 6, "proto": 17, "src": (1 << 128) + 1, "dst": (1 << 128) + 2, "sport": 1, "dport": 2,
        "tcp_flags": -1, "icmp_type": -1, "icmp_code": -1, "vlan": -1, "dscp": 0, "ttl": 9,
    }  # fmt: skip
    assert packet_text(packet) == "udp [::1]:1 > [::2]:2 ttl 9"
