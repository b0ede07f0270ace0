"""Lets the simulator overhear what reaches the function `text`, whoever sent it."""

from collections.abc import Mapping
from typing import Any

from shared.domain.errors import BadEnvelope
from shared.simulator.simulator import Simulator
from shared.wiring import posted, push
from shared.wiring.journal import journal
from shared.wiring.outcomes import place


def overhear(simulator: Simulator, envelope: Mapping[str, Any]) -> None:
    """Tell the simulator about one push; never raises, the delivery goes on in any case."""
    try:
        event = posted.parse(push.decode(envelope).data)
        if isinstance(event, dict):
            simulator.overhear(event)
    except BadEnvelope:
        return
    except Exception as error:  # noqa: BLE001 - a fake phone must not hold up a real delivery
        journal.warning("simulator.not_overheard", error=type(error).__name__, at=place(error))
