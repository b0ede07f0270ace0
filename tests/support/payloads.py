"""Bodies of Meta's webhook, as values, and what the intake makes of them."""

from collections.abc import Mapping
from typing import Any

from shared.app import intake
from shared.ports.bus import Event

Json = Any

NOW_MS = 1_790_000_000_000
ANA = {"profile": {"name": "Ana"}, "wa_id": "5511988887777", "user_id": "BR.1"}
BIA = {"profile": {"name": "Bia"}, "wa_id": "5511977776666", "user_id": "BR.2"}
METADATA = {"display_phone_number": "551130000000", "phone_number_id": "900"}


def text(wamid: str, **fields: Json) -> dict[str, Json]:
    return {"id": wamid, "timestamp": "1790000000", "type": "text", "text": {"body": "oi"}, **fields}


def change(field: str = "messages", **value: Json) -> dict[str, Json]:
    return {"field": field, "value": {"messaging_product": "whatsapp", "metadata": METADATA, **value}}


def payload(*changes: Json, **extra: Json) -> dict[str, Json]:
    entry = {"id": "700", "changes": list(changes)}
    return {"object": "whatsapp_business_account", "entry": [entry], **extra}


def split(body: Mapping[str, Json]) -> dict[str, list[Event]]:
    return intake.split(body, received_ms=NOW_MS)
