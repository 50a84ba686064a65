"""What the cross checks can see: chains and rules with their paths, and what could not be read."""

from __future__ import annotations

from fwsim.ruleset import Ruleset
from fwsim.ruleset.scope import Scope, chains_of, rules_of

RULESET = Ruleset.model_validate(
    {
        "interfaces": {"lan": {}},
        "rules": [{"name": "first"}],
        "chains": {"a": {"rules": [{"name": "second"}, {"name": "third"}]}, "b": {}},
    }
)


def test_chains_and_rules_have_the_paths_of_the_file() -> None:
    assert [(path, name) for path, name, _ in chains_of(RULESET)] == [
        ((), "rules"),
        (("chains", "a"), "a"),
        (("chains", "b"), "b"),
    ]
    assert [(path, rule.name) for path, rule in rules_of(RULESET)] == [
        (("rules", 0), "first"),
        (("chains", "a", "rules", 0), "second"),
        (("chains", "a", "rules", 1), "third"),
    ]


def test_what_lies_in_a_broken_node_is_broken_too() -> None:
    scope = Scope(RULESET, frozenset({("chains", "c"), ("rules", 0, "src")}))
    assert scope.is_broken("chains", "c", "rules", 0)
    assert scope.is_broken("rules", 0, "src")
    assert not scope.is_broken("rules", 0)
    assert not Scope(RULESET).is_broken("rules", 0)


def test_names_that_could_not_be_read_are_known_nevertheless() -> None:
    scope = Scope(RULESET, frozenset({("chains", "c"), ("chains", "a", "hook"), ("sets", "s"), ("interfaces",)}))
    assert scope.names("chains") == ["a", "b", "c"]
    assert scope.names("sets") == ["s"]
    assert scope.names("interfaces") == ["lan"]
