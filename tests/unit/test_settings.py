"""The settings: defaults, hostile values, secrets that don't show."""

import dataclasses

import pytest

from shared.config.settings import Settings, describe, load
from shared.domain.errors import Misconfigured

SECONDS = ["TURN_QUIET_SECONDS", "TURN_MAX_WAIT_SECONDS", "MEDIA_WAIT_SECONDS", "SEND_UNCLEAR_SECONDS"]
COUNTS = ["TURNS_PER_HOUR", "WHATSAPP_MESSAGES_PER_SECOND"]
HOSTILE_NUMBERS = [
    "-1",
    "nan",
    "inf",
    "1e3",
    "+3",
    "3s",
    " 3",
    "\u0663",
    "1_0",
    "0x3",
    ".",
    "1.",
    "9999999999",
]


def test_defaults_are_the_documented_ones() -> None:
    settings = load({})

    waits = (settings.quiet_ms, settings.max_wait_ms, settings.media_wait_ms, settings.unclear_ms)
    assert waits == (3_000, 15_000, 45_000, 60_000)
    assert (settings.turns_per_hour, settings.messages_per_second) == (30, 80)
    assert settings.graph_version == "v26.0"
    assert settings.region == "southamerica-east1"
    assert settings.backend == "embedded"
    assert set(settings.businesses.values()) == {"default"}
    nothing = (settings.graph_url, settings.app_secrets, settings.verify_token, settings.project)
    assert nothing == (None, None, None, None)


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("0.5", 500), ("2", 2_000), ("0.0004", 0)])
@pytest.mark.parametrize("variable", SECONDS)
def test_seconds_take_decimals_and_zero(variable: str, text: str, expected: int) -> None:
    settings = load({variable: text})

    waits = {
        "TURN_QUIET_SECONDS": settings.quiet_ms,
        "TURN_MAX_WAIT_SECONDS": settings.max_wait_ms,
        "MEDIA_WAIT_SECONDS": settings.media_wait_ms,
        "SEND_UNCLEAR_SECONDS": settings.unclear_ms,
    }
    assert waits[variable] == expected


@pytest.mark.parametrize("text", HOSTILE_NUMBERS)
@pytest.mark.parametrize("variable", SECONDS)
def test_seconds_refuse_what_is_no_plain_number(variable: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{variable} "):
        load({variable: text})


@pytest.mark.parametrize("text", [*HOSTILE_NUMBERS, "0", "1.5"])
@pytest.mark.parametrize("variable", COUNTS)
def test_counts_refuse_what_is_no_positive_whole_number(variable: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{variable} "):
        load({variable: text})


def test_numbers_belong_to_businesses() -> None:
    settings = load({"WHATSAPP_PHONE_NUMBER_ID": "1, loja-2=22 ,loja_3=33"})

    assert settings.businesses == {"1": "default", "22": "loja-2", "33": "loja_3"}


@pytest.mark.parametrize(
    "text", ["abc", "1,", ",", "=1", "a=", "a=b=1", "1,loja=1", "lo ja=1", "loja/=1", "1 2", "\u0661", "1\n2"]
)
def test_numbers_refuse_what_is_no_list_of_numbers(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^WHATSAPP_PHONE_NUMBER_ID "):
        load({"WHATSAPP_PHONE_NUMBER_ID": text})


@pytest.mark.parametrize("text", ["v23.0", "v26.0", "v100.1"])
def test_graph_versions_from_the_floor_on(text: str) -> None:
    assert load({"GRAPH_API_VERSION": text}).graph_version == text


@pytest.mark.parametrize("text", ["26.0", "v22.0", "v26", "v26.0/", "V26.0", "v-1.0", "latest"])
def test_graph_versions_below_the_floor_or_malformed(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^GRAPH_API_VERSION "):
        load({"GRAPH_API_VERSION": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000/", "http://localhost:9000"),
        ("http://[::1]:9000/fake/", "http://[::1]:9000/fake"),
        ("https://localhost", "https://localhost"),
    ],
)
def test_graph_on_loopback_needs_no_token(text: str, expected: str) -> None:
    assert load({"GRAPH_API_URL": text}).graph_url == expected


@pytest.mark.parametrize(
    "text",
    [
        "graph.facebook.com",
        "ftp://127.0.0.1/",
        "http://graph.facebook.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "https://user:pw@graph.facebook.com",
        "https://graph.facebook.com/?x=1",
        "https://graph.facebook.com/#x",
        "https://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "https://graph.facebook .com",
        "file:///etc/passwd",
    ],
)
def test_graph_urls_refused_even_with_a_token(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^GRAPH_API_URL "):
        load({"GRAPH_API_URL": text, "WHATSAPP_ACCESS_TOKEN": "EAAB"})


def test_graph_elsewhere_requires_a_token() -> None:
    with pytest.raises(Misconfigured, match=r"^WHATSAPP_ACCESS_TOKEN "):
        load({"GRAPH_API_URL": "https://graph.facebook.com"})

    settings = load({"GRAPH_API_URL": "https://graph.facebook.com", "WHATSAPP_ACCESS_TOKEN": "EAAB"})
    assert settings.access_token == "EAAB"


def test_several_app_secrets() -> None:
    assert load({"META_APP_SECRET": "new, old"}).app_secrets == ("new", "old")


@pytest.mark.parametrize("variable", ["META_APP_SECRET", "WEBHOOK_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN"])
@pytest.mark.parametrize("text", [" ", "hush hush", "hush\nhush", "húsh"])
def test_secrets_refused_are_not_told(variable: str, text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({variable: text})

    assert str(caught.value).startswith(variable)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_empty_secret_among_several_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"^META_APP_SECRET "):
        load({"META_APP_SECRET": "one,,two"})


def test_secrets_are_not_printable() -> None:
    settings = load(
        {"META_APP_SECRET": "hush1", "WEBHOOK_VERIFY_TOKEN": "hush2", "WHATSAPP_ACCESS_TOKEN": "hush3"}
    )

    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"K_SERVICE": "webhook"}, "google"),
        ({"K_SERVICE": "webhook", "ATENDE_BACKEND": "embedded"}, "embedded"),
        ({"ATENDE_BACKEND": "google"}, "google"),
    ],
)
def test_the_backend_follows_where_we_run(environ: dict[str, str], expected: str) -> None:
    assert load(environ).backend == expected


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"^ATENDE_BACKEND "):
        load({"ATENDE_BACKEND": "redis"})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(dict.fromkeys((row[0] for row in describe()), "")) == load({})


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load({}).quiet_ms = 1  # type: ignore[misc]  # that it is refused is the test


def test_every_setting_is_described_once() -> None:
    described = [variable for variable, _, _ in describe()]

    assert len(described) == len(set(described)) == len(dataclasses.fields(Settings))
    assert all(meaning for _, _, meaning in describe())
