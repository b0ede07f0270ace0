"""Store an answer as queued messages, in the commit that closes its turn."""

from shared.app.kit import Held, Kit
from shared.domain import paths
from shared.domain.outbox import AGENT, Outgoing
from shared.domain.rules import ANSWER_DEADLINE_MS
from shared.domain.text import split_text
from shared.ports.store import Create, Write


def store_reply(kit: Kit, held: Held, texts: tuple[str, ...], *, covers: int) -> list[Write]:
    """Queue the texts behind what already waits; return the writes of their documents.

    They carry the epoch that this commit leaves behind. An answer without a text counts
    as given.
    """
    conversation, now_ms = held.conversation, kit.ports.clock.now_ms()
    number = conversation.reply_number
    chat = conversation.chat(number)
    parts = [part for text in texts for part in split_text(text)]
    if not parts:
        conversation.answered = max(conversation.answered, covers)
        return []
    box = conversation.outbox
    if not box.queued and box.inflight is None:
        box.wake_again(now_ms)
    deadline_ms = min(chat.window_ms, now_ms + ANSWER_DEADLINE_MS)
    at_ms = max(now_ms, conversation.opening_ms)
    answer = kit.ports.ids.new()
    writes: list[Write] = []
    for part in parts:
        key = kit.ports.ids.new()
        box.queued.append(
            Outgoing(
                id=key,
                number=number,
                author=AGENT,
                text=part,
                epoch=conversation.epoch,
                answer=answer,
                covers=covers,
                created_ms=now_ms,
                deadline_ms=deadline_ms,
            )
        )
        data = {
            "conversation": conversation.id,
            "seq": conversation.next_seq(),
            "direction": "out",
            "author": AGENT,
            "kind": "text",
            "text": part,
            "state": "queued",
            "reason": "",
            "at_ms": at_ms,
            "number": number,
            "wamid": "",
            "receipts": {},
            "answer": answer,
            "covers": covers,
        }
        writes.append(Create(paths.message(held.business, key), data))
        conversation.remember(
            {
                "id": key,
                "author": AGENT,
                "kind": "text",
                "text": part,
                "understood": True,
                "at_ms": at_ms,
            }
        )
    return writes
