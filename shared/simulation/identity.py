"""Checks on who is who: promises 11 and 14."""

from collections.abc import Iterator

from shared.simulation.evidence import Evidence


def humans_apart(evidence: Evidence) -> Iterator[str]:
    """No conversation holds messages of two humans."""
    owners: dict[str, str] = {}
    for human, home in _homes(evidence):
        if owners.setdefault(home, human) != human:
            yield f"{home} joins {human} and {owners[home]}"


def human_whole(evidence: Evidence) -> Iterator[str]:
    """A human whose user id was always shown has one conversation, at the business told of changes."""
    homes: dict[str, str] = {}
    for human, home in _homes(evidence):
        shown = evidence.world.meta.humans[human].always_shown
        if shown and home.split("/")[1] == "acme" and homes.setdefault(human, home) != home:
            yield f"{human} has two conversations"


def addressed(evidence: Evidence) -> Iterator[str]:
    """Nothing is claimed for a phone that has moved to somebody else."""
    for claim in evidence.claims:
        if not claim.address_is_theirs:
            yield f"{claim.message} goes to a phone that isn't {claim.conversation}'s"


def businesses_apart(evidence: Evidence) -> Iterator[str]:
    """Every document of a number lies under the number's business."""
    businesses = evidence.world.businesses
    for path, data in evidence.of("messages"):
        if businesses.get(str(data["number"])) != path.split("/")[1]:
            yield f"{path} is of number {data['number']}"
    for path, data in evidence.of("conversations"):
        for number in data["chats"]:
            if businesses.get(number) != path.split("/")[1]:
                yield f"{path} chats from number {number}"


def _homes(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for written in evidence.world.meta.written:
        for path in evidence.message_of(written.wamid, written.number):
            yield written.human, evidence.home(path)
