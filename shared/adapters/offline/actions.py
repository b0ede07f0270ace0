"""Actions where no business system is connected: nothing can be carried out."""

from collections.abc import Mapping
from typing import Any

from shared.ports.actions import ActionOutcome, Actions, Declined


class OfflineActions(Actions):
    """Declines every action, which is certain: there is no provider to attempt it."""

    def repeatable(self, kind: str) -> bool:  # noqa: D102 - see the port
        return True

    def perform(self, kind: str, arguments: Mapping[str, Any], *, key: str) -> ActionOutcome:  # noqa: D102
        return Declined("no business system is connected")
