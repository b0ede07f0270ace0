"""Every reason and state that supervisors may see has words, and no word is for nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.whatsapp.transport import Trouble
from shared.domain import graph_errors
from shared.domain.conversation import is_owner
from shared.domain.delivery import RANKS
from shared.ports.assistant import NextStep
from shared.runtime import words
from tests.support.offline import decide

SHARED = Path(graph_errors.__file__).parents[1]
RULES = {"_retry", "_wait", "_permanent", "_operator"}
TAKE_A_REASON = {"cancel", "to_people", "hand_over"}
GIVE_REASONS = {"_refusal"}
READ_KEPT_EVENTS = (
    ("wiring/push.py", "_event"),
    ("wiring/posted.py", "parse"),
    ("domain/incoming.py", "incoming_of"),
)


def parsed(name: str) -> ast.Module:
    return ast.parse((SHARED / name).read_text(encoding="utf-8"))


def named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def literals(value: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """Yield the texts that an expression may be; what it calls or looks up is something else."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from literals(part, constants)
        case ast.IfExp(body=one, orelse=other):
            yield from literals(one, constants)
            yield from literals(other, constants)


def reasons_given(node: ast.AST) -> Iterator[ast.expr]:
    """Yield every expression that `node` gives as a reason."""
    match node:
        case ast.keyword(arg="reason", value=value):
            yield value
        case ast.Dict():
            yield from (
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "reason"
            )
        case ast.Call() if named(node) in TAKE_A_REASON:
            yield from node.args
        case ast.FunctionDef(name=name) if name in GIVE_REASONS:
            yield from (r.value for r in ast.walk(node) if isinstance(r, ast.Return) and r.value)
        case ast.Assign(targets=[target], value=value) if "reason" in ast.unparse(target):
            yield from assigned(target, value)


def assigned(target: ast.expr, value: ast.expr) -> Iterator[ast.expr]:
    """Yield what goes to a name or key that is called a reason."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from assigned(one, its)
    elif ast.unparse(target).strip("]'").endswith("reason"):
        yield value


def stored_by(path: Path) -> set[str]:
    """Find the reasons that a module writes down, up to their first colon."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        ast.unparse(node.targets[0]): node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    given = (value for node in ast.walk(tree) for value in reasons_given(node))
    return {text.partition(":")[0] for value in given for text in literals(value, constants)} - {""}


def of_the_table() -> set[str]:
    calls = [node for node in ast.walk(parsed("domain/graph_errors.py")) if isinstance(node, ast.Call)]
    first = {call.args[0] for call in calls if named(call) in RULES}
    first |= {call.args[1] for call in calls if named(call) == "_Rule"}
    return {text for value in first for text in literals(value, {})}


def of_the_use_cases() -> set[str]:
    files = [*(SHARED / "app").glob("*.py"), SHARED / "wiring" / "outcomes.py"]
    return set().union(*(stored_by(path) for path in files))


def of_kept_events() -> set[str]:
    found: set[str] = set()
    for file, function in READ_KEPT_EVENTS:
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
                raised = [call.args[0] for call in calls if named(call) == "BadEnvelope"]
                found |= {text for value in raised for text in literals(value, {})}
    return found


def of_the_responder() -> set[str]:
    decision = decide("quero falar com uma pessoa")
    assert decision.next_step is NextStep.HANDOVER
    return {decision.reason}


def everywhere() -> set[str]:
    calls = {str(trouble) for trouble in Trouble}
    return of_the_table() | of_the_use_cases() | of_kept_events() | of_the_responder() | calls


def test_the_search_finds_reasons_of_every_kind() -> None:
    assert {
        "token invalid",
        "opted out",
        "pair rate",
        "meta busy",
        "coexistence sync refused",
    } <= of_the_table()
    assert graph_errors.classify(None, None).reason in of_the_table()
    assert of_the_use_cases() >= {
        "taken over",
        "merged",
        "window closed",
        "deadline passed",
        "no address",
        "unclear send",
        "too many turns",
        "assistant failed",
        "asked for a person",
        "lost, posted once more",
        "no answer",
        "sent twice",
        "not understood",
        "unclear action",
        "unknown kind",
        "unknown status",
        "orphan receipt",
        "no sender",
        "in a group",
        "no receiver",
        "not our number",
        "unknown update",
        "preference",
        "handler failed",
    }
    assert {"not base64", "not JSON", "not an object"} < of_kept_events()


@pytest.mark.parametrize("reason", sorted(everywhere()))
def test_every_reason_has_portuguese_with_english_beside_it(reason: str) -> None:
    told = words.reason(reason)
    assert told is not None
    assert told[0] != reason
    assert told[1] == reason


def test_no_reason_that_nothing_gives_has_words() -> None:
    assert set(words.REASONS) - everywhere() == set()


def test_the_states_with_words_are_those_that_exist() -> None:
    assert set(words.STATES) == {*RANKS, "cancelled"}


def test_the_owners_with_words_are_those_that_exist() -> None:
    assert all(is_owner(owner) for owner in words.OWNERS)


def test_what_stands_behind_a_colon_is_kept() -> None:
    assert words.reason("unclear action: charge") == (
        "não se sabe se a ação foi feita: charge",
        "unclear action",
    )


def test_what_has_no_words_is_shown_as_it_is() -> None:
    assert words.reason("the model: had its own") == ("the model: had its own", "")
    assert words.reason("") is None
