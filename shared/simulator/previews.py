"""What a message says in one line of text, for the phone page and the control API."""

from shared.simulator.records import Value

_NAMES = {
    "image": "Foto",
    "video": "Vídeo",
    "audio": "Áudio",
    "document": "Documento",
    "sticker": "Figurinha",
    "location": "Localização",
    "contacts": "Contato",
    "unsupported": "Mensagem não suportada",
}


def preview(kind: str, content: Value) -> str:
    """Return the readable part of a message's content, as far as it has one."""
    if kind == "text":
        return _string(content, "body")
    if kind == "interactive":
        return _interactive(content)
    if kind == "button":
        return _string(content, "text")
    if kind == "system":
        return _string(content, "body")
    if kind == "reaction":
        return _string(content, "emoji")
    said = _string(content, "caption") or _string(content, "filename") or _string(content, "name")
    if kind == "contacts" and isinstance(content, list) and content:
        name = content[0].get("name") if isinstance(content[0], dict) else None
        said = _string(name, "formatted_name")
    return ": ".join(part for part in (_NAMES.get(kind, kind), said) if part)


def _interactive(content: Value) -> str:
    for reply in ("button_reply", "list_reply"):
        if isinstance(content, dict) and isinstance(content.get(reply), dict):
            return _string(content[reply], "title")
    body = content.get("body") if isinstance(content, dict) else None
    return _string(body, "text") or "interactive"


def _string(content: Value, name: str) -> str:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""
