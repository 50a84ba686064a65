"""The steps of a rule in one view of the stateless twin: what is left of them, or that no packet gets through.

Read first: `views`. The verdicts are not touched here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import (
    Alter,
    AnyOf,
    Assign,
    Case,
    Choose,
    Connections,
    Effectless,
    Element,
    Lookup,
    Match,
    Nat,
    SetHelper,
    Step,
    Unknown,
    Update,
)

from .drafting import COUNTS, draws, told
from .elements import FORGOTTEN
from .saying import CannotSay
from .views import FALSE, TRUE, Place, View, constant, includes, is_of_connection, matched, mirror_of, mirror_value


class Partial:
    """What a ruleset's steps are in one view at one place."""

    def __init__(self, view: View, place: Place, sets: Mapping[str, Set], *, assigns_ct_mark: bool) -> None:
        """`assigns_ct_mark`: some rule sets the mark of connections, so that it is no constant."""
        self.view = view
        self.place = place
        self.sets = sets
        self.assigns_ct_mark = assigns_ct_mark

    def step(self, step: Step) -> Step | bool:
        """A step that asks, counts or changes something; True if it does nothing, False if it ends the rule."""
        if draws(step):
            self._plain(step)
        match step:
            case Match():
                self._check([step.selector])
                return matched(step, self.view, self.place)
            case Lookup():
                return self._lookup(step)
            case AnyOf():
                return self._any(step)
            case Unknown():
                return self._plain(step)
            case Choose():
                return self._choose(step)
            case Connections() | Nat():
                raise CannotSay(f"{told(step)}: it needs connections")
            case _ if isinstance(step, COUNTS):
                return self._plain(step)
        return self._change(step)

    def _change(self, step: Step) -> Step | bool:
        """A step that changes something, or only tells of the packet."""
        match step:
            case SetHelper():
                return TRUE
            case Effectless():
                return TRUE if self.view.quiet else step
            case Assign():
                return self._assign(step)
            case Update() | Alter():
                return self._plain(step)
        return step

    def _plain(self, step: Step) -> Step:
        """A step that can only stand where a packet is decided as it is."""
        if self.view.quiet:
            raise CannotSay(f"{told(step)}: the twin asks it for the mirror image, too, without counting")
        return step

    def _check(self, selectors: Sequence[Selector]) -> None:
        """Refuse to ask for marks of connections that rules change."""
        if self.assigns_ct_mark and "ct_mark" in selectors:
            raise CannotSay("'ct mark': rules set it, and a stateless packet has no connection that keeps it")

    def _any(self, step: AnyOf) -> AnyOf | bool:
        """Those of the alternatives that are left."""
        found = []
        for matches in step.alternatives:
            parts = [matched(match, self.view, self.place) for match in matches]
            if all(part is not FALSE for part in parts):
                found.append(tuple(part for part in parts if isinstance(part, Match)))
        if any(not matches for matches in found):
            return TRUE
        return AnyOf(tuple(found), step.text) if found else FALSE

    # --- concatenations ---------------------------------------------------------------------------------------------

    def _lookup(self, step: Lookup) -> Lookup | bool:
        """A concatenation, without the parts that are constant."""
        self._check(step.selectors)
        elements = step.elements
        own = self.sets.get(step.set) if step.set is not None else None
        if own is not None and not self._changes(step.selectors):
            return replace(step, selectors=self._selectors(step.selectors))
        if own is not None:
            if own.dynamic or own.expires:
                raise CannotSay(f"{told(step)}: {'a set that rules change' if own.dynamic else FORGOTTEN}")
            elements = own.elements
        if self._lacks(step.selectors):
            return TRUE if step.absent else FALSE
        left = [
            element for element in (self._element(step.selectors, each) for each in elements) if element is not None
        ]
        selectors = self._selectors(step.selectors)
        if not selectors:
            return bool(left) != step.negated
        if not left:
            return TRUE if step.negated else FALSE
        return replace(step, selectors=selectors, elements=tuple(dict.fromkeys(left)), set=None)

    def _changes(self, selectors: Sequence[Selector]) -> bool:
        """Whether the elements of a set cannot stay as they are."""
        return any(map(self._is_constant, selectors)) or (self.view.mirrored and "icmp_type" in selectors)

    def _is_constant(self, selector: Selector) -> bool:
        """Whether a selector has one value in this view."""
        if self.view.mirrored and selector == "tcp_flags":
            raise CannotSay("TCP flags in a concatenation, in the mirror image")
        return is_of_connection(selector)

    def _lacks(self, selectors: Sequence[Selector]) -> bool:
        """Whether one of the selectors has no value."""
        return any(constant(each, self.view, self.place) is None for each in selectors if is_of_connection(each))

    def _selectors(self, selectors: Sequence[Selector]) -> tuple[Selector, ...]:
        """The selectors that are left, as they are of the packet."""
        left = [selector for selector in selectors if not is_of_connection(selector)]
        return tuple(mirror_of(selector) if self.view.mirrored else selector for selector in left)

    def _element(self, selectors: Sequence[Selector], element: Element) -> Element | None:
        """An element without its constant parts; None if one of these is another."""
        left = []
        for selector, value in zip(selectors, element, strict=True):
            if is_of_connection(selector):
                number = constant(selector, self.view, self.place)
                if number is None or not includes(value, number):
                    return None
            else:
                left.append(mirror_value(selector, value) if self.view.mirrored else value)
        return tuple(left)

    def _choose(self, step: Choose) -> Step | bool:
        """A map, without the parts of its keys that are constant; all its cases stand in it."""
        self._check(step.selectors)
        own = self.sets.get(step.map) if step.map is not None else None
        if own is not None and (own.dynamic or own.expires):
            raise CannotSay(f"{told(step)}: {'a map that rules change' if own.dynamic else FORGOTTEN}")
        cases = step.cases if own is None else own.cases or ()
        if self._lacks(step.selectors):
            return FALSE
        changed = self._changes(step.selectors)
        found = []
        for case in cases:
            element = self._element(step.selectors, case.element) if changed and case.element else case.element
            if element is not None:
                found.append(Case(element, case.steps))
        selectors = self._selectors(step.selectors)
        if not selectors:
            found = found[:1]
        return Choose(selectors, tuple(found), None, step.text) if found else FALSE

    # --- marks ------------------------------------------------------------------------------------------------------

    def _assign(self, step: Assign) -> Assign | bool:
        """A mark; that of a connection does not count."""
        terms = []
        for term in step.terms:
            if is_of_connection(term.selector):
                if step.target != "ct_mark":
                    self._check([term.selector])
                number = constant(term.selector, self.view, self.place)
                if number is None:
                    return step.lenient
                if number:
                    raise CannotSay(f"{told(step)}: a mark made of the connection's")
            else:
                terms.append(replace(term, selector=mirror_of(term.selector)) if self.view.mirrored else term)
        return TRUE if step.target == "ct_mark" else replace(step, terms=tuple(terms))
