"""What the pages say for what the system stores: Portuguese with English beside it."""

from collections.abc import Mapping

Pair = tuple[str, str]
"""Portuguese and English; an empty second half when there is nothing to translate."""

_STATES: Mapping[str, Pair] = {
    "queued": ("a enviar", "queued"),
    "sending": ("enviando", "sending"),
    "unclear": ("sem confirmação", "unclear"),
    "accepted": ("aceita", "accepted"),
    "sent": ("enviada", "sent"),
    "failed": ("falhou", "failed"),
    "delivered": ("entregue", "delivered"),
    "read": ("lida", "read"),
    "played": ("ouvida", "played"),
    "cancelled": ("cancelada", "cancelled"),
}

_OWNERS: Mapping[str, Pair] = {
    "agent": ("agente", "agent"),
    "queue": ("fila de pessoas", "people's queue"),
    "paused": ("pausada", "paused"),
}

_REASONS: Mapping[str, str] = {
    "account restricted": "conta restrita pela Meta",
    "asked for a person": "pediu uma pessoa",
    "assistant failed": "o agente não conseguiu responder",
    "deadline passed": "o prazo passou",
    "handler failed": "o tratamento falhou",
    "invalid parameter": "a Meta recusou um parâmetro",
    "lost, posted once more": "perdida, enviada mais uma vez",
    "merged": "conversas unidas",
    "no address": "sem endereço",
    "no receiver": "sem destinatário",
    "no sender": "sem remetente",
    "not our number": "não é um número nosso",
    "not sent before a merge": "não saiu antes de as conversas se unirem",
    "not understood": "não entendido",
    "opted out": "não quer mais receber",
    "orphan receipt": "recibo sem mensagem",
    "pair rate": "rápido demais para esta pessoa",
    "payment problem": "problema de pagamento na Meta",
    "permission missing": "falta permissão na Meta",
    "preference": "preferência da pessoa",
    "service down": "a Meta está fora do ar",
    "spam limit": "limite de spam da Meta",
    "taken over": "uma pessoa assumiu",
    "temporary outage": "a Meta está fora do ar",
    "throughput reached": "limite de envio do número",
    "token invalid": "o token da Meta não vale",
    "too many turns": "respostas demais em uma hora",
    "unclear send": "não se sabe se a mensagem saiu",
    "undeliverable": "não pode ser entregue",
    "unknown at meta": "erro desconhecido na Meta",
    "unknown kind": "tipo desconhecido",
    "unknown status": "recibo desconhecido",
    "unknown update": "aviso desconhecido",
    "window closed": "a janela de 24 horas fechou",
}


def state(name: object) -> Pair | None:
    """Name an outgoing message's state; what is not known is shown as it is."""
    return _STATES.get(str(name), (str(name), "")) if name else None


def owner(stored: str) -> dict[str, object]:
    """Name an owner, with the kind that colours it."""
    kind, _, name = stored.partition(":")
    return {"kind": kind, "label": _OWNERS.get(stored, (name or stored, ""))}


def reason(stored: object) -> Pair | None:
    """Tell a reason, whose part behind a colon is a detail; what is not known is shown as it is."""
    if not stored:
        return None
    head, colon, detail = str(stored).partition(":")
    known = _REASONS.get(head)
    return (f"{known}{colon}{detail}", head) if known else (str(stored), "")
