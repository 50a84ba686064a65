"""The search: regions of packets walk through the hooks, and are divided where rules part them.

Read first: `model`, `ways`, `node`. Depth first, and towards the goal: of the rules that a region touches, the first
one that may lead there is aimed at. If it takes only part of the region, that is divided; if rules before it refuse
part of what it takes, that is taken away. A part that surely ends elsewhere is let go. So each packet of the region
that was asked for is either in one of the leaves or cannot reach the goal; without a leaf, none can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fwsim.engine.program import FALSE, MAYBE, TRUE, V_CONTINUE, V_GOTO, V_JUMP, V_RETURN, V_UNKNOWN
from fwsim.terms import CtState, Verdict

from .aiming import GETS_THROUGH, Aim, Goal
from .fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, FAMILY, SLOT_FIELDS, TTL, domain
from .index import View, bits_of
from .intervals import Set, meet, minus, moved, point, touches, union, within
from .model import FINAL, Model, SpaceChain, SpaceRule
from .node import NO_CHAIN, POLICY, Leaf, Narrowing, Node, Region
from .steps import ELSEWHERE, ROUTED_BEHIND, Cut, Stepping
from .ways import OPENING, Base, Hide, Pass, Show, Stop, Track, Translate, not_asked_yet, seen_behind

ACCEPT = int(Verdict.ACCEPT)
DROP = int(Verdict.DROP)
STEPS = 200_000
"""How many nodes are looked at before the search is given up."""

HANDED_BACK, KEPT_BACK = 10, 11
"""What may become of a packet that a rule hands over: it is accepted, or dropped."""

NOT_TRACKED = point(int(CtState.INVALID))


class Search:
    """One question: which packets of a region reach a goal on their way.

    `complete` as long as nothing was left out; `refusing` are the lines that have kept packets from the goal.
    """

    def __init__(
        self,
        model: Model,
        way: Sequence[Stop],
        goal: Goal = GETS_THROUGH,
        steps: int = STEPS,
        without: frozenset[int] = frozenset(),
    ) -> None:
        """At most `steps` nodes are looked at, in all calls of `leaves` together; as if rules `without` were not there.

        Rules are named by `source`.
        """
        self.model = model
        self.way = way
        self.goal = goal
        self.left = steps
        self.without = without
        self.complete = True
        self.refusing: dict[int, None] = {}
        self._places = model.places
        self._aim = Aim(model, way, goal)
        self._waiting: list[Node] = []
        self._found: list[Leaf] = []

    def leaves(self, packets: Mapping[int, Set | None]) -> Iterator[Leaf]:
        """The regions of some packets that reach the goal; what is not named may have any value."""
        region = self.model.region(packets)
        if any(values == () for values in region):
            return
        self._waiting = [Node(0, region)]
        while self._waiting:
            if self.left <= 0:
                self.complete = False
                return
            self.left -= 1
            self._look_at(self._waiting.pop())
            while self._found:
                yield self._found.pop()

    def _look_at(self, node: Node) -> None:
        """Bring a node one step further."""
        if node.chain == NO_CHAIN:
            self._at_stop(node)
        elif node.step >= 0:
            self._in_rule(node)
        else:
            self._in_chain(node)

    # --- between chains ---------------------------------------------------------------------------------------------

    def _at_stop(self, node: Node) -> None:
        """Pass a stop of the way; behind the last one the packets are accepted."""
        if node.stop == len(self.way):
            self._reach(node, ACCEPT)
            return
        stop = self.way[node.stop]
        further = node._replace(stop=node.stop + 1)
        if isinstance(stop, Base):
            self._at_base(node, stop)
        elif isinstance(stop, Hide):
            self._waiting.append(self._hidden(further, stop.fields))
        elif isinstance(stop, Show):
            self._waiting.append(self._shown(further, stop.fields))
        elif isinstance(stop, Track):
            self._waiting.append(self._tracked(further))
        elif isinstance(stop, Translate):
            self._waiting.append(self._translated(further, stop))
        else:
            self._waiting.append(self._passed(further))

    def _at_base(self, node: Node, stop: Base) -> None:
        """Enter a base chain, if it is for the packets."""
        wanted: list[tuple[int, Set]] = []
        if stop.family:
            wanted.append((FAMILY, point(stop.family)))
        if stop.nat:
            wanted += [(CT_STATE, OPENING), (CT_STATUS, not_asked_yet(stop.nat))]
        for field, values in wanted:
            place = self._places[field]
            found = node.region[place]
            if found is not None and not touches(found, values):
                self._waiting.append(node._replace(stop=node.stop + 1))
                return
            if found is not None and not within(found, values):
                self._divide(node, Cut(place, meet(found, values)))
                return
            if found is None and field == CT_STATUS:
                self._waiting.append(node._replace(stop=node.stop + 1))  # it may be translated already
        self._waiting.append(node._replace(chain=stop.chain, at=0, stack=(), view=None))

    def _hidden(self, node: Node, fields: Mapping[int, Set]) -> Node:
        """Fields are seen with other values."""
        region, under = list(node.region), dict(node.under)
        for field, values in fields.items():
            place = self._places[field]
            under.setdefault(place, region[place])
            region[place] = values
        return node._replace(region=tuple(region), under=tuple(under.items()), view=None)

    def _shown(self, node: Node, fields: Sequence[int]) -> Node:
        """Fields are seen as they are."""
        region, under = list(node.region), dict(node.under)
        for place in (self._places[field] for field in fields):
            if place in under:
                region[place] = under.pop(place)
        return node._replace(region=tuple(region), under=tuple(under.items()), view=None)

    def _tracked(self, node: Node) -> Node:
        """What tracking attaches to the packets, unless a rule has exempted them."""
        seen = node.region[self._places[CT_STATE]]
        if seen == NOT_TRACKED:
            return self._shown(node, (CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK))
        if seen is None:
            for field in (CT_DIRECTION, CT_STATUS, CT_MARK):
                node = node.seeing(self._places[field], None)
            return node
        return self._hidden(node, dict.fromkeys((CT_DIRECTION, CT_STATUS, CT_MARK), point(-1)))

    def _translated(self, node: Node, stop: Translate) -> Node:
        """What rules see behind the place where connections are translated."""
        families, states, status = (node.region[self._places[field]] for field in (FAMILY, CT_STATE, CT_STATUS))
        if families is not None and not touches(families, point(stop.family)):
            return node
        return self._hidden(node, seen_behind(stop.fields, states, status))

    def _passed(self, node: Node) -> Node:
        """One hop less is left; what else is read of the headers may have changed with it."""
        place = self._places[TTL]
        found = node.region[place]
        if found is not None:
            lowered = moved(minus(found, point(0)), -1)
            node = node.seeing(place, lowered if lowered else point(0))._replace(passed=True)
        read_again = (field for field in SLOT_FIELDS if field in self._places and not self.model.lasts(field))
        slots = {field: domain(field) for field in read_again}
        return self._hidden(node, slots) if slots else node

    # --- in a chain -------------------------------------------------------------------------------------------------

    def _in_chain(self, node: Node) -> None:
        """Aim at the first rule that may lead to the goal, and clear the way to it."""
        chain = self.model.chains[node.chain]
        if self._aim.is_past(node):
            return
        view = self._view(node, chain)
        certain = view.certain()
        possible = view.touching & ~self._idle(chain, node.chain)
        ends = certain & chain.leaving & possible
        if ends:
            possible &= ((ends & -ends) << 1) - 1
        targets = possible & (self._aim.targets_of(node) | view.unknown)
        if not targets:
            if ends:
                self.refusing[chain.rules[(ends & -ends).bit_length() - 1].number] = None
            if ends or not self._aim.end_matters(node):
                return
            target, before = 0, possible
        else:
            target = targets & -targets
            before = possible & (target - 1)
        node = node._replace(view=view)
        if target and not certain & target and (cut := self._cut(chain, target, node.region)):
            self._divide(node, cut)
        elif before:
            self._clear(node, chain, view, before)
        elif target:
            self._enter(node, chain, target.bit_length() - 1, TRUE if certain & target else MAYBE)
        else:
            self._at_end(node, chain)

    def _idle(self, chain: SpaceChain, number: int) -> int:
        """The rules that make no difference, unless they are looked for, and those that are left out."""
        idle = chain.idle & ~self._aim.wanted(number)
        return idle | chain.sources(self.without) if self.without else idle

    def _cut(self, chain: SpaceChain, target: int, region: Region) -> Cut | None:
        """Where a rule takes only part of a region; None if all that is not certain is not known."""
        best: Cut | None = None
        for place, wanted in chain.boxes[target.bit_length() - 1].items():
            found = region[place]
            if found is not None and not within(found, wanted):
                best = Cut(place, meet(found, wanted))
        return best

    def _divide(self, node: Node, cut: Cut, *, outside_first: bool = False) -> None:
        """Go on with both parts of a region, that inside first unless it is to be the other way round."""
        found = node.region[cut.place]
        assert found is not None
        inside = self._narrowed(node, cut.place, cut.chosen)
        outside = self._narrowed(node, cut.place, minus(found, cut.chosen), cut.chosen)
        self._waiting += (inside, outside) if outside_first else (outside, inside)

    def _narrowed(self, node: Node, place: int, values: Set, removed: Set | None = None) -> Node:
        """The node with fewer values of a field."""
        smaller = node.seeing(place, values)
        if not isinstance(node.view, View):
            return smaller
        return smaller._replace(view=Narrowing(node.view, place, removed))

    @staticmethod
    def _view(node: Node, chain: SpaceChain) -> View:
        """What a chain's rules say of a region."""
        if node.view is None:
            return chain.index.view(node.region, node.at)
        if isinstance(node.view, View):
            return node.view
        before, place, removed = node.view
        values = node.region[place]
        assert values is not None
        return chain.index.narrowed(before, place, values, removed)

    def _clear(self, node: Node, chain: SpaceChain, view: View, before: int) -> None:
        """Take away what rules refuse on the way to the one aimed at."""
        nearly = before & view.nearly()
        first = (nearly or before) & -(nearly or before)
        cut = self._cut(chain, first, node.region)
        assert cut is not None
        if not nearly:
            self._divide(node, cut, outside_first=True)
            return
        found = node.region[cut.place]
        assert found is not None
        removed = union(self._alike(node, chain, cut.place, nearly))
        if left := minus(found, removed):
            self._waiting.append(self._narrowed(node, cut.place, left, removed))

    def _alike(self, node: Node, chain: SpaceChain, place: int, rules: int) -> Iterator[Set]:
        """What those of some rules take of a field that take all of the others; they are noted."""
        for number in bits_of(rules):
            cut = self._cut(chain, 1 << number, node.region)
            if cut is not None and cut.place == place:
                self.refusing[chain.rules[number].number] = None
                yield cut.chosen

    def _at_end(self, node: Node, chain: SpaceChain) -> None:
        """Return from a chain, or get to the policy."""
        if node.stack:
            (caller, at), stack = node.stack[-1], node.stack[:-1]
            self._waiting.append(node._replace(chain=caller, at=at, stack=stack, view=None))
            return
        stop = self.way[node.stop]
        assert isinstance(stop, Base)
        policy = self.model.chains[stop.chain].policy
        if stop.chain in self.goal.ends:
            self._found.append(Leaf(self._as_they_came(node), policy, POLICY, stop.chain, node.doubts, node.trail))
        self._end(node, policy, POLICY, stop.chain)

    def _end(self, node: Node, verdict: int, rule: int, chain: int) -> None:
        """A base chain gives a verdict: who is accepted goes on to the next stop."""
        if verdict == ACCEPT:
            by = node.by if rule == POLICY and node.by[0] != POLICY else (rule, chain)
            self._waiting.append(node._replace(stop=node.stop + 1, chain=NO_CHAIN, stack=(), view=None, step=-1, by=by))
        elif verdict in self.goal.verdicts:
            self._reach(node._replace(by=(rule, chain)), verdict)

    def _reach(self, node: Node, verdict: int) -> None:
        """The goal is reached, if this is it."""
        if verdict in self.goal.verdicts or verdict not in FINAL:
            self._found.append(Leaf(self._as_they_came(node), verdict, *node.by, node.doubts, node.trail))

    def _as_they_came(self, node: Node) -> dict[int, Set | None]:
        """The packets of a node as they were at the beginning."""
        under = dict(node.under)
        came = {field: under.get(place, node.region[place]) for field, place in self._places.items()}
        left = came[TTL]
        if node.passed and left is not None:
            came[TTL] = moved(left, 1)
        return came

    # --- in a rule --------------------------------------------------------------------------------------------------

    def _enter(self, node: Node, chain: SpaceChain, number: int, truth: int) -> None:
        """All packets are in the box of a rule, or (MAYBE) may be."""
        rule = chain.rules[number]
        if truth == MAYBE:
            node = node._replace(doubts=(*node.doubts, rule.number))
        node = node._replace(at=number)
        if rule.steps:
            self._waiting.append(node._replace(step=0, truth=truth, value=0))
            return
        if truth == MAYBE and rule.verdict != V_CONTINUE:
            self._waiting.append(self._behind(node.noting(rule.number, FALSE)))
            node = node.noting(rule.number, TRUE)
        self._apply(node, rule)

    def _in_rule(self, node: Node) -> None:
        """Take the steps of a rule."""
        rule = self.model.chains[node.chain].rules[node.at]
        stop = self.way[node.stop]
        assert isinstance(stop, Base)
        stepping = Stepping(node, self._places, stop.hook)
        cut = stepping.follow(rule)
        after = node._replace(
            region=tuple(stepping.region), under=tuple(stepping.under.items()), kept=tuple(stepping.kept.items()),
            step=stepping.step, truth=stepping.truth, value=stepping.value,
            view=None if stepping.changed else node.view,
        )  # fmt: skip
        if cut is not None:
            self._divide(after, cut)
            return
        truth = stepping.truth
        if truth == ELSEWHERE:
            if stepping.unsure:
                self._waiting.append(self._behind(after.noting(rule.number, FALSE)))
            after = after.noting(rule.number, TRUE)
            self._reach(after._replace(doubts=(*after.doubts, rule.number), by=(rule.number, node.chain)), V_UNKNOWN)
            return
        if truth == MAYBE and (rule.verdict != V_CONTINUE or self.goal.is_rule(rule.source, rule.number)):
            after = after._replace(doubts=(*after.doubts, rule.number))
        goes_on = rule.verdict == V_CONTINUE
        open_way = truth == MAYBE and not goes_on
        if truth == FALSE or open_way:
            self._waiting.append(self._behind(after.noting(rule.number, FALSE) if open_way or rule.counts else after))
        if truth != FALSE:
            taken = after.noting(rule.number, truth if goes_on else TRUE) if open_way or rule.does else after
            self._apply(taken._replace(step=-1), rule)

    def _behind(self, node: Node) -> Node:
        """Behind the rule that the node is at, which did not apply."""
        view = node.view
        if isinstance(view, Narrowing):
            view = self._view(node, self.model.chains[node.chain])
        if view is not None:
            touching = view.touching >> node.at + 1 << node.at + 1
            view = View(touching, view.holding, view.unknown & touching)
        return node._replace(at=node.at + 1, step=-1, truth=TRUE, value=0, view=view)

    def _apply(self, node: Node, rule: SpaceRule) -> None:
        """What a rule that applies makes of the region."""
        if self.goal.is_rule(rule.source, rule.number):
            came = self._as_they_came(node)
            self._found.append(Leaf(came, V_CONTINUE, rule.number, node.chain, node.doubts, node.trail))
        verdict = rule.verdict
        if verdict in FINAL:
            if verdict not in self.goal.verdicts and not (verdict == ACCEPT and self._aim.goes_on(node.stop)):
                self.refusing[rule.number] = None
            self._end(node, verdict, rule.number, node.chain)
        elif verdict == V_CONTINUE:
            self._waiting.append(self._behind(node))
        elif verdict == V_RETURN:
            self._at_end(node, self.model.chains[node.chain])
        elif verdict in (V_JUMP, V_GOTO):
            stack = (*node.stack, (node.chain, node.at + 1)) if verdict == V_JUMP else node.stack
            self._waiting.append(node._replace(chain=rule.target, at=0, stack=stack, view=None, step=-1))
        else:
            node = node._replace(doubts=(*node.doubts, rule.number))
            self._end(node.noting(rule.number, HANDED_BACK), ACCEPT, rule.number, node.chain)
            self._end(node.noting(rule.number, KEPT_BACK), DROP, rule.number, node.chain)
            stop = self.way[node.stop]
            if isinstance(stop, Base) and stop.hook in ROUTED_BEHIND:  # it may be sent elsewhere
                self._reach(node._replace(by=(rule.number, node.chain)), V_UNKNOWN)


__all__ = ["GETS_THROUGH", "POLICY", "Goal", "Leaf", "Pass", "Search", "bits_of"]
