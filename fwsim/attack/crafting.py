"""From orders to forged packets: each with what it would do to the host, in the order of their times.

Read first: `crafted`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from fwsim.attack.conversation import Conversation
from fwsim.attack.judging import intent_of
from fwsim.attack.model import Forged, Order, Shot
from fwsim.attack.scene import Follow, Scene
from fwsim.attack.survey import Question, Survey


def crafted(orders: Sequence[Order], survey: Survey, seed: int, follow: Follow) -> Iterator[Forged]:
    """The packets of all orders, by time. Each has its own chance: what else is ordered does not change it."""
    scenes = [Scene(order, survey, chance_of(order, seed), follow) for order in orders]
    yield from heapq.merge(*[forged_of(scene) for scene in scenes], key=lambda forged: forged.ts)


def chance_of(order: Order, seed: int) -> str:
    """What the dice of an order are drawn from."""
    return f"{seed}/{order.family.name}/{order.style.name}"


def forged_of(scene: Scene) -> Iterator[Forged]:
    """The packets of one order, by time.

    Those of floods come as they are made; those that aim at victims are put in order first.
    """
    shots = scene.order.family.forge(scene)
    if scene.order.family.aims_at != "hosts":
        shots = iter(sorted(shots, key=lambda shot: shot.ts))
    numbers: dict[int, int] = {}
    for shot in shots:
        yield labelled(scene, shot, numbers.setdefault(shot.victim, len(numbers) + 1))


def labelled(scene: Scene, shot: Shot, number: int) -> Forged:
    """A shot, with all that is to be known of it."""
    order = scene.order
    victim, asked = aim_of(scene, shot)
    intent = shot.intent or intent_of(shot.packet, shot.ts, scene.survey, victim, asked)
    return Forged(
        shot.packet, shot.ts, shot.seen, order.family.name, order.style.name, number, order.knows,
        described(victim, asked), intent, shot.innocent,
    )  # fmt: skip


def aim_of(scene: Scene, shot: Shot) -> tuple[Conversation | None, Question | None]:
    """The connection or the question that a shot aims at."""
    if shot.victim < 0:
        return None, None
    if scene.order.family.aims_at == "questions":
        return None, scene.survey.questions[shot.victim]
    return scene.followed[shot.victim], None


def described(victim: Conversation | None, asked: Question | None) -> str:
    """A victim in words: who opened the connection or asked, and whom."""
    if victim is not None:
        opener, answerer = victim.ends
        return f"{end_text(opener.address, opener.port)}>{end_text(answerer.address, answerer.port)}"
    if asked is not None:
        return f"{end_text(asked.asker, asked.ports[0])}>{end_text(asked.server, asked.ports[1])}"
    return ""


def end_text(address: str, port: int) -> str:
    """An address with a port."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
