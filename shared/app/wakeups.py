"""Tasks for what a conversation waits for.

Their names come from its counters, so that asking twice for the same thing makes one task.
"""

from shared.app.kit import Held, Kit
from shared.domain import paths
from shared.ports.tasks import TURNS, live_queue


def wake_turn(kit: Kit, held: Held, *, at_ms: int | None = None) -> None:
    """Ask for the conversation's newest turn task, at its due time or at `at_ms`."""
    conversation = held.conversation
    at_ms = conversation.turn.due_ms if at_ms is None else at_ms
    if at_ms is None or conversation.merged_into is not None:
        return
    wake = conversation.turn.wake
    payload = {"business": held.business, "conversation": conversation.id, "wake": wake}
    name = task_name("turn", held.business, conversation.id, str(wake))
    kit.ports.tasks.create(TURNS, name, payload, at_ms=at_ms)


def wake_sender(kit: Kit, held: Held) -> None:
    """Ask for the conversation's newest sender task, when something waits to leave."""
    conversation, box = held.conversation, held.conversation.outbox
    if box.inflight is not None or not box.queued or conversation.merged_into is not None:
        return
    name = task_name("send", held.business, conversation.id, str(box.wake))
    head = box.queued[0]
    _sender_task(kit, held, head.number, name, wake=box.wake, at_ms=head.not_before_ms)


def wake_settler(kit: Kit, held: Held) -> None:
    """Ask for a sender task when the claim in flight, or its unclear time, has run out."""
    box = held.conversation.outbox
    inflight = box.inflight
    if inflight is None:
        return
    kind = "claim" if inflight.unclear_ms is None else "unclear"
    key = held.conversation.id
    name = task_name("settle", held.business, key, inflight.claim, kind, str(box.wake))
    at_ms = inflight.over_ms(kit.rules.unclear_ms)
    _sender_task(kit, held, inflight.message.number, name, wake=None, at_ms=at_ms)


def wake_actions(kit: Kit, held: Held) -> None:
    """Ask for every unfinished action of the conversation."""
    for action in held.conversation.actions:
        wake_action(kit, held.business, action, attempt="0", at_ms=kit.ports.clock.now_ms())


def wake_action(kit: Kit, business: str, action: str, *, attempt: str, at_ms: int) -> None:
    """Ask for one attempt at an action."""
    payload = {"business": business, "action": action}
    name = task_name("action", business, action, attempt)
    kit.ports.tasks.create(TURNS, name, payload, at_ms=at_ms)


def wake_all(kit: Kit, held: Held) -> None:
    """Ask for everything that the conversation waits for; what was asked for stays one task.

    A lease is looked after when it is over, by the newest task, should its holder be dead.
    """
    lease = held.conversation.turn.lease
    wake_turn(kit, held, at_ms=None if lease is None else lease.until_ms)
    wake_actions(kit, held)
    if held.conversation.outbox.inflight is None:
        wake_sender(kit, held)
    else:
        wake_settler(kit, held)


def task_name(*parts: str) -> str:
    """Return a task name with a hashed head, which spreads the service's load."""
    return f"{paths.digest(*parts)}-{parts[0]}"


def _sender_task(kit: Kit, held: Held, number: str, name: str, *, wake: int | None, at_ms: int) -> None:
    payload = {"business": held.business, "conversation": held.conversation.id, "wake": wake}
    kit.ports.tasks.create(live_queue(number), name, payload, at_ms=at_ms)
