"""Checks on what customers wrote and what they got: promises 1, 2, 4, 5, 6 and 8."""

import json
from collections.abc import Iterator
from itertools import pairwise

from shared.domain.delivery import RANKS, state_of
from shared.simulation.evidence import Answer, Evidence
from shared.simulation.meta import Post

_ENDS = {"accepted", "sent", "failed", "delivered", "read", "played", "unclear", "cancelled"}


def recorded_once(evidence: Evidence) -> Iterator[str]:
    """Everything written to a number of ours stands in the store, once."""
    world = evidence.world
    if world.meta.undelivered or world.bus.pending or world.tasks.pending:
        yield (
            f"never came to rest: {world.meta.undelivered} webhooks, "
            f"{world.bus.pending} events, {world.tasks.pending} tasks"
        )
    for written in world.meta.written:
        count = len(evidence.message_of(written.wamid, written.number))
        wanted = 1 if written.number in world.businesses else 0
        if count != wanted:
            yield f"{written.wamid} is recorded {count} times"


def kept(evidence: Evidence) -> Iterator[str]:
    """What is unknown, for nobody's number or about nobody's message is kept."""
    found = {(json.loads(d["raw"]).get("id"), d["number"]) for _, d in evidence.of("kept")}
    for written in evidence.world.meta.written:
        unknown = written.kind == "sparkle" or written.number not in evidence.world.businesses
        if unknown and (written.wamid, written.number) not in found:
            yield f"{written.wamid} of kind {written.kind} is not kept"
    for orphan in evidence.world.meta.orphans:
        if orphan not in found:
            yield f"the receipt for {orphan[0]} is not kept"


def at_rest(evidence: Evidence) -> Iterator[str]:
    """In the end nothing is due, leased, queued or in flight."""
    for path, data in evidence.of("conversations"):
        turn = data["turn"]
        if turn["due_ms"] is not None or turn["lease"] is not None:
            yield f"{path} still has a turn: {turn}"
        if data["outbox"]["queued"] or data["outbox"]["inflight"]:
            yield f"{path} still has something to send"
        if data["actions"]:
            yield f"{path} still has actions"


def answered_once(evidence: Evidence) -> Iterator[str]:
    """Every message that opens a turn is answered once, or is a person's, or paused."""
    accepted = {post.message for post in evidence.world.meta.posts if post.accepted}
    sure = accepted - evidence.taken_for_lost()
    by_message: dict[str, list[Answer]] = {}
    for answer in evidence.answers:
        for asked in answer.asked:
            by_message.setdefault(asked, []).append(answer)
    for written in evidence.world.meta.written:
        for path in evidence.message_of(written.wamid, written.number):
            answers = by_message.get(path.rsplit("/", 1)[1], [])
            given = [a for a in answers if accepted.intersection(a.messages)]
            twice = [a for a in answers if sure.intersection(a.messages)]
            if len(twice) > 1:
                yield f"{written.wamid} is answered {len(twice)} times"
            if written.opens and not given and not _excused(evidence, path, answers):
                yield f"{written.wamid} is never answered"


def _excused(evidence: Evidence, path: str, answers: list[Answer]) -> bool:
    home = evidence.home(path)
    if evidence.final[home]["owner"] != "agent":
        return True
    business = path.split("/")[1]
    messages = [f"businesses/{business}/messages/{m}" for a in answers for m in a.messages]
    states = [state_of(evidence.final[message]) for message in messages if message in evidence.final]
    return "unclear" in states or _person_wrote(evidence, home)


def _person_wrote(evidence: Evidence, home: str) -> bool:
    return any(
        data.get("author") == "person" and evidence.home(p) == home for p, data in evidence.of("messages")
    )


def posted_once(evidence: Evidence) -> Iterator[str]:
    """A message is posted again only after a certain refusal, or once for lack of a receipt."""
    posts: dict[str, list[Post]] = {}
    for post in evidence.world.meta.posts:
        posts.setdefault(post.message, []).append(post)
    for message, attempts in posts.items():
        unproven = 0
        for earlier, later in pairwise(attempts):
            if earlier.told != "refused":
                unproven += 1
                yield from _unjustified(evidence, message, earlier, later)
        if unproven > 1:
            yield f"{message} is posted {unproven} times more without knowing why"


def _unjustified(evidence: Evidence, message: str, earlier: Post, later: Post) -> Iterator[str]:
    put_back = [p for p in evidence.put_back if p.message == message and p.attempt == earlier.attempt]
    if later.attempt == earlier.attempt or not put_back:
        yield f"{message} is posted again without a decision"
        return
    decision = put_back[-1]
    unclear_ms = decision.unclear_ms
    if unclear_ms is None:
        yield f"{message} is posted again although its outcome was not unclear"
    elif decision.mark.at_ms - unclear_ms < evidence.world.rules.unclear_ms:
        yield f"{message} is posted again too early"
    elif decision.had_receipt:
        yield f"{message} is posted again although a receipt proved it sent"
    elif not decision.had_evidence:
        yield f"{message} is posted again without evidence that it was lost"


def settled(evidence: Evidence) -> Iterator[str]:
    """Every message ends somewhere, tells the truth, and a failure leads to people."""
    accepted = {post.message for post in evidence.world.meta.posts if post.accepted}
    taken_for_lost = evidence.taken_for_lost()
    for path, versions in evidence.states.items():
        index, data = versions[-1]
        key, state = path.rsplit("/", 1)[1], state_of(data)
        if state not in _ENDS:
            yield f"{key} ends as {state}"
        if data.get("author") != "agent":
            continue
        if RANKS.get(data["state"], -1) == RANKS["accepted"] and key not in accepted:
            yield f"{key} counts as accepted but never was"
        if data["state"] == "cancelled" and not data["reason"]:
            yield f"{key} is cancelled without a reason"
        if data["state"] == "cancelled" and key in accepted and key not in taken_for_lost:
            yield f"{key} was accepted but counts as cancelled"
        if state in ("failed", "unclear") and not _people_know(evidence, path, index):
            yield f"{key} ends as {state} but no person was told"


def _people_know(evidence: Evidence, path: str, index: int) -> bool:
    """Tell whether the thread was not the agent's at some time from just before that commit."""
    home = evidence.home(path)
    changes = [o for o in evidence.owners if evidence.live(o.conversation) == home]
    if any(o.index >= index or o.after != "agent" for o in changes):
        return True
    return bool(evidence.final[home]["owner"] != "agent")


def in_order(evidence: Evidence) -> Iterator[str]:
    """What one conversation sends from one number leaves in the order in which it was written."""
    written: dict[str, tuple[str, tuple[int, int]]] = {}
    for answer in evidence.answers:
        for part, message in enumerate(answer.messages):
            written[message] = (answer.conversation, (answer.index, part))
    newest: dict[tuple[str, str], tuple[tuple[int, int], str]] = {}
    seen: set[str] = set()
    for post in evidence.world.meta.posts:
        if not post.accepted or post.message in seen:
            continue
        seen.add(post.message)
        if post.message not in written:
            yield f"{post.message} is posted but was never written"
            continue
        conversation, place = written[post.message]
        key = (conversation, post.number)
        if key in newest and newest[key][0] > place:
            yield f"{post.message} leaves after {newest[key][1]}, which was written later"
        newest[key] = max(newest.get(key, (place, post.message)), (place, post.message))


def windows(evidence: Evidence) -> Iterator[str]:
    """Nothing is posted outside of Meta's window."""
    for post in evidence.world.meta.posts:
        path = next((p for p in evidence.states if p.endswith(f"/{post.message}")), None)
        theirs = path is not None and post.human in _writers(evidence, evidence.home(path))
        if theirs and not post.window_open:
            yield f"{post.message} is posted outside of the window"


def _writers(evidence: Evidence, home: str) -> set[str]:
    return {
        written.human
        for written in evidence.world.meta.written
        for path in evidence.message_of(written.wamid, written.number)
        if evidence.home(path) == home
    }
