"""Reads every JSON text, also what other parsers give up on: depth, half characters, huge numbers.

Meta's payloads hardly ever need this. It is the second reader, asked when the fast one
refuses, and it decides whether a body is JSON at all: RFC 8259, no more and no less.
"""

import json
import math
import re

DEPTH = 100
"""Containers nested deeper than this are kept as the text that they were written in."""

_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_SCALAR = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null"
_TOKEN = re.compile(rf"([\[\]{{}},:])|({_STRING})|({_SCALAR})|([^ \t\n\r])")
_KINDS = ("", "", "string", "scalar", "junk")
_LANDMARK = re.compile(rf'{_STRING}|([\[{{])|([\]}}])|(["NI])')
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_INT64 = range(-(2**63), 2**63)
_INT64_LENGTH = len(str(-(2**63)))

_VALUE = frozenset({"[", "{", "string", "scalar"})
_FIRST_VALUE = _VALUE | {"]"}
_NAME = frozenset({"string"})
_FIRST_NAME = _NAME | {"}"}
_COLON = frozenset({":"})
_AFTER = {"[": frozenset({",", "]"}), "{": frozenset({",", "}"})}
_END: frozenset[str] = frozenset()


class NotJson(ValueError):
    """The bytes are not a JSON text in UTF-8."""


def loads(data: bytes) -> object:
    r"""Read a JSON text of any depth, without recursion, in time linear in its length.

    What Python, UTF-8 or a 64-bit document can't hold is kept as text: containers deeper
    than `DEPTH` as their own source, a lone surrogate as its escape (`\ud800`), a number
    that is neither a 64-bit integer nor a finite double as it is written. The last of
    equal names wins.

    Raises:
        NotJson: It is not JSON, or not UTF-8.
    """
    try:
        shallow, sources = _flatten(data.decode())
        # Python reads NaN and Infinity, which are not JSON. _flatten refuses them in the text
        # and then uses NaN, which can't be a name, to mark what it took out.
        marked = iter(sources)
        return json.loads(
            _escape_lone_surrogates(shallow),
            parse_int=_integer,
            parse_float=_double,
            parse_constant=lambda _: next(marked),
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotJson from error


def _flatten(text: str) -> tuple[str, list[str]]:
    """Put `NaN` for each container deeper than `DEPTH`; return the text and their sources.

    The sources are JSON. The text is JSON, but for the marks, exactly if the whole was.
    """
    kept: list[str] = []
    sources: list[str] = []
    depth = start = end = 0
    for mark in _LANDMARK.finditer(text):
        if mark[1]:
            depth += 1
            if depth == DEPTH + 1:
                start = mark.start()
        elif mark[2]:
            depth -= 1
            if depth == DEPTH:
                kept.append(text[end:start])
                end = mark.end()
                sources.append(_checked(text[start:end]))
        elif mark[3]:
            raise NotJson
    if depth > DEPTH:
        raise NotJson
    return "NaN".join([*kept, text[end:]]), sources


def _checked(source: str) -> str:
    """Return the source of one container if it is JSON, however deep it is."""
    allowed, around = _VALUE, [""]
    for token in _TOKEN.finditer(source):
        sign = token[1] or _KINDS[token.lastindex or 0]
        if sign not in allowed:
            raise NotJson
        if sign in _AFTER:
            around.append(sign)
            allowed = _FIRST_VALUE if sign == "[" else _FIRST_NAME
        elif sign == ",":
            allowed = _VALUE if around[-1] == "[" else _NAME
        elif sign == ":":
            allowed = _VALUE
        elif allowed is _NAME or (allowed is _FIRST_NAME and sign == "string"):
            allowed = _COLON
        else:
            if sign in "]}":
                around.pop()
            allowed = _AFTER.get(around[-1], _END)
    return source


def _escape_lone_surrogates(text: str) -> str:
    if _SURROGATE.search(text) is None:
        return text
    return _ESCAPE.sub(lambda found: "\\" + found[0] if found[1] else found[0], text)


def _integer(text: str) -> int | str:
    if len(text) > _INT64_LENGTH or (number := int(text)) not in _INT64:
        return text
    return number


def _double(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
