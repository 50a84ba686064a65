import pytest

from tests.nft_reading import member_of, mistakes_in


def test_a_base_chain_has_hook_priority_policy_and_rules() -> None:
    chain = member_of('chain c {\ntype filter hook input priority filter + 5; policy drop;\ncomment "x"\naccept\n}')
    assert (chain.name, chain.base.type, chain.base.hook, chain.policy, chain.comment) == (
        "c",
        "filter",
        "input",
        "drop",
        "x",
    )
    assert (chain.base.priority.name, chain.base.priority.offset) == ("filter", 5)
    assert [rule.text for rule in chain.rules] == ["accept"]


@pytest.mark.parametrize(
    ("text", "name", "offset"), [("-150", None, -150), ("5", None, 5), ("raw", "raw", 0), ("mangle - 7", "mangle", -7)]
)
def test_priorities_as_they_may_be_written(text: str, name: str | None, offset: int) -> None:
    found = member_of(f"chain c {{ type filter hook input priority {text}; }}").base.priority
    assert (found.name, found.offset) == (name, offset)


@pytest.mark.parametrize(
    "text",
    [
        "type foo hook input priority 0", "type filter hook foo priority 0", "type filter hook input", "policy foo",
        "policy accept; policy drop", 'comment "a"; comment "b"', "type filter hook input priority + 5", "flags foo",
        "type filter hook input priority 0 policy accept",
    ],
)  # fmt: skip
def test_what_no_chain_can_have_is_refused(text: str) -> None:
    assert mistakes_in(f"table t {{ chain c {{ {text}; }}; }}\n")
