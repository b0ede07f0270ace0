"""The promises, checked from outside: against what Meta saw and what the store went through.

No check looks at a guard's switch or asks the use cases anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.simulation.evidence import Evidence, collect
from shared.simulation.world import World


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that did not hold."""

    promise: str
    what: str


Check = Callable[[Evidence], Iterator[str]]


def check_all(world: World) -> list[Violation]:
    """Check every promise; an empty list is a good run."""
    from shared.simulation import conduct, delivery, identity  # noqa: PLC0415

    if world.unexpected:
        return [Violation("handlers", what) for what in world.unexpected]
    evidence = collect(world)
    checks: dict[str, tuple[Check, ...]] = {
        "1 nothing lost": (delivery.recorded_once, delivery.at_rest),
        "2 kept": (delivery.kept,),
        "3 one turn": (conduct.leases, conduct.recovered),
        "4 one answer": (delivery.answered_once, conduct.covers_all),
        "5 neither lost nor doubled": (delivery.posted_once, delivery.settled),
        "6 order": (delivery.in_order,),
        "7 person first": (conduct.takeovers,),
        "8 rules": (delivery.windows,),
        "9 forward only": (conduct.forward,),
        "11 identity": (identity.humans_apart, identity.human_whole, identity.addressed),
        "13 actions": (conduct.actions,),
        "14 businesses": (identity.businesses_apart,),
    }
    return [
        Violation(promise, what)
        for promise, group in checks.items()
        for check in group
        for what in _found(check, evidence)
    ]


def _found(check: Check, evidence: Evidence) -> list[str]:
    """Run a check; documents that contradict each other are a finding too."""
    try:
        return list(check(evidence))
    except (KeyError, TypeError) as error:
        return [f"the documents contradict each other: {type(error).__name__} {error}"]
