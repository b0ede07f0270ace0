"""What the offline responder says, and what it never says."""

import random
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from shared.adapters.offline import phrases
from shared.adapters.offline.actions import OfflineActions
from shared.adapters.offline.knowledge import Entry, Knowledge
from shared.adapters.offline.responder import OfflineResponder
from shared.adapters.offline.words import words
from shared.domain.errors import Misconfigured
from shared.domain.text import TEXT_LIMIT, split_text
from shared.ports.actions import Declined
from shared.ports.assistant import Briefing, Decision, Line
from tests.support.offline import ENTRIES, answers_in, decide, line, reply, voice


def test_the_knowledge_file_is_what_outsiders_rely_on() -> None:
    assert len(ENTRIES) >= 12
    assert all(set(entry) == {"question", "answer"} for entry in ENTRIES)
    asked = [" " + " ".join(words(entry["question"])) + " " for entry in ENTRIES]
    told = [entry["answer"] for entry in ENTRIES]
    for texts in (asked, told):
        assert [one for one in texts for other in texts if one is not other and one in other] == []
    assert len("\n\n".join(told)) < TEXT_LIMIT - 600


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["question"])
def test_a_question_alone_gets_its_answer_and_nothing_else(entry: dict[str, str]) -> None:
    decision = decide(entry["question"])
    assert decision == Decision(messages=(entry["answer"],), scores={"answered": 1.0}, reason="answered")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["question"])
def test_a_question_is_known_however_it_is_typed(entry: dict[str, str]) -> None:
    question = entry["question"]
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", question) if not unicodedata.combining(sign)
    )
    spellings = [
        question.upper(),
        bare.lower().rstrip("?"),
        unicodedata.normalize("NFD", question),
        re.sub(" ", " \n ", question),
        "*" + question.replace(" ", "... ") + "!!1",
        f"Bom dia, pessoal! Uma dúvida: {question} 🙏🏽 Obrigada",
        "\u200f" + question.replace("o", "o\u200d"),
    ]
    for spelling in spellings:
        assert entry["answer"] in reply(spelling), spelling


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["question"])
def test_a_question_may_run_over_two_balloons(entry: dict[str, str]) -> None:
    typed = entry["question"].split()
    for cut in range(1, len(typed)):
        assert entry["answer"] in reply("oi", " ".join(typed[:cut]), " ".join(typed[cut:]))


def test_a_burst_is_covered_whole_in_the_order_of_its_questions() -> None:
    chance = random.Random(3)
    for _ in range(100):
        asked = chance.sample([entry["question"] for entry in ENTRIES], chance.randint(2, len(ENTRIES)))
        burst: list[str | Line] = ["oi", *asked, voice()]
        text = reply(*burst)
        assert answers_in(text) == asked
        assert "áudio" in text


def test_an_answer_is_given_once_however_often_it_is_asked_for() -> None:
    entry = ENTRIES[0]
    assert reply(entry["question"], "oi", entry["question"]).count(entry["answer"]) == 1


def test_everything_at_once_fits_one_balloon_and_keeps_its_answers_whole() -> None:
    text = reply("oi", voice(), "e o desconto do frete?", *(entry["question"] for entry in ENTRIES))
    assert split_text(text) == (text,)


def test_the_words_of_a_question_must_be_whole_and_together() -> None:
    asked = " ".join(words("Onde fica a loja?"))
    assert answers_in(reply(asked + "s")) == []
    assert answers_in(reply("onde é que fica a loja")) == []
    assert answers_in(reply("loja a fica onde")) == []


def test_a_caption_and_a_button_can_ask() -> None:
    assert answers_in(reply(line("Vocês atendem motos?", kind="interactive"))) == ["Vocês atendem motos?"]
    text = reply(line("vocês atendem motos?", kind="image", understood=False))
    assert answers_in(text) == ["Vocês atendem motos?"]
    assert "imagem" in text


def test_what_others_wrote_in_between_asks_nothing() -> None:
    text = reply("oi", line("Onde fica a loja?", author="person"))
    assert answers_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "quanto custa o seguro?",
        "tem desconto?",
        "qual o valor da mensalidade do plano ouro",
        "quando vocês entregam?",
        "qual o prazo?",
        "how much is it?",
        "dá pra parcelar?",
    ],
)
def test_a_figure_it_was_not_given_is_never_stated(text: str) -> None:
    said = reply(text)
    assert phrases.NO_FIGURE in said
    assert phrases.OFFER in said
    assert not re.search(r"\d", said)


def test_there_are_no_other_figures_where_none_was_given() -> None:
    assert reply("Qual o preço?").startswith("Valores, descontos,")
    assert "\n\nOutros valores, descontos," in reply("Quanto custa o plano básico? Qual o preço?")


def test_a_figure_beyond_the_answered_question_is_declined_too() -> None:
    said = reply("Quanto custa o plano básico? E qual o desconto no Pix?")
    assert answers_in(said) == ["Quanto custa o plano básico?"]
    assert phrases.NO_OTHER_FIGURE in said


@pytest.mark.parametrize(
    "name_or_text", ["Zé R$ 1,00", "<script>alert(1)</script>", "o plano custa R$ 5,00, certo?", "xyzzy 77%"]
)
def test_nothing_that_a_customer_wrote_comes_back(name_or_text: str) -> None:
    said = decide(name_or_text, "onde fica a loja?", name=name_or_text).messages[0]
    assert name_or_text not in said
    assert set(re.findall(r"\d+", said)) == set(re.findall(r"\d+", ENTRIES[1]["answer"]))
    assert "<" not in said


@pytest.mark.parametrize("greeting", ["oi", "Olá!", "Bom dia, tudo bem?", "Oi 😀", "boa noite"])
def test_a_greeting_is_greeted_and_told_what_answers(greeting: str) -> None:
    said = reply(greeting)
    assert said.startswith(phrases.INTRODUCTION)
    assert ENTRIES[0]["question"] in said
    assert phrases.OFFER in said


@pytest.mark.parametrize("thanks", ["obrigado!", "Valeu 🙏", "tchau", "muito obrigada, até logo"])
def test_thanks_are_answered_shortly(thanks: str) -> None:
    assert reply(thanks) == phrases.WELCOME


@pytest.mark.parametrize("nod", ["ok", "blz", "não", "entendi", "kkkk"])
def test_a_nod_is_answered_shortly(nod: str) -> None:
    assert reply(nod) == phrases.NOTED


@pytest.mark.parametrize(
    "nothing", ["", "😀", "???", "preciso de ajuda", "gostaria de uma informação, por favor"]
)
def test_who_says_nothing_to_answer_is_shown_what_to_ask(nothing: str) -> None:
    assert phrases.INTRODUCTION in reply(nothing)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("audio", "áudio"),
        ("image", "imagem"),
        ("video", "vídeo"),
        ("sticker", "figurinha"),
        ("document", "documento"),
        ("hologram", "de um tipo"),
        ("unsupported", "de um tipo"),
    ],
)
def test_what_it_cannot_read_it_says(kind: str, word: str) -> None:
    said = reply(line(kind=kind, understood=False))
    assert word in said
    assert phrases.WRITE_INSTEAD in said
    assert phrases.OFFER in said


def test_several_voice_notes_are_several() -> None:
    assert "seus áudios" in reply(voice(), voice())


@pytest.mark.parametrize("kind", ["location", "contacts", "order"])
def test_what_only_a_person_can_use_is_acknowledged(kind: str) -> None:
    said = reply(line("Rua das Flores, 10", kind=kind))
    assert phrases.FOR_A_PERSON in said
    assert "Flores" not in said
    assert phrases.OFFER in said


@pytest.mark.parametrize("burst", [(), (line("👍", kind="reaction"),), (line("x", author="person"),)])
def test_where_nothing_was_asked_nothing_is_said(burst: tuple[Line, ...]) -> None:
    assert decide(*burst).messages == ()


def test_the_result_of_an_action_is_told() -> None:
    assert reply(line("boleto enviado", author="action"), "valeu") == f"{phrases.RESULT} boleto enviado"
    assert reply(line("", author="action")) == phrases.RESULT_EMPTY


def test_every_part_of_a_mixed_burst_is_met() -> None:
    said = reply(
        "Oi, bom dia",
        "onde fica a loja?",
        voice(),
        "qual o desconto?",
        "vocês são robôs?",
        line("Casa", kind="location"),
        "meu cachorro sumiu",
        "Vocês atendem motos",
    )
    parts = [
        phrases.HELLO,
        ENTRIES[1]["answer"],
        "Atendemos carros e motos de uso particular, de qualquer ano.",
        phrases.MACHINE,
        "áudio",
        phrases.FOR_A_PERSON,
        phrases.NO_OTHER_FIGURE,
        phrases.REST_NOT_KNOWN,
        phrases.OFFER,
    ]
    places = [said.index(part) for part in parts]
    assert all(earlier < later for earlier, later in pairwise(places))


def test_an_english_customer_gets_portuguese_and_one_line() -> None:
    said = reply("hello, what can you do for my car?")
    assert said.endswith(phrases.ENGLISH_OFFER)
    assert phrases.NOT_KNOWN in said
    assert "(" not in reply("e o meu carro?")


def test_the_same_briefing_gets_the_same_decision() -> None:
    burst = ("oi", "onde fica a loja?", voice(), line(kind="image", understood=False), "e o preço?")
    assert len({decide(*burst).messages for _ in range(20)}) == 1


def test_the_scores_tell_how_much_was_answered() -> None:
    assert decide("onde fica a loja?", "e o preço?").scores == {"answered": 0.5}
    assert decide("meu cachorro sumiu").scores == {"answered": 0.0}


def test_a_very_long_burst_is_read_all_the_same() -> None:
    flood = ["quero falar nao quero com uma um a o de " * 400] * 5 + ["quero " * 10_000, "oi " * 10_000]
    decision = decide(*flood, "Onde fica a loja?")
    assert ENTRIES[1]["answer"] in decision.messages[0]


def test_questions_inside_questions_are_both_answered() -> None:
    knowledge = Knowledge(
        [Entry("Tem frete?", "Frete sim."), Entry("Tem frete grátis?", "Grátis não."), Entry("?!", "Nada.")]
    )
    said = OfflineResponder(knowledge).decide(Briefing("b", "c", "", (line("tem frete grátis?"),), (), 0))
    assert said.messages == ("Frete sim.\n\nGrátis não.",)


@pytest.mark.parametrize(
    "content", ["", "{}x", '[{"question": "x"}]', '[{"question": "x", "answer": 7}]', "7", "[7]"]
)
def test_a_broken_knowledge_file_ends_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pt-BR.json"
    path.write_text(content)
    with pytest.raises(Misconfigured, match=r"pt-BR\.json"):
        Knowledge.load(path)


def test_a_missing_knowledge_file_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        Knowledge.load(tmp_path / "none.json")


def test_no_action_is_carried_out_without_a_provider() -> None:
    assert isinstance(OfflineActions().perform("charge", {"cents": 1}, key="k"), Declined)
