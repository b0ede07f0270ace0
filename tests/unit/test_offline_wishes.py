"""Who gets a person from the offline responder, and who does not."""

import pytest

from shared.adapters.offline import phrases
from shared.ports.assistant import NextStep
from tests.support.offline import answers_in, decide, line, reply, voice

WISHES = [
    "quero falar com uma pessoa",
    "QUERO FALAR COM UMA PESSOA!!!",
    "Oi, quero falar com um atendente por favor",
    "atendente",
    "Atendente, por favor",
    "humano",
    "pessoa",
    "me passa para um humano",
    "me transfere pra um atendente",
    "preciso de um humano",
    "quero falar com alguém da equipe",
    "gostaria de conversar com uma pessoa de verdade",
    "posso falar com uma pessoa?",
    "tem como falar com um atendente?",
    "não consigo falar com uma pessoa",
    "não, quero falar com uma pessoa",
    "não quero falar com robô quero uma pessoa",
    "não quero falar com robô",
    "quero um humano, não um robô",
    "quero atendimento humano",
    "chama um atendente aí",
    "alguém pode me atender?",
    "tem alguma pessoa que possa me ajudar?",
    "quero falar urgente com o gerente",
    "Quero falar, por favor, com uma pessoa",
    "por que não posso falar com uma pessoa?",
    "passa pro financeiro",
    "I want to talk to a human",
    "can I speak with a real person?",
    "human please",
    "quiero hablar con una persona",
]


@pytest.mark.parametrize("wish", WISHES)
def test_whoever_wants_a_person_gets_one(wish: str) -> None:
    decision = decide(wish)
    assert decision.next_step is NextStep.HANDOVER
    assert decision.reason == "customer asked for a person"
    assert len(decision.messages) == 1
    assert decision.messages[0].count(phrases.PERSON_CALLED) == 1
    assert phrases.OFFER not in decision.messages[0]


@pytest.mark.parametrize(
    "text",
    [
        "não quero falar com uma pessoa",
        "nao quero falar com ninguem",
        "não preciso falar com um atendente",
        "não precisa chamar um atendente",
        "não quero atendente",
        "não me passa para um atendente",
        "não é para falar com uma pessoa",
        "sem falar com atendente dá pra cancelar?",
        "I don't want to talk to a human",
    ],
)
def test_whoever_wants_no_person_is_left_with_the_responder(text: str) -> None:
    assert phrases.PERSON_NOT_WANTED in reply(text)


@pytest.mark.parametrize(
    "text",
    [
        "uma pessoa pode ter dois planos?",
        "preciso falar com meu marido antes",
        "quero incluir uma pessoa no plano",
        "sou pessoa física",
        "é para pessoa física?",
        "o atendente foi mal educado",
        "preciso de uma pessoa para assinar?",
        "quero falar com vocês",
        "consigo incluir outra pessoa?",
    ],
)
def test_a_sentence_about_persons_is_no_wish_for_one(text: str) -> None:
    said = reply(text)
    assert phrases.NOT_KNOWN in said
    assert phrases.OFFER in said


@pytest.mark.parametrize(
    "text",
    [
        "você é um robô?",
        "vocês são pessoas?",
        "vc é humano?",
        "é robô?",
        "isso é IA?",
        "estou falando com uma pessoa?",
        "estou falando com um robô ou com uma pessoa?",
        "quero saber se você é uma pessoa",
        "com quem eu falo?",
        "tem alguém aí?",
        "are you human?",
        "are you a robot?",
    ],
)
def test_asked_what_it_is_it_says_so(text: str) -> None:
    said = reply(text)
    assert phrases.MACHINE in said
    assert phrases.OFFER in said


def test_a_wish_may_run_over_two_balloons() -> None:
    assert decide("eu quero falar", "com uma pessoa").next_step is NextStep.HANDOVER
    assert decide("não", "quero falar com uma pessoa").next_step is NextStep.HANDOVER


def test_questions_beside_a_wish_are_answered_first() -> None:
    decision = decide(
        "você é robô?", "onde fica a loja?", voice(), "quero falar com uma pessoa", "e o desconto?"
    )
    text = decision.messages[0]
    assert decision.next_step is NextStep.HANDOVER
    assert answers_in(text) == ["Onde fica a loja?"]
    assert text.endswith(phrases.PERSON_CALLED)
    assert text.count(phrases.PERSON_CALLED) == 1


@pytest.mark.parametrize("yes", ["sim", "Sim, por favor!", "quero", "pode chamar"])
def test_a_bare_yes_takes_up_the_offer_just_made(yes: str) -> None:
    offered = decide("qual a capital da França?").messages[0]
    history = (line("qual a capital da França?"), line(offered, author="agent"))
    assert decide(yes, history=history).next_step is NextStep.HANDOVER
    assert decide(yes).next_step is NextStep.WAIT
    later = (*history, line("Pronto, resolvido.", author="person"))
    assert decide(yes, history=later).next_step is NextStep.WAIT


@pytest.mark.parametrize("no", ["ok", "não", "não, obrigado"])
def test_anything_but_a_yes_leaves_the_offer(no: str) -> None:
    offered = line(decide("qual a capital da França?").messages[0], author="agent")
    assert decide(no, history=(offered,)).next_step is NextStep.WAIT
