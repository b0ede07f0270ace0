"""Two conversations of one human become one: the older stays, nothing is answered twice."""

from dataclasses import dataclass

from shared.app.kit import Held, Kit, cancel, every, save
from shared.domain import paths
from shared.domain.chat import Chat
from shared.domain.conversation import Conversation, stricter
from shared.domain.errors import Conflict
from shared.domain.outbox import AGENT, Outgoing
from shared.domain.rules import RECENT_LINES
from shared.ports.store import Document, Query, Store, Update, Write

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Merged:
    """The conversation that stays, not yet saved, and every other write of the merge."""

    winner: Held
    writes: list[Write]


def merge(kit: Kit, one: Held, other: Held) -> Merged:
    """Fold the younger conversation into the older one.

    The stricter owner stays. The loser's queued agent messages are cancelled, and what
    it left unanswered moves to the winner's timeline, so that one turn answers all. A
    draft under way on either side is refused at its commit. History stays where it is:
    it is found through `merged_from`.

    Raises:
        Conflict: Something is in flight on either side; its outcome belongs to where it
            was claimed, so the merge waits for it.
    """
    if one.conversation.outbox.inflight or other.conversation.outbox.inflight:
        raise Conflict
    ordered = sorted((one, other), key=lambda h: (h.conversation.created_ms, h.conversation.id))
    winner, loser = ordered[0].conversation, ordered[1].conversation
    writes = _close(kit, ordered[1])
    cancelled = _inherit_owner(winner, loser)
    writes += cancel(ordered[0], cancelled, "taken over")
    writes += _move_unanswered(kit.ports.store, one.business, winner, loser)
    now_ms = kit.ports.clock.now_ms()
    _unite(winner, loser, now_ms)
    winner.rest()
    if winner.owner == AGENT and winner.unanswered():
        winner.make_due_at(now_ms)
    loser.merged_into = winner.id
    writes.append(save(kit, ordered[1]))
    return Merged(ordered[0], writes)


def _close(kit: Kit, loser: Held) -> list[Write]:
    conversation = loser.conversation
    conversation.epoch += 1
    conversation.rest()
    cancelled = conversation.outbox.take_authored(AGENT)
    conversation.covered = conversation.answered
    return cancel(loser, cancelled, "merged")


def _inherit_owner(winner: Conversation, loser: Conversation) -> list[Outgoing]:
    owner = stricter(winner.owner, loser.owner)
    epoch = max(winner.epoch, loser.epoch) + 1
    if owner == winner.owner:
        winner.move_epoch(epoch)
        return []
    winner.epoch = epoch
    winner.owner, winner.reason = owner, loser.reason
    return winner.outbox.take_authored(AGENT)


def _move_unanswered(store: Store, business: str, winner: Conversation, loser: Conversation) -> list[Write]:
    writes: list[Write] = []
    for document in _incoming_after(store, business, loser):
        fields = {"conversation": winner.id, "seq": winner.next_seq()}
        writes.append(Update(document.path, fields))
        if document.data["opens"]:
            winner.opening = winner.seq
            winner.opening_ms = max(winner.opening_ms, int(document.data["at_ms"]))
            winner.reply_number = loser.reply_number
    loser.opening = loser.answered
    return writes


def _incoming_after(store: Store, business: str, conversation: Conversation) -> list[Document]:
    query = Query(
        paths.collection(business, "messages"),
        (("conversation", "==", conversation.id), ("seq", ">", conversation.answered)),
        ("seq",),
        _PAGE,
    )
    return [d for d in every(store, query) if d.data["direction"] != "out"]


def _unite(winner: Conversation, loser: Conversation, now_ms: int) -> None:
    for number, chat in loser.chats.items():
        _unite_chat(winner.chat(number), chat)
    _unite_outbox(winner, loser, now_ms)
    winner.actions += loser.actions
    loser.actions = []
    lines = sorted(winner.recent + loser.recent, key=lambda line: int(line["at_ms"]))
    winner.recent = lines[-RECENT_LINES:]
    winner.turn.begun_ms = sorted(winner.turn.begun_ms + loser.turn.begun_ms)
    winner.opted_out = winner.opted_out or loser.opted_out
    winner.name = winner.name or loser.name
    if loser.phone is not None and (winner.phone is None or loser.phone_ms > winner.phone_ms):
        winner.phone, winner.phone_ms = loser.phone, loser.phone_ms
    if loser.bsuid is not None and (winner.bsuid is None or loser.bsuid_ms > winner.bsuid_ms):
        winner.bsuid, winner.bsuid_ms = loser.bsuid, loser.bsuid_ms
    winner.reply_number = winner.reply_number or loser.reply_number
    winner.merged_from += [loser.id, *loser.merged_from]


def _unite_chat(kept: Chat, gone: Chat) -> None:
    if gone.window_ms > kept.window_ms:
        kept.window_ms = gone.window_ms
        kept.newest_wamid, kept.newest_ms = gone.newest_wamid, gone.newest_ms
    if kept.refilled_ms == 0:
        kept.refilled_ms = gone.refilled_ms
    kept.tokens = min(kept.tokens, gone.tokens)
    kept.pair_waits = max(kept.pair_waits, gone.pair_waits)


def _unite_outbox(winner: Conversation, loser: Conversation, now_ms: int) -> None:
    """Take over what people had queued."""
    winner.outbox.queued += loser.outbox.queued
    loser.outbox.queued = []
    winner.outbox.wake_again(now_ms)
