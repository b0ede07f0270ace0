"""Checks on how turns, owners and actions were conducted: promises 3, 4, 7, 9 and 13."""

from collections.abc import Iterator
from itertools import pairwise

from shared.domain.rules import REDRAFTS
from shared.simulation.evidence import Evidence

_TAKING = ("owner", "text")


def leases(evidence: Evidence) -> Iterator[str]:
    """A live lease is never taken away by another, and only its holder commits, in time."""
    holders: dict[tuple[str, int], int] = {}
    for lease in evidence.leases:
        holders[lease.conversation, lease.token] = lease.mark.process
        earlier = lease.earlier
        if earlier is not None and earlier["until_ms"] > lease.mark.at_ms:
            yield f"a live lease of {lease.conversation} was taken by another"
    for answer in evidence.answers:
        held = answer.before.get("turn", {}).get("lease")
        if held is None:
            yield f"an answer of {answer.conversation} was committed without a lease"
        elif held["until_ms"] <= answer.mark.asked_ms:
            yield f"an answer of {answer.conversation} was committed after its lease"
        elif holders.get((answer.conversation, held["token"])) != answer.mark.process:
            yield f"an answer of {answer.conversation} was committed under another's lease"


def recovered(evidence: Evidence) -> Iterator[str]:
    """After a restart nothing is held by the dead."""
    for path in evidence.left_over:
        yield f"{path} is held by a dead process after the restart"


def covers_all(evidence: Evidence) -> Iterator[str]:
    """An answer covers all that had arrived, unless it was redrafted often enough."""
    for answer in evidence.answers:
        drafts = evidence.world.assistant.drafts.get(answer.mark.process, 0)
        if int(answer.before.get("opening", 0)) > answer.covers and drafts <= REDRAFTS:
            yield f"an answer of {answer.conversation} leaves out what had arrived"
        missing = [m for m in answer.asked if f"<{m}>" not in answer.text]
        if missing and "<" in answer.text:
            yield f"an answer of {answer.conversation} covers {missing[0]} without answering it"


def takeovers(evidence: Evidence) -> Iterator[str]:
    """After a takeover nothing that the agent had written is claimed, and nothing committed."""
    written = {m: a for a in evidence.answers for m in a.messages}
    taken: dict[str, list[int]] = {}
    for change in evidence.owners:
        if change.mark.use_case in _TAKING and change.after != "agent" and change.before == "agent":
            taken.setdefault(change.conversation, []).append(change.index)
    for answer in evidence.answers:
        if answer.before.get("owner", "agent") != "agent":
            yield f"the agent answered in {answer.conversation}, which was {answer.before['owner']}'s"
    for claim in evidence.claims:
        made = written[claim.message].index if claim.message in written else claim.index
        if any(made < index < claim.index for index in taken.get(claim.conversation, ())):
            yield f"{claim.message} was claimed after a takeover"


def forward(evidence: Evidence) -> Iterator[str]:
    """Receipts only raise a state, and an end is an end."""
    for path, versions in evidence.states.items():
        for (_, before), (_, after) in pairwise(versions):
            for attempt, rank in before["receipts"].items():
                if after["receipts"].get(attempt, -1) < rank:
                    yield f"{path} went back from {rank}"
            if before["state"] in ("cancelled", "failed") and after["state"] != before["state"]:
                yield f"{path} went from {before['state']} to {after['state']}"


def actions(evidence: Evidence) -> Iterator[str]:
    """An action is carried out only after its commit, once, and its end is known to somebody."""
    performed: dict[str, int] = {}
    documents = {path.rsplit("/", 1)[1]: (path, data) for path, data in evidence.of("actions")}
    for at_ms, kind, key in evidence.world.actions.performed:
        performed[key] = performed.get(key, 0) + 1
        if performed[key] > 1:
            yield f"{kind} {key} was carried out {performed[key]} times"
        if key not in documents:
            yield f"{kind} {key} was carried out for a draft that was dropped"
        elif evidence.world.store.marks[evidence.made[documents[key][0]]].at_ms > at_ms:
            yield f"{kind} {key} was carried out before its commit"
    for key, (path, data) in documents.items():
        if data["state"] not in ("done", "declined", "unclear"):
            yield f"action {key} ends as {data['state']}"
        note = f"{path.split('/actions/')[0]}/messages/{key}"
        if data["state"] in ("done", "declined") and note not in evidence.final:
            yield f"the result of action {key} is told to nobody"
