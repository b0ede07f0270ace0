"""The lenient reader: accepts what is JSON, refuses what is not, at any depth and size."""

import json
import random
from typing import NoReturn

import pytest

from shared.app import lenient_json
from shared.app.lenient_json import DEPTH, NotJson

MEBIBYTE = 1024 * 1024


def nested(inner: str, levels: int) -> bytes:
    return ("[" * levels + inner + "]" * levels).encode()


def unwrapped(value: object, levels: int) -> object:
    for _ in range(levels):
        assert isinstance(value, list)
        [value] = value
    return value


def accepts(data: bytes) -> bool:
    try:
        lenient_json.loads(data)
    except NotJson:
        return False
    return True


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def python_accepts(text: str) -> bool:
    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "null",
        " \t\r\n1 ",
        '"é😀"',
        '{"a":[1,-2.5e3,true,false,null,"x\\n\\u00e9\\ud83d\\ude00"]}',
    ],
)
def test_ordinary_json_reads_as_python_reads_it(text: str) -> None:
    assert lenient_json.loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{", "}", "[1,]", "[,1]", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "[1 2]", "[1]x",
        "01", "1.", ".5", "+1", "-", "1e", "0x1", "NaN", "Infinity", "-Infinity", "[NaN]", "nul", "True",
        "'a'", '"a', '"\\x"', '"\\u12g4"', '"\n"', '"\x00"', "[1}", '{"a":1]', "\ufeff{}", "{[]:1}",
        "//\n1", "[1]]",
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_at_the_top_and_deep_inside(text: str) -> None:
    assert not accepts(text.encode())
    assert not accepts(nested(text, DEPTH)) or not text.strip()
    assert not accepts(nested(f"[{text}]", DEPTH)) or not text.strip()


@pytest.mark.parametrize("data", [b"\xff", b'"\xed\xa0\x80"', b'{"a":"\xc3"}', "{}".encode("utf-16")])
def test_what_is_not_utf8_is_refused(data: bytes) -> None:
    assert not accepts(data)


def test_random_texts_are_accepted_exactly_when_python_accepts_them() -> None:
    seeded = random.Random(7)
    alphabet = ["[", "]", "{", "}", ",", ":", '"a"', '"', "1", "-", ".5", "e1", "0", "null", " ", "\\n", "\n"]
    agreed = 0
    for _ in range(20_000):
        text = "".join(seeded.choices(alphabet, k=seeded.randint(1, 9)))
        valid = python_accepts(text)
        assert accepts(text.encode()) == valid, text
        deep = nested(f"[0,{text}]", DEPTH)
        assert accepts(deep) == python_accepts(deep.decode()), text
        agreed += valid
    assert agreed > 200


def test_containers_within_the_depth_are_values_and_deeper_ones_their_source() -> None:
    assert unwrapped(lenient_json.loads(nested("7", DEPTH)), DEPTH) == 7
    source = '[7, {"a": "\\ud800]"}]'

    assert unwrapped(lenient_json.loads(nested(source, DEPTH)), DEPTH) == source


def test_what_stands_beside_a_deep_container_is_kept() -> None:
    data = ('{"a":1,"deep":' + "[" * 100_000 + "]" * 100_000 + ',"b":{"c":[2]}}').encode()

    read = lenient_json.loads(data)

    assert isinstance(read, dict)
    assert read["a"] == 1
    assert read["b"] == {"c": [2]}
    assert unwrapped(read["deep"], DEPTH - 1) == "[" * (100_001 - DEPTH) + "]" * (100_001 - DEPTH)


def test_several_deep_containers_stay_in_their_places() -> None:
    data = nested("[1],2,[3],[4]", DEPTH)

    assert lenient_json.loads(data) == json.loads(nested('"[1]",2,"[3]","[4]"', DEPTH))


def test_a_deep_container_is_no_name() -> None:
    objects = '{"a":' * DEPTH

    assert not accepts((objects + "{[1]:2}" + "}" * DEPTH).encode())
    assert not accepts((objects[:-5] + "{[1]:2}" + "}" * (DEPTH - 1)).encode())


def test_a_broken_string_full_of_brackets_is_no_string() -> None:
    brackets = "[" * (DEPTH + 1) + "\n" + "]" * (DEPTH + 1)

    assert not accepts(f'"{brackets}"'.encode())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'"\ud800"', r"\ud800"),
        (r'"\uDC00x"', r"\uDC00x"),
        (r'"\ud83d\ud83d\ude00"', "\\ud83d\U0001f600"),
        (r'"\\ud800"', r"\ud800"),
        (r'"\\\ud800"', r"\\ud800"),
        (r'"\u0000"', "\x00"),
        (r'{"\ud800":1}', {r"\ud800": 1}),
    ],
)
def test_a_lone_surrogate_is_kept_as_its_escape(written: str, read: object) -> None:
    assert lenient_json.loads(written.encode()) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", "9223372036854775808"),
        ("123456789012345678901", "123456789012345678901"),
        ("1" + "0" * 5000, "1" + "0" * 5000),
        ("1e99999", "1e99999"),
        ("-1e99999", "-1e99999"),
        ("1e-99999", 0.0),
        ("0.1", 0.1),
    ],
)
def test_numbers_that_do_not_fit_are_kept_as_written(written: str, read: object) -> None:
    found = lenient_json.loads(written.encode())

    assert found == read
    assert type(found) is type(read)


def test_the_last_of_equal_names_wins() -> None:
    assert lenient_json.loads(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"[" * (3 * MEBIBYTE),
        b"]" * (3 * MEBIBYTE),
        b'"' * (3 * MEBIBYTE),
        b'["' * MEBIBYTE,
        b'"' + b"\\" * (3 * MEBIBYTE),
        b'{"a":' * (MEBIBYTE // 2),
        b"[" * 200 + b"-" * (3 * MEBIBYTE),
        b'{"a":"\\ud800' + b"\\ud83d" * (MEBIBYTE // 2) + b'"',
    ],
    ids=["open", "closed", "quotes", "strings", "backslashes", "objects", "signs", "surrogates"],
)
def test_three_mebibytes_of_nonsense_are_refused(data: bytes) -> None:
    assert not accepts(data)


def test_three_mebibytes_of_depth_are_read() -> None:
    half = 3 * MEBIBYTE // 2

    assert isinstance(lenient_json.loads(b"[" * half + b"]" * half), list)


def test_a_number_of_three_mebibytes_is_read() -> None:
    digits = "1" * (3 * MEBIBYTE)

    assert lenient_json.loads(digits.encode()) == digits
    assert lenient_json.loads(f"0.{digits}".encode()) == pytest.approx(1 / 9)
