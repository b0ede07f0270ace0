"""What a clause wants, as far as fixed patterns can tell; they run over plain words.

A wish for a person must be caught reliably and never be read into a question about persons,
so the patterns are closed: only listed words may stand between their parts.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from shared.adapters.offline.words import words


class Intent(Enum):
    """What one clause is about."""

    PERSON = auto()
    NO_PERSON = auto()
    MACHINE = auto()
    FIGURE = auto()
    GREETING = auto()
    THANKS = auto()
    YES = auto()
    NOD = auto()
    OTHER = auto()


def _some(*alternatives: str) -> str:
    return "(?:" + "|".join(alternatives) + ")"


_BETWEEN = (
    r"(?:(?:com|c|um|uma|o|a|os|as|algum|alguma|outro|outra|seu|sua|esse|essa|de|da|do|por favor|pf|logo"
    r"|direto|diretamente|ja|agora|aqui|ai|so|mesmo|tambem|mais|para|pra|pro|em contato|contato|isso) ){0,5}"
)
_HUMAN = r"(?:ninguem|pessoas?|seres humanos|ser humano|human[oa]s?|atendentes?|alguem|atendimento humano)"
_STAFF = (
    r"(?:gente de verdade|vendedor(?:a|es|as)?|consultor(?:a|es|as)?|corretor(?:a|es|as)?|gerente"
    r"|supervisor(?:a)?|responsavel|representante|operador(?:a)?|funcionari[oa]|dono|dona|equipe|financeiro"
    r"|suporte|setor|departamento|comercial|atendimento)"
)
_HASTE = r"(?:(?:urgente|urgentemente|logo|agora|ja|hoje|aqui|direto|so|mesmo|muito|por favor) )*"
_WANT = r"(?:quero|queria|preciso|gostaria|prefiro|desejo|solicito|exijo|necessito)"
_THERE_IS = r"(?:tem|teria|ha|existe|cade|kd)"
_ANYONE = _some(_HUMAN, _STAFF)
_REAL = r"(?: (?:real|reais|de verdade|human[oa]s?|de carne e osso))?"
_TAIL = (
    r"(?: (?:agora|ja|logo|urgente|por favor|pf|pfv|ai|aqui|mesmo|obrigad[oa]|please"
    r"|(?:para|pra) (?:me )?(?:atender|ajudar|falar|conversar)(?: .*)?"
    r"|que (?:possa|me|consiga|resolva|entenda|saiba)\b.*|e nao .*|nao (?:um )?robo.*))*"
)
_POLITE = r"(?:(?:oi|ola|bom dia|boa tarde|boa noite|por favor|um|uma|com|sim|ok|entao|so|eu|opa) )*"
_BETWEEN_ENGLISH = r"(?:(?:a|an|the|some|any|real|live|actual|human|with|to|your|one|of|me|in|please) ){0,4}"
_ANYONE_ENGLISH = (
    r"(?:humans?|persons?|people|someone|somebody|agents?|representatives?|rep|operator|manager)"
)
_NOW = r"(?: please| now)*"

_WISHES = tuple(
    re.compile(rf"\b{pattern}\b")
    for pattern in (
        rf"(?:falar|conversar|tratar|contato|atendid[oa]) {_HASTE}(?:com|c|por) {_BETWEEN}{_ANYONE}",
        rf"(?:quero|queria|preciso) fala (?:com|c) {_BETWEEN}{_ANYONE}",
        rf"{_WANT} {_BETWEEN}{_HUMAN}{_REAL}{_TAIL}$",
        rf"{_THERE_IS} {_BETWEEN}(?:atendentes?|human[oa]s?|ser humano|atendimento humano)",
        rf"{_THERE_IS} {_BETWEEN}(?:pessoa|alguem|gente)"
        r" (?:human[oa]|real|de verdade|que (?:possa|me|consiga|resolva|entenda)"
        r"|(?:para|pra) (?:me )?(?:atender|ajudar|falar|conversar))",
        r"(?:passa|passe|passar|transfere|transfira|transferir|encaminha|encaminhe|encaminhar|direciona"
        r"|direcione|direcionar|chama|chame|chamar|conecta|conecte|conectar|coloca|coloque|bota|aciona|acione"
        rf"|acionar) (?:me )?{_BETWEEN}{_ANYONE}",
        r"alguem (?:ai )?(?:pode |poderia |consegue )?(?:me )?(?:atende|atender|atenda|ligar|liga)",
        rf"^{_POLITE}(?:atendentes?|human[oa]|pessoa|ser humano|(?:atendimento|suporte) humano"
        rf"|gente de verdade|alguem de verdade){_REAL}{_TAIL}$",
        r"nao (?:quero|gosto|aguento|aceito|vou)(?: mais)?(?: de)?(?: falar| conversar| ser atendid[oa])?"
        rf"(?: com| por)? {_BETWEEN}(?:robos?|bots?|chatbots?|maquinas?|inteligencia artificial)",
        rf"(?:talk|speak|chat) (?:to|with) {_BETWEEN_ENGLISH}{_ANYONE_ENGLISH}",
        rf"(?:need|want|prefer|get|give|connect|transfer) {_BETWEEN_ENGLISH}{_ANYONE_ENGLISH}{_NOW}$",
        rf"^(?:please )?(?:a )?(?:real |live )?{_ANYONE_ENGLISH}{_NOW}$",
        r"(?:hablar|conversar) con (?:(?:una?|el|la|alguna?) )?(?:persona|human[oa]|agente|asesor|alguien)",
    )
)
_NEGATED_BEFORE = re.compile(
    r"\b(?:nao|nunca|jamais|nem|sem|dont|don t|do not|not|no)"
    r"(?: (?:eu|me|mais|quero|queria|preciso|precisa|precisam|gostaria|desejo|vou|pretendo|e|eh|era"
    r"|necessario|estou|a fim|afim|querendo|de|para|pra|ser|want|need|wish|to)){0,4} $"
)
_NEGATED_AFTER = re.compile(r"^ nao$")
_NEGATION_REACH = 60

_SUBJECT = (
    r"(?:voces?|vcs?|ce|tu|isso|isto|aqui|ai"
    r"|quem (?:fala|responde|atende|(?:esta|ta) (?:falando|respondendo|ai)))"
)
_NATURE = (
    r"(?:pessoas?|human[oa]s?|gente|reais|real|ia|maquinas?|automatic[oa]s?|robotic[oa]|gravacao|de verdade)"
)
_MACHINES = tuple(
    re.compile(rf"\b{pattern}\b")
    for pattern in (
        r"(?:robos?|bots?|chatbots?|chatgpt|gpt|inteligencia artificial|assistente virtual|robots?)",
        r"(?:atendimento|resposta|mensagem) (?:automatic[oa]|virtual|eletronic[oa])",
        rf"{_SUBJECT} (?:e|eh|sao|es|seria|ta|esta) (?:(?:mesmo|uma?|de|algum|alguma|so) ){{0,2}}{_NATURE}"
        r"(?! (?:fisicas?|juridicas?))",
        rf"^(?:mas |sera que )?(?:e|eh|sao) (?:(?:mesmo|uma?|de) ){{0,2}}{_NATURE}"
        r"(?: (?:de verdade|real|mesmo|ai))*$",
        rf"(?:falando|conversando|falo) (?:agora )?com (?:(?:uma?|algum|alguma) )?(?:{_NATURE}|alguem)",
        r"com quem (?:eu )?(?:falo|(?:estou|to|tou) (?:falando|conversando))",
        r"quem (?:e|eh) (?:voce|vc)|quem (?:ta|esta) (?:ai|falando|respondendo)",
        r"(?:tem|ha) (?:alguem|gente) ai|^alguem ai$|qual (?:e )?(?:o )?(?:seu|teu) nome",
        r"(?:are|r) (?:you|u) (?:(?:a|an|really|even|some) ){0,2}"
        r"(?:humans?|person|people|ai|machine|real|automated)",
        r"(?:is this|am i (?:talking|speaking) (?:to|with)) (?:an? )?(?:(?:real )?person|human|ai|machine)",
        r"eres (?:una? )?(?:humano|persona|maquina)",
    )
)
_FIGURES = re.compile(
    r"\b(?:precos?|valor(?:es)?|quant[oa]s?|cust(?:a|am|ar|os?)|descontos?|promoc(?:ao|oes)|cupo(?:m|ns)"
    r"|mensalidades?|anuidade|orcamentos?|cotac(?:ao|oes)|parcel\w+|juros|taxas?|multas?|prazos?|datas?|quando"
    r"|venc(?:e|imento)|demora|gratis|reembolso|prices?|costs?|discounts?|how (?:much|long)|when|deadline"
    r"|fees?)\b"
)
_COURTESIES = (
    (
        Intent.GREETING,
        re.compile(
            r"\b(?:oi+e?|ola+|opa|e ai|eai|alo+|salve|bom dia|boa tarde|boa noite"
            r"|(?:tudo|td) (?:bem|bom|certo|joia|ok)|como vai|como (?:voces?|vcs?) (?:estao|esta|ta|vao|vai)"
            r"|hello|hi|hey|good (?:morning|afternoon|evening)|how are you"
            r"|hola|buen[oa]s (?:dias|tardes|noches))\b"
        ),
    ),
    (
        Intent.THANKS,
        re.compile(
            r"\b(?:(?:muito )?(?:obrigad[oa]|obrigadao|brigad[oa]|obg)|valeu|vlw|agradeco|grat[oa]"
            r"|tchau(?:zinho)?|ate (?:logo|mais|breve|amanha)|abracos?|thanks|thank you|thx|bye|gracias)\b"
        ),
    ),
)
_YES = re.compile(
    r"^(?:(?:sim|claro|quero|pode(?: ser| chamar)?|cham[ae]|por favor|isso|aceito|prefiro|yes|please) ?)+$"
)
_NODS = re.compile(
    r"\b(?:ok|okay|certo|blz|beleza|entendi|ta (?:bom|bem|certo)|perfeito|otimo|legal|joia|show|sim|nao|claro"
    r"|combinado|uhum|aham|k{2,}|(?:rs)+|(?:ha){2,}|yes)\b"
)
_FILLERS = frozenset(
    words(
        """a o as os um uma uns umas de da do das dos e eh em no na nos nas por pra para pro com que se eu
        voce vc voces vcs me mim meu minha isso isto esse essa este esta aqui ai la ja so mas ou favor pf
        gostaria
        queria quero saber preciso poderia poderiam pode podem posso tenho duvida duvidas pergunta perguntas
        informacao informacoes dizer diz diga fala responder responde ajuda ajudar gente pessoal moco moca
        amigo amiga senhor senhora tambem entao ainda mais outra coisa sobre seguinte rapida rapidinho
        i you the please know like would can could to my want question have"""
    )
)


def intents_of(row: Sequence[str]) -> frozenset[Intent]:
    """Tell what a clause is about; empty when it holds nothing but small words.

    A word `|` marks a place where something already answered was taken out.
    """
    clause = " ".join(row)
    found = _wishes(clause)
    if any(pattern.search(clause) for pattern in _MACHINES):
        found |= {Intent.MACHINE}
    if _FIGURES.search(clause):
        found |= {Intent.FIGURE}
    if found - {Intent.NO_PERSON}:
        return frozenset(found - {Intent.MACHINE} if Intent.PERSON in found else found)
    return frozenset(found or _courtesies(clause))


def wishes_of(row: Sequence[str]) -> frozenset[Intent]:
    """Tell only whether these words ask for a person, or say that none is wanted."""
    return frozenset(_wishes(" ".join(row)))


def content_words(row: Iterable[str]) -> int:
    """Count the words that carry a thought."""
    return sum(word != "|" and word not in _FILLERS for word in row)


def _wishes(clause: str) -> set[Intent]:
    """Look for wishes for a person; one that is not negated decides."""
    found: set[Intent] = set()
    for pattern in _WISHES:
        for wish in pattern.finditer(clause):
            before = clause[max(0, wish.start() - _NEGATION_REACH) : wish.start()]
            negated = _NEGATED_BEFORE.search(before) or _NEGATED_AFTER.search(clause[wish.end() :])
            found.add(Intent.NO_PERSON if negated else Intent.PERSON)
    return {Intent.PERSON} if Intent.PERSON in found else found


def _courtesies(clause: str) -> set[Intent]:
    """Peel off courtesies; what is left over, beyond small words, is something else."""
    found: set[Intent] = set()
    if _YES.search(clause):
        return {Intent.YES, Intent.NOD}
    for intent, pattern in _COURTESIES:
        clause, peeled = pattern.subn("|", clause)
        if peeled:
            found.add(intent)
    clause, nods = _NODS.subn("|", clause)
    if nods:
        found.add(Intent.NOD)
    if content_words(clause.split()):
        found.add(Intent.OTHER)
    return found
