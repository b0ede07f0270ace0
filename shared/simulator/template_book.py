"""Message templates: the ones at the start, how Meta counts parameters, and rendering."""

import re
from collections.abc import Mapping, Sequence

from shared.simulator.graph_errors import GraphError, invalid, missing
from shared.simulator.records import Json, Template, Value

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_REFUSALS = {"PAUSED": 132015, "DISABLED": 132016}


def samples() -> list[Template]:
    """Return the templates that every new simulator has."""
    return [
        Template(
            name="hello_world",
            language="en_US",
            category="UTILITY",
            status="APPROVED",
            header="Hello World",
            body="Welcome and congratulations! This message demonstrates your ability to send messages.",
            footer="WhatsApp Business Platform sample message",
        ),
        Template(
            name="lembrete_de_visita",
            language="pt_BR",
            category="UTILITY",
            status="APPROVED",
            body="Olá, {{1}}! Sua visita está marcada para {{2}}. Podemos confirmar?",
            buttons=["Confirmar", "Remarcar"],
        ),
        Template(
            name="novidades",
            language="pt_BR",
            category="MARKETING",
            status="APPROVED",
            body="Oi, {{nome}}! Temos novidades para você. Quer ver?",
            footer="Responda SAIR para não receber mais.",
        ),
        Template(
            name="pausado",
            language="pt_BR",
            category="MARKETING",
            status="PAUSED",
            body="Este modelo está pausado, {{1}}.",
        ),
    ]


def key(name: str, language: str) -> str:
    """Return the key under which a template is kept."""
    return f"{name}:{language}"


def chosen(book: Mapping[str, Template], content: Json) -> Template:
    """Return the template that a message names.

    Raises:
        GraphError: It is not named, unknown, paused, disabled, or its parameters don't fit.
    """
    name, language = content.get("name"), content.get("language")
    if not isinstance(name, str) or not name:
        raise missing("template['name']")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(code, str) or not code:
        raise missing("template['language']['code']")
    template = book.get(key(name, code))
    if template is not None and template.status in _REFUSALS:
        raise GraphError(_REFUSALS[template.status], f"template ({name}) in {code} cannot be sent now")
    if template is None or template.status != "APPROVED":
        raise GraphError(132001, f"template name ({name[:80]}) does not exist in {code[:20]}")
    components = content.get("components") or []
    _check_shape(components)
    for part, text in (("header", template.header), ("body", template.body)):
        _check_count(part, text, _parameters(components, part))
    urls = sum(1 for one in components if one.get("type") == "button" and one.get("sub_type") == "url")
    if urls != template.url_parameters:
        raise GraphError(132000, f"buttons: {urls} url parameters, expected {template.url_parameters}")
    return template


def rendered(template: Template, content: Json) -> str:
    """Return what the customer reads, placeholders filled."""
    components = content.get("components") or []
    parts = [
        _filled(text, _parameters(components, part))
        for part, text in (("header", template.header), ("body", template.body), ("footer", template.footer))
        if text
    ]
    return "\n".join(parts)


def described(template: Template) -> Json:
    """Return a template as Graph lists it."""
    components: list[Json] = []
    if template.header:
        components.append({"type": "HEADER", "format": "TEXT", "text": template.header})
    components.append({"type": "BODY", "text": template.body})
    if template.footer:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [{"type": "QUICK_REPLY", "text": text} for text in template.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    named = any(not place.isdigit() for place in _PLACE.findall(template.header + template.body))
    return {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "parameter_format": "NAMED" if named else "POSITIONAL",
        "components": components,
    }


def _check_shape(components: object) -> None:
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise invalid("template['components'] must be a list of objects")
    for one in components:
        kind, parameters = one.get("type"), one.get("parameters", [])
        if not isinstance(kind, str) or not isinstance(parameters, list):
            raise invalid("a component needs a type and a list of parameters")
        if not all(isinstance(each, dict) for each in parameters):
            raise invalid("parameters must be objects")


def _parameters(components: Sequence[Json], part: str) -> list[Json]:
    return [
        each
        for one in components
        if str(one.get("type", "")).lower() == part
        for each in one.get("parameters", [])
    ]


def _check_count(part: str, text: str, given: Sequence[Json]) -> None:
    places = list(dict.fromkeys(_PLACE.findall(text)))
    if len(given) != len(places):
        raise GraphError(
            132000,
            f"{part}: number of localizable_params ({len(given)}) does not match the expected number"
            f" of params ({len(places)})",
        )
    named = [place for place in places if not place.isdigit()]
    if named and {str(one.get("parameter_name")) for one in given} != set(named):
        raise GraphError(132000, f"{part}: parameter_name must be one each of {', '.join(named)}")
    for one in given:
        if one.get("type") == "text" and not one.get("text"):
            raise missing(f"{part} parameter text")


def _filled(text: str, given: Sequence[Json]) -> str:
    values: dict[str, str] = {}
    for index, one in enumerate(given, start=1):
        values[str(one.get("parameter_name") or index)] = _spelt(one)
    return _PLACE.sub(lambda match: values.get(match.group(1), match.group(0)), text)


def _spelt(parameter: Json) -> str:
    kind = str(parameter.get("type", "text"))
    value: Value = parameter.get(kind, "")
    return str(value.get("fallback_value", kind)) if isinstance(value, dict) else str(value)
