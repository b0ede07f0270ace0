"""What Meta's error codes mean for us: the one table from a code to what we do about it.

Meanings and waits are those of Meta's error code page. The HTTP status decides only where a code
says nothing, because Meta itself calls the status unreliable (throttling comes as 400).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

THROUGHPUT: Final = 130429
"""The number sends too fast: a retry, and its rate is halved for a minute."""

PAIR_RATE: Final = 131056
"""Too many messages to one person: a wait for that person only."""

WINDOW_CLOSED: Final = 131047
"""More than 24 hours since the person's last message."""

_UNCERTAIN: Final = frozenset({1, 2, 131000})
_LONGEST_EXPONENT: Final = 16


class ErrorClass(StrEnum):
    """What a refusal asks of us."""

    RETRY = "retry"
    """Post it again soon: 1 s, doubling, at most 60 s apart."""

    WAIT = "wait"
    """Post it again after the ruling's own time."""

    PERMANENT = "permanent"
    """Never post this message again."""

    OPERATOR = "operator"
    """Someone must mend something first: the number stops, the message waits."""

    SUPPRESS = "suppress"
    """The person opted out: record it, and never post this message again."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to do about one refusal.

    `wait_ms` is set for `WAIT` alone. `reason` is a short English phrase for supervisors.
    `alert` asks to tell the operator although the number goes on.
    """

    error_class: ErrorClass
    wait_ms: int | None
    reason: str
    alert: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    error_class: ErrorClass
    reason: str
    first_ms: int = 0
    factor: int = 1
    most_ms: int = 0
    alert: bool = False

    def ruling(self, attempt: int) -> Ruling:
        wait_ms = None
        if self.error_class is ErrorClass.WAIT:
            grown = self.first_ms * self.factor ** min(attempt, _LONGEST_EXPONENT)
            wait_ms = min(grown, self.most_ms or self.first_ms)
        return Ruling(self.error_class, wait_ms, self.reason, self.alert)


def _retry(reason: str) -> _Rule:
    return _Rule(ErrorClass.RETRY, reason)


def _wait(reason: str, first_ms: int, *, factor: int = 1, most_ms: int = 0) -> _Rule:
    return _Rule(ErrorClass.WAIT, reason, first_ms, factor, most_ms)


def _permanent(reason: str, *, alert: bool = False) -> _Rule:
    return _Rule(ErrorClass.PERMANENT, reason, alert=alert)


def _operator(reason: str) -> _Rule:
    return _Rule(ErrorClass.OPERATOR, reason)


_API_LIMIT = _wait("api call limit", _MINUTE, factor=2, most_ms=_HOUR)
_ACCESS = _operator("permission missing")
_ACCOUNT = _operator("account restricted")
_PARAMETER = _permanent("invalid parameter")
_GROUPS = _permanent("group refused")
_CALLS = _permanent("call refused")
_TEMPLATE_PARAMETERS = _permanent("template parameters wrong")
_TEMPLATE_FORMAT = _permanent("template format wrong")
_PIN = _operator("two-step pin refused")
_REGISTRATION = _operator("number not registered")
_USERNAME = _permanent("business username refused")

_BY_CODE: Final[dict[int, _Rule]] = {
    0: _operator("token invalid"),
    1: _retry("unknown at meta"),
    2: _retry("service down"),
    3: _ACCESS,
    4: _API_LIMIT,
    10: _ACCESS,
    33: _operator("number id wrong"),
    100: _PARAMETER,
    190: _operator("token invalid"),
    368: _ACCOUNT,
    613: _API_LIMIT,
    80007: _API_LIMIT,
    130403: _permanent("blocked by us"),
    THROUGHPUT: _retry("throughput reached"),
    130472: _permanent("marketing experiment"),
    130497: _permanent("country restricted", alert=True),
    131000: _retry("unknown at meta"),
    131005: _ACCESS,
    131008: _permanent("parameter missing"),
    131009: _PARAMETER,
    131016: _retry("temporary outage"),
    131020: _GROUPS,
    131021: _permanent("recipient is sender"),
    131026: _permanent("undeliverable"),
    131030: _operator("recipient not allow-listed"),
    131031: _ACCOUNT,
    131037: _operator("display name not approved"),
    131041: _GROUPS,
    131042: _operator("payment problem"),
    131043: _permanent("message expired"),
    131044: _operator("payment problem"),
    131045: _REGISTRATION,
    WINDOW_CLOSED: _permanent("window closed"),
    131048: _operator("spam limit"),
    131049: _wait("ecosystem health", _DAY, factor=2, most_ms=7 * _DAY),
    131050: _Rule(ErrorClass.SUPPRESS, "opted out"),
    131051: _permanent("kind unsupported"),
    131052: _permanent("media not downloadable"),
    131053: _permanent("media refused"),
    131055: _permanent("marketing templates only"),
    PAIR_RATE: _wait("pair rate", _SECOND, factor=4, most_ms=_DAY),
    131057: _wait("maintenance", _MINUTE),
    131059: _permanent("paging cursor invalid"),
    131060: _permanent("message unavailable"),
    131062: _permanent("phone needed"),
    131063: _permanent("marketing api needed", alert=True),
    131064: _operator("template misclassified"),
    131208: _wait("group rate", _MINUTE, factor=2, most_ms=_HOUR),
    132000: _TEMPLATE_PARAMETERS,
    132001: _permanent("template missing", alert=True),
    132005: _permanent("template text too long"),
    132007: _permanent("template policy"),
    132008: _TEMPLATE_PARAMETERS,
    132012: _TEMPLATE_PARAMETERS,
    132015: _wait("template paused", _HOUR, factor=2, most_ms=6 * _HOUR),
    132016: _permanent("template disabled", alert=True),
    132018: _TEMPLATE_PARAMETERS,
    132068: _operator("flow blocked"),
    132069: _wait("flow throttled", 6 * _MINUTE, factor=2, most_ms=_HOUR),
    133000: _REGISTRATION,
    133004: _retry("service down"),
    133005: _PIN,
    133006: _REGISTRATION,
    133008: _PIN,
    133009: _PIN,
    133010: _REGISTRATION,
    133015: _REGISTRATION,
    133016: _REGISTRATION,
    134011: _operator("payment terms not accepted"),
    134100: _permanent("marketing templates only"),
    134101: _wait("template syncing", 10 * _MINUTE),
    134102: _operator("marketing api unavailable"),
    135000: _permanent("request refused"),
    137000: _permanent("identity changed"),
    138002: _retry("too many calls at once"),
    138005: _retry("call rate"),
    138013: _API_LIMIT,
    2388019: _permanent("too many templates"),
    2388040: _TEMPLATE_FORMAT,
    2388047: _TEMPLATE_FORMAT,
    2388072: _TEMPLATE_FORMAT,
    2388073: _TEMPLATE_FORMAT,
    2388293: _TEMPLATE_FORMAT,
    2388299: _TEMPLATE_FORMAT,
    2494100: _retry("maintenance"),
}

# Looked up when the code has no row of its own.
_BY_RANGE: Final[tuple[tuple[range, _Rule], ...]] = (
    (range(200, 300), _ACCESS),
    (range(131201, 131216), _GROUPS),
    (range(138000, 138024), _CALLS),
    (range(139000, 139005), _permanent("flow management refused")),
    (range(139100, 139104), _permanent("block list refused")),
    (range(147001, 147006), _USERNAME),
    (range(2494164, 2494180), _permanent("in-app signup refused")),
    (range(2593107, 2593110), _permanent("coexistence sync refused")),
)

_NOTHING_WRITTEN = _retry("not reached")
_UNKNOWN_BUSY = _retry("meta busy")
_UNKNOWN_ACCESS = _operator("access refused")
_UNKNOWN = _permanent("refused for an unknown reason", alert=True)


def classify(code: int | None, http_status: int | None, *, attempt: int = 0) -> Ruling:
    """Rule on a certain refusal.

    Args:
        code: The Graph error's code; None when nothing was written to the socket.
        http_status: The answer's status, if there was one.
        attempt: How often this message was refused before; waits grow with it.

    Returns:
        The ruling. A code without a row: a 5xx or 429 says that the trouble is Meta's and passes,
        so it is a retry; a 401 means our access, so the operator must act; anything else is
        permanent, since the refusal is certain, nothing says that the same request will fare
        better, and a person then sees it, which endless retries would put off.
    """
    return _rule(code, http_status).ruling(max(attempt, 0))


def is_unclear(code: int | None, http_status: int | None) -> bool:
    """Tell whether a parsed Graph error leaves open if the message was taken.

    Meta's catch-all codes with a 5xx may come from behind the point where it was accepted.
    """
    return code in _UNCERTAIN and http_status is not None and 500 <= http_status < 600


def _rule(code: int | None, http_status: int | None) -> _Rule:
    if code is None and http_status is None:
        return _NOTHING_WRITTEN
    if code in _BY_CODE:
        return _BY_CODE[code]
    for codes, rule in _BY_RANGE:
        if code in codes:
            return rule
    return _by_status(http_status or 0)


def _by_status(http_status: int) -> _Rule:
    if http_status >= 500 or http_status == 429:
        return _UNKNOWN_BUSY
    return _UNKNOWN_ACCESS if http_status == 401 else _UNKNOWN
