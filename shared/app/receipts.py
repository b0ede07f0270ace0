"""Delivery receipts: blind writes that only grow, and the effects of a failure, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.app.keep import Keeper
from shared.app.kit import Held, Kit, cancel, decide, load_live, save, to_people
from shared.app.numbers import Numbers
from shared.domain import paths
from shared.domain.delivery import RANKS, RECEIPTS, attempt_key, parse_callback, receipt_rank
from shared.domain.errors import Missing
from shared.domain.graph_errors import ErrorClass, Ruling, classify
from shared.domain.incoming import Incoming
from shared.ports.store import Document, Maximum, Query, Update, Write


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """Store what one receipt tells of one message."""

    kit: Kit
    keeper: Keeper
    numbers: Numbers

    def __call__(self, business: str, incoming: Incoming) -> None:
        """Raise the message's state, whatever the order of receipts; idempotent.

        A receipt for a message that isn't here is kept as an orphan, never made into one.

        Raises:
            Retryable: Deliver again.
        """
        name = incoming.update.get("status")
        if name not in RECEIPTS:
            self.keeper.update(business, incoming, reason="unknown status")
            return
        found = self._find(business, incoming)
        if found is None:
            self.keeper.update(business, incoming, reason="orphan receipt")
            return
        path, attempt = found
        try:
            self._raise_state(path, attempt, str(name), incoming)
        except Missing:
            self.keeper.update(business, incoming, reason="orphan receipt")
            return
        if name == "failed":
            decide(lambda: self._effects(business, path, attempt, incoming))

    def _find(self, business: str, incoming: Incoming) -> tuple[str, int] | None:
        """By our own id, or by Meta's for a send without it."""
        ours = parse_callback(incoming.update.get("biz_opaque_callback_data"))
        if ours is not None:
            return paths.message(business, ours[0]), ours[1]
        if not incoming.wamid:
            return None
        where = (("wamid", "==", incoming.wamid),)
        query = Query(paths.collection(business, "messages"), where, (), 1)  # type: ignore[arg-type]
        for document in self.kit.ports.store.query(query):
            if document.data["direction"] == "out":
                return document.path, int(document.data.get("attempt") or 1)
        return None

    def _raise_state(self, path: str, attempt: int, name: str, incoming: Incoming) -> None:
        fields: dict[str, Any] = {
            f"receipts.{attempt_key(attempt)}": Maximum(RANKS[name]),
            f"times.{name}": incoming.at_ms,
            "receipt_ms": Maximum(incoming.received_ms),
        }
        if incoming.wamid:
            fields[f"wamids.{attempt_key(attempt)}"] = incoming.wamid
        pricing = _pricing(incoming.update.get("pricing"))
        if pricing:
            fields["pricing"] = pricing
        self.kit.ports.store.commit([Update(path, fields)])

    def _effects(self, business: str, path: str, attempt: int, incoming: Incoming) -> None:
        document = self.kit.ports.store.get(path)
        if document is None or document.data.get("failure"):
            return
        if receipt_rank(document.data) > RANKS["failed"]:
            return
        ruling, code = _ruling(incoming.update)
        fields: dict[str, Any] = {"failure": {"code": code, "reason": ruling.reason}, "reason": ruling.reason}
        writes: list[Write] = []
        held = load_live(self.kit.ports.store, business, str(document.data["conversation"]))
        queued = held.conversation.outbox.queued if held is not None else []
        if any(message.id == document.name for message in queued):
            fields["state"] = "failed"
        elif attempt < int(document.data.get("attempt") or 1):
            return
        if held is not None:
            writes += self._give_up(held, document, ruling)
        writes.append(Update(path, fields, if_version=document.version))
        if ruling.error_class is ErrorClass.OPERATOR:
            self.numbers.stop(business, str(document.data["number"]), ruling.reason)
        self.kit.ports.store.commit(writes)

    def _give_up(self, held: Held, document: Document, ruling: Ruling) -> list[Write]:
        """Cancel the rest of the answer; the conversation goes to the people's queue.

        A message that waits for its next attempt although an earlier one reached Meta and
        failed there waits no more; its own document is the caller's to write.
        """
        conversation = held.conversation
        rest = conversation.outbox.take_answer(str(document.data.get("answer")))
        rest = [message for message in rest if message.id != document.name]
        writes = cancel(held, rest, ruling.reason)
        if ruling.error_class is ErrorClass.SUPPRESS:
            conversation.opted_out = True
        writes += to_people(self.kit, held, ruling.reason)
        return [save(self.kit, held), *writes]


def _pricing(value: object) -> dict[str, str | bool]:
    """Read what a receipt tells of its price: flat, and only what is known."""
    if not isinstance(value, dict):
        return {}
    told = {key: value.get(key) for key in ("billable", "pricing_model", "type", "category")}
    return {k: v if isinstance(v, bool) else v[:100] for k, v in told.items() if isinstance(v, bool | str)}


def _ruling(update: Mapping[str, Any]) -> tuple[Ruling, int | None]:
    errors = update.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = first.get("code") if isinstance(first, dict) else None
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    return classify(code, 400), code
