"""How deep a JSON value may be: encoders recurse, and so do pages."""

from shared.simulator.records import Value

DEEPEST = 200


def shallow(value: Value) -> bool:
    """Tell whether a value is nested at most `DEEPEST` levels."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False
