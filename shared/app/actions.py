"""Actions: stored with the reply, carried out after its commit, told in a new turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.app.kit import Held, Kit, decide, load_live, save, to_people
from shared.app.wakeups import wake_action, wake_turn
from shared.domain import paths
from shared.domain.rules import CLAIM_MS, SECOND
from shared.ports.actions import ActionOutcome, Declined, Done, Unknown
from shared.ports.assistant import Action
from shared.ports.store import Create, Document, Update, Write

ATTEMPTS = 5
"""How often an action whose provider takes our key is attempted."""


def new_action(business: str, key: str, conversation: str, action: Action, *, now_ms: int) -> Write:
    """Return the write that stores an action that a turn asked for."""
    data = {
        "conversation": conversation,
        "kind": action.kind,
        "arguments": dict(action.arguments),
        "state": "asked",
        "attempts": 0,
        "until_ms": 0,
        "result": "",
        "asked_ms": now_ms,
    }
    return Create(paths.action(business, key), data)


@dataclass(frozen=True, slots=True)
class RunAction:
    """Attempt one stored action."""

    kit: Kit

    def __call__(self, payload: Mapping[str, Any]) -> None:
        """Attempt it, or give it to a person when an earlier attempt's outcome is unclear.

        Where the provider takes our key it is attempted up to five times; any other is
        attempted once. Idempotent.

        Raises:
            Retryable: Deliver again.
        """
        business, key = str(payload["business"]), str(payload["action"])
        claimed = decide(lambda: self._claim(business, key))
        if claimed is None:
            self._wake_again(business, key)
            return
        outcome: ActionOutcome = Unknown("the attempt was cut off")
        data = claimed.data
        if data["state"] == "asked" or self.kit.ports.actions.repeatable(str(data["kind"])):
            outcome = self.kit.ports.actions.perform(str(data["kind"]), data["arguments"], key=key)
            if isinstance(outcome, Unknown) and self._may_repeat(data):
                decide(lambda: self._again(business, key))
                return
        held = decide(lambda: self._finish(business, key, outcome))
        if held is not None:
            wake_turn(self.kit, held)

    def _claim(self, business: str, key: str) -> Document | None:
        """Claim an attempt; return the action as it was before, or None when it isn't ours."""
        path, now_ms = paths.action(business, key), self.kit.ports.clock.now_ms()
        document = self.kit.ports.store.get(path)
        if document is None or document.data["state"] not in ("asked", "attempted"):
            return None
        attempts, until_ms = int(document.data["attempts"]), int(document.data["until_ms"])
        if until_ms > now_ms:
            wake_action(self.kit, business, key, attempt=f"{attempts} cut off", at_ms=until_ms)
            return None
        fields = {"state": "attempted", "attempts": attempts + 1, "until_ms": now_ms + CLAIM_MS}
        self.kit.ports.store.commit([Update(path, fields, if_version=document.version)])
        return document

    def _wake_again(self, business: str, key: str) -> None:
        """Ask for the turn that a finished action opens: its own task may have died before that."""
        document = self.kit.ports.store.get(paths.action(business, key))
        if document is None or document.data["state"] == "attempted":
            return
        held = load_live(self.kit.ports.store, business, str(document.data["conversation"]))
        if held is not None:
            wake_turn(self.kit, held)

    def _may_repeat(self, data: Mapping[str, Any]) -> bool:
        repeatable = self.kit.ports.actions.repeatable(str(data["kind"]))
        return repeatable and int(data["attempts"]) + 1 < ATTEMPTS

    def _again(self, business: str, key: str) -> None:
        """End the claim and come back later."""
        path = paths.action(business, key)
        document = self.kit.ports.store.get(path)
        if document is None:
            return
        attempts = int(document.data["attempts"])
        at_ms = self.kit.ports.clock.now_ms() + SECOND * 2**attempts
        fields = {"until_ms": at_ms - 1}
        self.kit.ports.store.commit([Update(path, fields, if_version=document.version)])
        wake_action(self.kit, business, key, attempt=str(attempts), at_ms=at_ms)

    def _finish(self, business: str, key: str, outcome: ActionOutcome) -> Held | None:
        path = paths.action(business, key)
        document = self.kit.ports.store.get(path)
        if document is None or document.data["state"] != "attempted":
            return None
        held = load_live(self.kit.ports.store, business, str(document.data["conversation"]))
        if held is None:
            return None
        conversation = held.conversation
        conversation.actions = [a for a in conversation.actions if a != key]
        state, text = _told(outcome)
        writes: list[Write] = [Update(path, {"state": state, "result": text}, if_version=document.version)]
        if isinstance(outcome, Unknown):
            writes += to_people(self.kit, held, f"unclear action: {document.data['kind']}")
        else:
            writes.append(self._note(held, key, f"{document.data['kind']}: {state}: {text}"))
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        return held

    def _note(self, held: Held, key: str, text: str) -> Write:
        """Return the write of the entry that tells the result and opens a turn."""
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        data = {
            "conversation": conversation.id,
            "seq": conversation.next_seq(),
            "direction": "note",
            "kind": "action_result",
            "text": text,
            "understood": True,
            "opens": True,
            "at_ms": now_ms,
            "received_ms": now_ms,
            "number": conversation.reply_number,
            "wamid": "",
        }
        conversation.open_turn(at_ms=now_ms, received_ms=now_ms, now_ms=now_ms, rules=self.kit.rules)
        return Create(paths.message(held.business, key), data)


def _told(outcome: ActionOutcome) -> tuple[str, str]:
    match outcome:
        case Done(result):
            return "done", result
        case Declined(reason):
            return "declined", reason
        case Unknown(reason):
            return "unclear", reason
