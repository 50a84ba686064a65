from tests.nft_reading import rule_of


def test_a_rule_keeps_its_exact_text() -> None:
    rule = rule_of('tcp  dport { 22,\n80 } accept comment "x"')
    assert rule.text == 'tcp  dport { 22,\n80 } accept comment "x"'
    assert rule.comment == "x"
