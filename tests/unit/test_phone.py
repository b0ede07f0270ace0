"""One key per line, whichever way it is written; never one key for two lines."""

from itertools import product

import pytest

from shared.domain.phone import looks_like_phone, phone_key, spellings

AREAS = [f"{a}{b}" for a, b in product("123456789", "123456789")]


@pytest.mark.parametrize("area", AREAS)
def test_a_mobile_has_one_key_with_and_without_its_ninth_digit(area: str) -> None:
    for first in "6789":
        old, new = f"55{area}{first}7654321", f"55{area}9{first}7654321"
        assert phone_key(old) == phone_key(new)
        assert set(spellings(phone_key(old))) == {old, new}


@pytest.mark.parametrize("first", "2345")
def test_a_landline_is_not_a_mobile_with_a_9_before_it(first: str) -> None:
    assert phone_key(f"5511{first}2654321") != phone_key(f"55119{first}2654321")
    assert spellings(phone_key(f"5511{first}2654321")) == [f"5511{first}2654321"]


@pytest.mark.parametrize(
    "other", ["155119876543", "3511987654321", "549119876543", "5501987654321", "5510987654321"]
)
def test_other_countries_and_no_areas_are_left_alone(other: str) -> None:
    assert phone_key(other) == other


def test_no_two_written_differently_share_a_key_but_a_mobile_and_its_old_form() -> None:
    numbers = [f"55{area}{nine}{first}{rest}" for area in ("11", "21", "91", "99") for nine in ("", "9")
               for first in "23456789" for rest in ("7654321", "9876543", "0000000")]  # fmt: skip
    keys: dict[str, set[str]] = {}
    for number in numbers:
        keys.setdefault(phone_key(number), set()).add(number)
    for same in keys.values():
        if len(same) > 1:
            short, long = sorted(same, key=len)
            assert long == f"{short[:4]}9{short[4:]}"
            assert short[4] in "6789"


@pytest.mark.parametrize(
    "written", ["+55 11 98765-4321", "+55 (11) 98765.4321", " 5511987654321 ", "+5511 8765 4321"]
)
def test_how_it_is_written_does_not_matter(written: str) -> None:
    assert phone_key(written) == phone_key("5511987654321")


@pytest.mark.parametrize("name", ["BR.1", "BR.11987654321", "", "   ", "+", "()", "a5511987654321", "5511x"])
def test_what_is_no_phone_is_its_own_key(name: str) -> None:
    assert not looks_like_phone(name)
    assert phone_key(name) == name.strip()


@pytest.mark.parametrize("digits", ["٣٣٣", "५५११९८७६५४३२१", "²²"])
def test_digits_of_other_scripts_have_a_key_too(digits: str) -> None:
    """An empty key would be an alias of nobody."""
    assert phone_key(digits)
