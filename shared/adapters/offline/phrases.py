"""Everything that the offline responder says of its own; never a figure, never a promise."""

from collections.abc import Sequence

HELLO = "Olá!"
INTRODUCTION = "Olá! Aqui é o atendimento automático."
EXAMPLES = "Posso responder perguntas como:"
PERSON_CALLED = (
    "Certo! Pedi que uma pessoa da equipe continue esta conversa com você. Até lá, eu fico em silêncio."
)
PERSON_NOT_WANTED = "Tudo bem, seguimos por aqui."
OFFER = "Se preferir falar com uma pessoa da equipe, escreva “quero falar com uma pessoa”."
MACHINE = (
    "Não sou uma pessoa: sou um respondedor automático, com respostas prontas e sem modelo de "
    "inteligência artificial."
)
NO_FIGURE = "Valores, descontos, prazos ou datas eu não tenho para informar, e não vou chutar."
NO_OTHER_FIGURE = "Outros valores, descontos, prazos ou datas eu não tenho para informar, e não vou chutar."
NOT_KNOWN = "Desculpe, isso eu não sei responder."
REST_NOT_KNOWN = "O restante do que você escreveu eu não sei responder."
WRITE_INSTEAD = "Pode me escrever em texto?"
FOR_A_PERSON = "isso só uma pessoa da equipe consegue ver."
WELCOME = "De nada! Se precisar de mais alguma coisa, é só escrever."
NOTED = "Certo! Se tiver uma pergunta, é só escrever."
RESULT = "Sobre o que tinha sido pedido:"
RESULT_EMPTY = "O que tinha sido pedido foi concluído."
ENGLISH_OFFER = (
    "(Automatic answers, without AI, in Portuguese only. For a person, write “I want to talk to a person”.)"
)
ENGLISH_PERSON_CALLED = "(Someone from our team will continue here.)"

_NOT_READ = {
    "audio": (
        "Recebi seu áudio, mas ainda não consigo ouvir.",
        "Recebi seus áudios, mas ainda não consigo ouvir.",
    ),
    "image": (
        "Recebi sua imagem, mas ainda não consigo ver.",
        "Recebi suas imagens, mas ainda não consigo ver.",
    ),
    "video": (
        "Recebi seu vídeo, mas ainda não consigo ver.",
        "Recebi seus vídeos, mas ainda não consigo ver.",
    ),
    "sticker": (
        "Recebi sua figurinha, mas ainda não consigo ver.",
        "Recebi suas figurinhas, mas ainda não consigo ver.",
    ),
    "document": (
        "Recebi seu documento, mas ainda não consigo abrir.",
        "Recebi seus documentos, mas ainda não consigo abrir.",
    ),
}
_NOT_READ_OTHER = (
    "Recebi uma mensagem de um tipo que ainda não consigo ler.",
    "Recebi mensagens de um tipo que ainda não consigo ler.",
)
_NOT_USED = {
    "location": "Recebi sua localização, mas",
    "contacts": "Recebi o contato, mas",
    "order": "Recebi seu pedido, mas",
}
UNUSED_KINDS = frozenset(_NOT_USED)
"""Kinds that can be read but that prepared answers can't serve."""


def not_read(kind: str, *, several: bool) -> str:
    """Say that something arrived whose content can't be read yet."""
    return _NOT_READ.get(kind, _NOT_READ_OTHER)[several]


def not_used(kind: str) -> str:
    """Say that something arrived that only a person can deal with."""
    return f"{_NOT_USED[kind]} {FOR_A_PERSON}"


def examples(questions: Sequence[str]) -> str:
    """Show what may be asked; nothing when there is nothing to show."""
    return "\n".join([EXAMPLES, *(f"• {question}" for question in questions)]) if questions else ""
