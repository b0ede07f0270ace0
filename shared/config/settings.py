"""The settings: the only place that knows the names of environment variables."""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from shared.config import parse
from shared.domain.errors import Misconfigured

SIMULATED_NUMBER = "106540352242922"
SIMULATED_ACCOUNT = "102290129340398"
LOOPBACK_TOKEN = "loopback-only"  # noqa: S105 - opens nothing: it is sent to loopback alone
GRAPH_FACEBOOK = "https://graph.facebook.com"


def _setting(
    variable: str,
    default: str | None,
    reader: parse.Parser,
    meaning: str,
    *,
    shown: str = "",
    hide: bool = False,
) -> Any:  # noqa: ANN401 - like dataclasses.field, it stands for a value of the field's type
    """Declare a field: its variable, its default as the environment would spell it, its reader."""
    about = {
        "variable": variable,
        "default": default,
        "reader": reader,
        "meaning": meaning,
        "shown": shown or default or "",
    }
    return field(repr=not hide, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, typed. What is None was not set and has no default that fits everywhere."""

    businesses: Mapping[str, str] = _setting(
        "WHATSAPP_PHONE_NUMBER_ID",
        SIMULATED_NUMBER,
        parse.businesses,
        "our numbers' ids, comma-separated, each `number` or `business=number`",
        shown="the simulator's",
    )
    account_id: str = _setting(
        "WHATSAPP_BUSINESS_ACCOUNT_ID",
        SIMULATED_ACCOUNT,
        parse.number_id,
        "the WhatsApp Business Account's id",
        shown="the simulator's",
    )
    access_token: str = _setting(
        "WHATSAPP_ACCESS_TOKEN",
        LOOPBACK_TOKEN,
        parse.secret,
        "the Graph API's token; required when `GRAPH_API_URL` is not on loopback",
        shown="a dummy for loopback",
        hide=True,
    )
    app_secrets: tuple[str, ...] | None = _setting(
        "META_APP_SECRET",
        None,
        parse.secrets,
        "what Meta signs with; several, comma-separated, while one replaces another",
        shown="generated once, kept in the data folder, printed",
        hide=True,
    )
    verify_token: str | None = _setting(
        "WEBHOOK_VERIFY_TOKEN",
        None,
        parse.secret,
        "what Meta's handshake must bring",
        shown="generated once, kept in the data folder, printed",
        hide=True,
    )
    graph_url: str | None = _setting(
        "GRAPH_API_URL",
        None,
        parse.url,
        "where the Graph API is; http on loopback only",
        shown=f"the simulator; in the cloud `{GRAPH_FACEBOOK}`",
    )
    graph_version: str = _setting("GRAPH_API_VERSION", "v26.0", parse.version, "its version")
    quiet_ms: int = _setting(
        "TURN_QUIET_SECONDS", "3", parse.wait_ms, "a burst is over after this long without a message"
    )
    max_wait_ms: int = _setting(
        "TURN_MAX_WAIT_SECONDS", "15", parse.wait_ms, "a burst's first message waits no longer than this"
    )
    media_wait_ms: int = _setting(
        "MEDIA_WAIT_SECONDS", "45", parse.wait_ms, "how long a turn waits for media to be understood"
    )
    unclear_ms: int = _setting(
        "SEND_UNCLEAR_SECONDS", "60", parse.wait_ms, "how long a send may stay unclear before it is settled"
    )
    turns_per_hour: int = _setting(
        "TURNS_PER_HOUR", "30", parse.count, "agent turns in one conversation before people take it"
    )
    messages_per_second: int = _setting(
        "WHATSAPP_MESSAGES_PER_SECOND", "80", parse.count, "per number, in and out together"
    )
    project: str | None = _setting("GOOGLE_CLOUD_PROJECT", None, parse.endpoint, "the Google Cloud project")
    region: str = _setting("GOOGLE_CLOUD_REGION", "southamerica-east1", parse.name, "where the functions run")
    speech_location: str | None = _setting("SPEECH_LOCATION", None, parse.name, "where speech is recognised")
    model_location: str | None = _setting("MODEL_LOCATION", None, parse.name, "where models run")
    firestore_emulator: str | None = _setting(
        "FIRESTORE_EMULATOR_HOST", None, parse.endpoint, "as Google's client reads it"
    )
    pubsub_emulator: str | None = _setting(
        "PUBSUB_EMULATOR_HOST", None, parse.endpoint, "as Google's client reads it"
    )
    storage_emulator: str | None = _setting(
        "STORAGE_EMULATOR_HOST", None, parse.endpoint, "as Google's client reads it"
    )
    tasks_emulator: str | None = _setting(
        "TASKS_EMULATOR_HOST", None, parse.endpoint, "where our stand-in for Cloud Tasks is"
    )
    backend: str = _setting(
        "ATENDE_BACKEND",
        "embedded",
        parse.backend,
        "which adapters: `embedded` or `google`",
        shown="`google` where `K_SERVICE` is set, else `embedded`",
    )


def load(environ: Mapping[str, str]) -> Settings:
    """Read every setting; an empty variable counts as not set.

    Raises:
        Misconfigured: A value is invalid or missing. The message starts with the variable's
            name and never holds its value.
    """
    given = {"ATENDE_BACKEND": "google"} if environ.get("K_SERVICE") else {}
    given |= {key: value for key, value in environ.items() if value}
    values: dict[str, Any] = {each.name: _read(each, given) for each in fields(Settings)}
    settings = Settings(**values)
    _require_token(settings, given)
    return settings


def current() -> Settings:
    """Read every setting from this process's environment.

    Raises:
        Misconfigured: As `load` does.
    """
    return load(os.environ)


def describe() -> list[tuple[str, str, str]]:
    """List every setting as (variable, default, meaning), in the order of the documentation."""
    return [
        (each.metadata["variable"], each.metadata["shown"], each.metadata["meaning"])
        for each in fields(Settings)
    ]


def _read(each: "Field[Any]", given: Mapping[str, str]) -> object:
    about = each.metadata
    text = given.get(about["variable"], about["default"])
    if text is None:
        return None
    try:
        return about["reader"](text)
    except parse.Invalid as reason:
        raise Misconfigured(f"{about['variable']} {reason}") from None


def _require_token(settings: Settings, given: Mapping[str, str]) -> None:
    outside = settings.graph_url is not None and not parse.is_loopback(settings.graph_url)
    if outside and "WHATSAPP_ACCESS_TOKEN" not in given:
        raise Misconfigured("WHATSAPP_ACCESS_TOKEN is required when GRAPH_API_URL is not on loopback")
