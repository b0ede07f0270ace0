"""Templates through the control API."""

from dataclasses import asdict, fields

from shared.simulator.mistakes import Mistake
from shared.simulator.records import Json, Template
from shared.simulator.state import State
from shared.simulator.template_book import key

STATUSES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")


def put_template(state: State, given: Json) -> Json:
    """Add a template, or change the named fields of the one with its name and language.

    Raises:
        Mistake: A field is unknown or has a wrong value; nothing changed.
    """
    name, language = given.get("name"), given.get("language", "pt_BR")
    if not isinstance(name, str) or not name or not isinstance(language, str):
        raise Mistake("name and language must be strings")
    start = Template(name=name, language=language, category="UTILITY", status="APPROVED", body="")
    values = asdict(state.templates.get(key(name, language), start))
    known = {field.name for field in fields(Template)} - {"id"}
    for field, value in given.items():
        if field not in known or type(value) is not type(values[field]):
            raise Mistake(f"{field[:40]} is unknown or of the wrong type")
        values[field] = value
    if values["status"] not in STATUSES or values["category"] not in CATEGORIES:
        raise Mistake(f"status is one of {', '.join(STATUSES)}, category one of {', '.join(CATEGORIES)}")
    if not values["body"] or not all(isinstance(text, str) for text in values["buttons"]):
        raise Mistake("body must not be empty, buttons must be strings")
    state.put_template(Template(**values))
    return values
