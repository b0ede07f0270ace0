"""What goes wrong on request: faults of the answers to posts, of webhooks and of receipts."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from shared.simulator.mistakes import Mistake
from shared.simulator.records import Value

RECEIPTS = ("sent", "delivered", "read", "failed")


@dataclass(slots=True)
class Faults:
    """Every fault, off by default. `…_next` count down, `…_probability` lie in [0, 1]."""

    scope: str = "messages"
    latency_ms: int = 0
    error_next: int = 0
    error_probability: float = 0.0
    error_status: int = 500
    refuse_next: int = 0
    refuse_probability: float = 0.0
    refuse_code: int = 131000
    cut_next: int = 0
    cut_probability: float = 0.0
    lose_next: int = 0
    lose_probability: float = 0.0
    fail_next: int = 0
    fail_probability: float = 0.0
    fail_code: int = 131026
    late_window_refusal: bool = False
    webhook_delay_ms: int = 0
    reorder_ms: int = 0
    duplicate_probability: float = 0.0
    receipt_delay_ms: int = 0
    drop_receipts_probability: float = 0.0
    drop_receipt_kinds: list[str] = field(default_factory=lambda: list(RECEIPTS))
    batch: int = 1
    hold_webhooks: bool = False


MEANINGS: dict[str, tuple[str, str]] = {
    "scope": ("Alcance: messages ou all (inclui leitura)", "posts concerned: messages, or all (read too)"),
    "latency_ms": ("Atraso da resposta (ms)", "wait before Graph answers"),
    "error_next": ("Próximos erros HTTP", "answer the next n posts with error_status, not taken"),
    "error_probability": ("Chance de erro HTTP", "the same by chance"),
    "error_status": ("Status do erro (429, 500…)", "HTTP status of those errors"),
    "refuse_next": ("Próximas recusas", "refuse the next n posts with refuse_code"),
    "refuse_probability": ("Chance de recusa", "the same by chance"),
    "refuse_code": ("Código da recusa", "Meta's code of those refusals"),
    "cut_next": ("Aceitar e cortar", "take the next n posts, then cut the connection"),
    "cut_probability": ("Chance de aceitar e cortar", "the same by chance"),
    "lose_next": ("Cortar sem aceitar", "cut the next n posts without taking them"),
    "lose_probability": ("Chance de cortar sem aceitar", "the same by chance"),
    "fail_next": ("Próximas falhas tardias", "take the next n posts, then send `failed` with fail_code"),
    "fail_probability": ("Chance de falha tardia", "the same by chance"),
    "fail_code": ("Código da falha tardia", "Meta's code in those receipts"),
    "late_window_refusal": ("Janela: falhar só no recibo", "a closed window fails by receipt (131047)"),
    "webhook_delay_ms": ("Atraso dos webhooks (ms)", "every webhook comes this much later"),
    "reorder_ms": ("Embaralhar webhooks (ms)", "and up to this much more, by chance"),
    "duplicate_probability": ("Chance de webhook em dobro", "chance that a webhook comes twice"),
    "receipt_delay_ms": ("Atraso dos recibos (ms)", "receipts come this much later"),
    "drop_receipts_probability": ("Chance de perder recibos", "chance that a receipt never comes"),
    "drop_receipt_kinds": ("Quais recibos se perdem", "receipts that may be lost"),
    "batch": ("Atualizações por webhook", "up to this many updates in one webhook"),
    "hold_webhooks": ("Segurar webhooks", "send no webhook until it is off again"),
}

_LIMITS = {"batch": (1, 1000), "error_status": (400, 599), "refuse_code": (0, 10**7), "fail_code": (0, 10**7)}


def changed(faults: Faults, wanted: dict[str, Any]) -> Faults:
    """Return the faults with the wanted fields replaced.

    Raises:
        Mistake: A field is unknown or its value out of range; the message names it.
    """
    values = asdict(faults)
    for name, value in wanted.items():
        if name not in values:
            raise Mistake(f"unknown fault: {name[:60]}")
        values[name] = _checked(name, value, values[name])
    return Faults(**values)


def _checked(name: str, value: Value, current: Value) -> Value:
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise Mistake(f"{name} must be true or false")
        return value
    if isinstance(current, (int, float)):
        return _number(name, value, whole=isinstance(current, int))
    if name == "scope":
        if value not in ("messages", "all"):
            raise Mistake("scope must be messages or all")
        return value
    if not isinstance(value, list) or any(kind not in RECEIPTS for kind in value):
        raise Mistake(f"{name} must be a list of {', '.join(RECEIPTS)}")
    return value


def _number(name: str, value: Value, *, whole: bool) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Mistake(f"{name} must be a number")
    low, high = _LIMITS.get(name, (0, 10**9 if whole else 1))
    if not low <= value <= high or (whole and value != int(value)):
        raise Mistake(f"{name} must be {'a whole number ' if whole else ''}from {low} to {high}")
    return int(value) if whole else float(value)


def described() -> list[dict[str, Any]]:
    """Return name, default and both descriptions of every fault, in order."""
    defaults = asdict(Faults())
    return [
        {
            "name": one.name,
            "default": defaults[one.name],
            "pt": MEANINGS[one.name][0],
            "en": MEANINGS[one.name][1],
        }
        for one in fields(Faults)
    ]
