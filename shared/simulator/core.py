"""The simulated WhatsApp without any I/O: the same calls, clock and chance, the same history."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.ports.clock import Clock
from shared.simulator import faults
from shared.simulator.agenda import Agenda
from shared.simulator.overhearing import Overhearing
from shared.simulator.people import People
from shared.simulator.posting import Posting
from shared.simulator.records import Answer, Callback, Customer, Dispatch, Number, Value
from shared.simulator.state import Change, State
from shared.simulator.webhook_queue import WebhookQueue

StoredRow = tuple[str, str, dict[str, Any]]


class Core:
    """Decides everything and does nothing: who embeds it delivers webhooks and stores changes.

    Not safe for several threads at once. Nothing happens by itself: `advance` carries out
    what is due (receipts), `due_webhook` says what to deliver, `next_ms` when to ask again.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        chance: random.Random,
        numbers: Sequence[Number],
        account_id: str,
        callback_url: str,
        messages_per_second: int = 80,
        rows: Iterable[StoredRow] = (),
    ) -> None:
        """Start, with the records of an earlier run when there are any.

        Webhooks that were waiting for another attempt are due at once.
        """
        self.state = State(
            clock=clock,
            chance=chance,
            numbers=numbers,
            account_id=account_id,
            messages_per_second=messages_per_second,
        )
        self.state.load(rows)
        self.webhooks = WebhookQueue(self.state, default_url=callback_url)
        self._agenda = Agenda(self.state, self.webhooks)
        self._posting = Posting(self.state, self._agenda)
        self.people = People(self.state, self.webhooks, self._agenda)
        self.overhearing = Overhearing(self.state)

    def post(self, number_id: str, body: Value, *, token_ok: bool = True) -> Answer:
        """Answer one post to `/{number_id}/messages`; never raises for what it holds."""
        self.advance()
        return self._posting.post(number_id, body, token_ok=token_ok)

    def customer_sends(self, customer: Customer, number_id: str, kind: str, **given: Value) -> str:
        """Let a customer write; see `People.send`."""
        self.advance()
        return self.people.send(customer, number_id, kind, given)

    def advance(self) -> None:
        """Carry out what is due by now."""
        self._agenda.advance(self.state.now_ms)

    def due_webhook(self) -> Dispatch | None:
        """Return one webhook to deliver now, or None; it is in flight until `webhook_result`."""
        self.advance()
        return self.webhooks.take(self.state.now_ms)

    def webhook_result(self, dispatch: Dispatch, *, accepted: bool) -> None:
        """Tell whether a webhook was answered with 200 within its time limit."""
        self.webhooks.result(dispatch.ids, accepted=accepted)

    def next_ms(self) -> int:
        """Return when something is due again; far in the future when nothing is."""
        return min(self._agenda.next_ms(), self.webhooks.next_ms())

    def set_faults(self, wanted: Mapping[str, Any]) -> None:
        """Replace the named faults.

        Raises:
            Mistake: One is unknown or out of range; nothing changed.
        """
        self._put_faults(faults.changed(self.state.faults, dict(wanted)))

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self._put_faults(faults.Faults())

    def _put_faults(self, wanted: faults.Faults) -> None:
        self.state.faults = replace(wanted)
        self.state.touch("faults", "faults", self.state.faults)

    def set_callback(self, key: str, url: str) -> None:
        """Send webhooks of a number or an account elsewhere; an empty URL undoes it."""
        if url:
            self.state.callbacks[key] = Callback(key, url)
            self.state.touch("callback", key, self.state.callbacks[key])
        elif self.state.callbacks.pop(key, None) is not None:
            self.state.touch("callback", key, None)

    def take_changes(self) -> list[Change]:
        """Return the records that changed since the last call, to be stored together."""
        return self.state.take_changes()
