"""What the store went through, commit by commit, as facts that the checks can weigh."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.memory.store import Change
from shared.domain import paths
from shared.domain.delivery import RANKS, receipt_rank
from shared.domain.phone import phone_key
from shared.simulation.world import Mark, World

Data = Mapping[str, Any]

_UNBORN: Data = {
    "owner": "agent",
    "turn": {"lease": None, "token": 0},
    "outbox": {"inflight": None, "queued": []},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A commit that stored an answer."""

    index: int
    mark: Mark
    conversation: str
    before: Data
    answer: str
    messages: tuple[str, ...]
    text: str
    covers: int
    asked: frozenset[str]
    """The messages that wanted an answer and stood within what it covers."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A commit that put a message in flight."""

    index: int
    mark: Mark
    conversation: str
    message: str
    address_is_theirs: bool


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """A commit that took a lease; `earlier` is the one that stood there."""

    index: int
    mark: Mark
    conversation: str
    token: int
    earlier: Data | None


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A commit that changed the owner."""

    index: int
    mark: Mark
    conversation: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """A commit that queued a message again after an attempt."""

    index: int
    mark: Mark
    message: str
    attempt: int
    """The attempt that it follows."""
    unclear_ms: int | None
    had_receipt: bool
    had_evidence: bool


@dataclass(slots=True)
class Evidence:
    """Everything that the checks look at."""

    world: World
    answers: list[Answer] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    leases: list[LeaseTaken] = field(default_factory=list)
    owners: list[OwnerChange] = field(default_factory=list)
    put_back: list[PutBack] = field(default_factory=list)
    states: dict[str, list[tuple[int, Data]]] = field(default_factory=dict)
    """Every version of each outgoing message, by path, with its commit."""
    made: dict[str, int] = field(default_factory=dict)
    """The commit that created each document."""
    left_over: list[str] = field(default_factory=list)
    """Conversations that a recovered restart left with a lease or a claim of the dead."""
    final: dict[str, Data] = field(default_factory=dict)
    """Every document at the end."""

    def of(self, collection: str) -> Iterator[tuple[str, Data]]:
        """Yield the documents of a collection at the end, over all businesses."""
        for path, data in self.final.items():
            if path.split("/")[2] == collection:
                yield path, data

    def live(self, path: str) -> str:
        """Follow a conversation to the one it was merged into."""
        while self.final[path]["merged_into"]:
            path = f"{path.rsplit('/', 1)[0]}/{self.final[path]['merged_into']}"
        return path

    def home(self, message_path: str) -> str:
        """Return the path of the live conversation of a message."""
        business = message_path.split("/")[1]
        conversation = str(self.final[message_path]["conversation"])
        return self.live(paths.conversation(business, conversation))

    def taken_for_lost(self) -> set[str]:
        """Return the messages that evidence said were lost, which they may not have been."""
        return {p.message for p in self.put_back if p.unclear_ms is not None}

    def message_of(self, wamid: str, number: str) -> list[str]:
        """Return the paths of the documents of an incoming message."""
        return [
            path
            for path, data in self.of("messages")
            if data["wamid"] == wamid and data["number"] == number and data["direction"] == "in"
        ]


def collect(world: World) -> Evidence:
    """Replay the store's history."""
    evidence = Evidence(world)
    docs = evidence.final
    for index, (commit, mark) in enumerate(zip(world.store.inner.history, world.store.marks, strict=True)):
        if index in world.recovered:
            evidence.left_over += _left_over(evidence)
        for change in commit.changes:
            _conversation_facts(evidence, index, mark, change)
        _answer_facts(evidence, index, mark, commit.changes)
        for change in commit.changes:
            _message_facts(evidence, index, change)
            if change.after is None:
                docs.pop(change.path, None)
            else:
                docs[change.path] = change.after
                evidence.made.setdefault(change.path, index)
    return evidence


def _left_over(evidence: Evidence) -> list[str]:
    return [
        path
        for path, data in evidence.of("conversations")
        if data["turn"]["lease"] is not None
        or (data["outbox"]["inflight"] or {"unclear_ms": 0})["unclear_ms"] is None
    ]


def _conversation_facts(evidence: Evidence, index: int, mark: Mark, change: Change) -> None:
    before, after = change.before, change.after
    if "/conversations/" not in change.path or after is None:
        return
    path = change.path
    was = before or _UNBORN
    if was["owner"] != after["owner"]:
        evidence.owners.append(OwnerChange(index, mark, path, was["owner"], after["owner"]))
    lease = after["turn"]["lease"]
    if lease is not None and lease["token"] != (was["turn"]["lease"] or {}).get("token"):
        earlier = was["turn"]["lease"]
        evidence.leases.append(LeaseTaken(index, mark, path, lease["token"], earlier))
    _outbox_facts(evidence, index, mark, path, was["outbox"], after)


def _outbox_facts(evidence: Evidence, index: int, mark: Mark, path: str, then: Data, after: Data) -> None:
    inflight, was = after["outbox"]["inflight"], then["inflight"]
    new = inflight is not None and (was is None or was["claim"] != inflight["claim"])
    if new and mark.use_case == "sender":
        theirs = _address_is_theirs(evidence, path, after)
        message = str(inflight["message"]["id"])
        evidence.claims.append(Claim(index, mark, path, message, theirs))
    if was is None or inflight is not None:
        return
    message = str(was["message"]["id"])
    if any(m["id"] == message for m in after["outbox"]["queued"]):
        document = evidence.final[paths.message(path.split("/")[1], message)]
        since = _in_doubt_since(evidence, was, mark)
        evidence.put_back.append(
            PutBack(
                index,
                mark,
                message,
                int(was["message"]["attempt"]),
                since,
                receipt_rank(document, int(was["message"]["attempt"])) >= RANKS["sent"],
                since is not None and _later_receipt(evidence, str(document["number"]), was, since),
            )
        )


def _in_doubt_since(evidence: Evidence, inflight: Data, mark: Mark) -> int | None:
    """Return from when the outcome was unclear: not before the post, nor before a later restart."""
    if inflight["unclear_ms"] is None:
        return None
    world, message = evidence.world, inflight["message"]
    posts = [
        p.at_ms for p in world.meta.posts if (p.message, p.attempt) == (message["id"], message["attempt"])
    ]
    restarts = [ms for ms in world.restarts_ms if inflight["claimed_ms"] < ms <= mark.at_ms]
    return max([int(inflight["unclear_ms"]), *posts, *restarts])


def _later_receipt(evidence: Evidence, number: str, inflight: Data, since: int) -> bool:
    """Tell whether a receipt came after the unclear instant for something posted later."""
    return any(
        data["number"] == number
        and int(data.get("receipt_ms") or 0) > since
        and int(data.get("posted_ms") or 0) > inflight["claimed_ms"]
        for _, data in evidence.of("messages")
    )


def _address_is_theirs(evidence: Evidence, path: str, conversation: Data) -> bool:
    if not conversation["phone"]:
        return True
    business = path.split("/")[1]
    alias = evidence.final.get(paths.alias(business, "phone", phone_key(conversation["phone"])))
    return alias is not None and alias["conversation"] == conversation["id"]


def _answer_facts(evidence: Evidence, index: int, mark: Mark, changes: tuple[Change, ...]) -> None:
    made = [
        c
        for c in changes
        if "/messages/" in c.path and c.before is None and c.after and c.after.get("author") == "agent"
    ]
    if not made:
        return
    first = made[0].after or {}
    business = made[0].path.split("/")[1]
    path = paths.conversation(business, str(first["conversation"]))
    before = next((c.before for c in changes if c.path == path), None) or {}
    asked = frozenset(
        p.rsplit("/", 1)[1]
        for p, data in evidence.of("messages")
        if data["conversation"] == first["conversation"]
        and data["direction"] != "out"
        and data["opens"]
        and p.split("/")[1] == business
        and int(before.get("covered", 0)) < int(data["seq"]) <= int(first["covers"])
    )
    evidence.answers.append(
        Answer(
            index,
            mark,
            path,
            before,
            str(first["answer"]),
            tuple(c.path.rsplit("/", 1)[1] for c in made),
            "".join(str(c.after["text"]) for c in made if c.after),
            int(first["covers"]),
            asked,
        )
    )


def _message_facts(evidence: Evidence, index: int, change: Change) -> None:
    after = change.after
    if "/messages/" in change.path and after is not None and after["direction"] == "out":
        evidence.states.setdefault(change.path, []).append((index, after))
