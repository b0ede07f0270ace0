"""What the pages say for what the system stores: Portuguese with English beside it."""

from collections.abc import Mapping

Pair = tuple[str, str]
"""Portuguese and English; an empty second half when there is nothing to translate."""

STATES: Mapping[str, Pair] = {
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

OWNERS: Mapping[str, Pair] = {
    "agent": ("agente", "agent"),
    "queue": ("fila de pessoas", "people's queue"),
    "paused": ("pausada", "paused"),
}

REASONS: Mapping[str, str] = {
    "access refused": "a Meta recusou o acesso",
    "account restricted": "conta restrita pela Meta",
    "address not found": "endereço da Meta não encontrado",
    "an event without kind, number or received_ms": "evento incompleto",
    "api call limit": "limite de chamadas à Meta",
    "asked for a person": "pediu uma pessoa",
    "assistant failed": "o agente não conseguiu responder",
    "block list refused": "a Meta recusou a lista de bloqueio",
    "blocked by us": "nós bloqueamos esta pessoa",
    "business username refused": "a Meta recusou o nome de usuário da empresa",
    "call rate": "ligações demais em pouco tempo",
    "call refused": "a Meta recusou a ligação",
    "coexistence sync refused": "a Meta recusou a sincronização com o aplicativo",
    "connection lost": "a conexão com a Meta caiu",
    "connection refused": "a Meta recusou a conexão",
    "country restricted": "a conta não pode escrever para este país",
    "customer asked for a person": "pediu uma pessoa",
    "deadline passed": "o prazo passou",
    "display name not approved": "nome de exibição não aprovado pela Meta",
    "ecosystem health": "a Meta limita quanto esta pessoa recebe",
    "flow blocked": "formulário bloqueado pela Meta",
    "flow management refused": "a Meta recusou a mudança no formulário",
    "flow throttled": "formulário limitado pela Meta",
    "group rate": "rápido demais para este grupo",
    "group refused": "a Meta recusou o grupo",
    "handler failed": "o tratamento falhou",
    "identity changed": "a identidade da pessoa mudou no WhatsApp",
    "in a group": "veio de um grupo",
    "in-app signup refused": "a Meta recusou o cadastro pelo aplicativo",
    "invalid parameter": "a Meta recusou um parâmetro",
    "kind unsupported": "a Meta não aceita este tipo de mensagem",
    "lost, posted once more": "perdida, enviada mais uma vez",
    "maintenance": "a Meta está em manutenção",
    "marketing api needed": "exige a API de marketing da Meta",
    "marketing api unavailable": "a API de marketing da Meta não está disponível",
    "marketing experiment": "fora por um experimento da Meta",
    "marketing templates only": "só modelos de marketing são aceitos",
    "media not downloadable": "a Meta não conseguiu baixar o arquivo",
    "media refused": "a Meta recusou o arquivo",
    "merged": "conversas unidas",
    "message expired": "a mensagem expirou na Meta",
    "message unavailable": "a mensagem não está mais disponível",
    "meta busy": "a Meta está ocupada",
    "no address": "sem endereço",
    "no answer": "sem resposta da Meta",
    "no answer in time": "a Meta não respondeu a tempo",
    "no connection": "sem conexão com a Meta",
    "no receiver": "sem destinatário",
    "no sender": "sem remetente",
    "not JSON": "evento ilegível, não é JSON",
    "not an object": "evento ilegível, não é um objeto",
    "not base64": "evento ilegível, não é base64",
    "not our number": "não é um número nosso",
    "not reached": "a Meta não foi alcançada",
    "not understood": "não entendido",
    "number id wrong": "o identificador do número não existe na Meta",
    "number not registered": "o número não está registrado na Meta",
    "opted out": "não quer mais receber",
    "orphan receipt": "recibo sem mensagem",
    "paging cursor invalid": "a Meta recusou a página pedida",
    "pair rate": "rápido demais para esta pessoa",
    "parameter missing": "falta um parâmetro para a Meta",
    "payment problem": "problema de pagamento na Meta",
    "payment terms not accepted": "falta aceitar os termos de pagamento da Meta",
    "permission missing": "falta permissão na Meta",
    "phone needed": "a Meta exige o telefone da pessoa",
    "preference": "preferência da pessoa",
    "recipient is sender": "o destinatário é o próprio número",
    "recipient not allow-listed": "o destinatário não está na lista de teste",
    "refused for an unknown reason": "a Meta recusou por um motivo desconhecido",
    "request refused": "a Meta recusou o pedido",
    "secure connection failed": "a conexão segura com a Meta falhou",
    "sent twice": "saiu duas vezes",
    "service down": "a Meta está fora do ar",
    "spam limit": "limite de spam da Meta",
    "taken over": "uma pessoa assumiu",
    "template disabled": "modelo desativado pela Meta",
    "template format wrong": "modelo com formato errado",
    "template misclassified": "modelo na categoria errada",
    "template missing": "o modelo não existe",
    "template parameters wrong": "parâmetros errados para o modelo",
    "template paused": "modelo pausado pela Meta",
    "template policy": "modelo contra as regras da Meta",
    "template syncing": "a Meta ainda sincroniza o modelo",
    "template text too long": "texto do modelo longo demais",
    "temporary outage": "a Meta está fora do ar",
    "throughput reached": "limite de envio do número",
    "token invalid": "o token da Meta não vale",
    "too many calls at once": "ligações demais ao mesmo tempo",
    "too many templates": "modelos demais",
    "too many turns": "respostas demais em uma hora",
    "two-step pin refused": "a Meta recusou o PIN de duas etapas",
    "uncertain error": "a Meta deu um erro e não se sabe se a mensagem saiu",
    "unclear action": "não se sabe se a ação foi feita",
    "unclear send": "não se sabe se a mensagem saiu",
    "undeliverable": "não pode ser entregue",
    "unknown at meta": "erro desconhecido na Meta",
    "unknown kind": "tipo desconhecido",
    "unknown status": "recibo desconhecido",
    "unknown update": "aviso desconhecido",
    "unreadable answer": "a resposta da Meta é ilegível",
    "window closed": "a janela de 24 horas fechou",
}
"""What every reason that the system stores, up to its first colon, is called in Portuguese."""


def state(name: object) -> Pair | None:
    """Name an outgoing message's state; what is not known is shown as it is."""
    return STATES.get(str(name), (str(name), "")) if name else None


def owner(stored: str) -> dict[str, object]:
    """Name an owner, with the kind that colours it."""
    kind, _, name = stored.partition(":")
    return {"kind": kind, "label": OWNERS.get(stored, (name or stored, ""))}


def reason(stored: object) -> Pair | None:
    """Tell a reason, whose part behind a colon is a detail; what is not known is shown as it is."""
    if not stored:
        return None
    head, colon, detail = str(stored).partition(":")
    known = REASONS.get(head)
    return (f"{known}{colon}{detail}", head) if known else (str(stored), "")
