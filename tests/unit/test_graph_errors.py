"""What each of Meta's codes means for us."""

import pytest

from shared.domain.graph_errors import ErrorClass, classify, is_unclear

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

# By Meta's page of error codes: every code and range that it names.
CLASSES = {
    ErrorClass.RETRY: [1, 2, 130429, 131000, 131016, 133004, 138002, 138005, 2494100],
    ErrorClass.WAIT: [4, 613, 80007, 131049, 131056, 131057, 131208, 132015, 132069, 134101, 138013],
    ErrorClass.OPERATOR: [
        *(0, 3, 10, 33, 190, 368, 131005, 131030, 131031, 131037, 131042, 131044, 131045, 131048, 131064),
        *(132068, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011, 134102),
        *range(200, 300),
    ],
    ErrorClass.SUPPRESS: [131050],
    ErrorClass.PERMANENT: [
        *(100, 130403, 130472, 130497, 131008, 131009, 131020, 131021, 131026, 131041, 131043, 131047),
        *(131051, 131052, 131053, 131055, 131059, 131060, 131062, 131063, 132000, 132001, 132005, 132007),
        *(132008, 132012, 132016, 132018, 134100, 135000, 137000),
        *(code for code in range(131201, 131216) if code != 131208),
        *(code for code in range(138000, 138024) if code not in {138002, 138005, 138013}),
        *range(139000, 139005),
        *range(139100, 139104),
        *range(147001, 147006),
        *(2388019, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
        *range(2494164, 2494180),
        *range(2593107, 2593110),
    ],
}


@pytest.mark.parametrize("error_class", ErrorClass)
@pytest.mark.parametrize("http_status", [400, 401, 429, 500])
def test_every_code_of_metas_page_has_its_class_whatever_the_status(
    error_class: ErrorClass, http_status: int
) -> None:
    wrong = [
        code for code in CLASSES[error_class] if classify(code, http_status).error_class is not error_class
    ]
    assert wrong == []


def test_every_known_code_has_a_reason_of_its_own() -> None:
    unknown = classify(999_999, 400).reason
    reasons = {code: classify(code, 400).reason for codes in CLASSES.values() for code in codes}
    assert [code for code, reason in reasons.items() if reason == unknown or not 0 < len(reason) <= 30] == []


def test_only_a_wait_says_how_long() -> None:
    for error_class, codes in CLASSES.items():
        for code in codes:
            wait_ms = classify(code, 400).wait_ms
            assert (wait_ms is not None and wait_ms > 0) == (error_class is ErrorClass.WAIT)


@pytest.mark.parametrize(
    ("code", "waits_ms"),
    [
        (131056, [SECOND, 4 * SECOND, 16 * SECOND, 64 * SECOND, 256 * SECOND, 1024 * SECOND]),
        (4, [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE, HOUR, HOUR]),
        (80007, [MINUTE, 2 * MINUTE]),
        (131049, [24 * HOUR, 48 * HOUR, 96 * HOUR, 168 * HOUR, 168 * HOUR]),
        (131057, [MINUTE, MINUTE, MINUTE]),
        (132015, [HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR]),
        (134101, [10 * MINUTE, 10 * MINUTE]),
    ],
)
def test_waits_grow_with_the_refusals(code: int, waits_ms: list[int]) -> None:
    assert [classify(code, 400, attempt=attempt).wait_ms for attempt in range(len(waits_ms))] == waits_ms


def test_a_wait_stays_finite_however_often_it_was_refused() -> None:
    assert classify(131056, 400, attempt=10_000).wait_ms == 24 * HOUR


def test_nothing_written_is_a_retry() -> None:
    assert classify(None, None).error_class is ErrorClass.RETRY


@pytest.mark.parametrize("code", [None, -1, 5, 131999, 10**9])
@pytest.mark.parametrize(
    ("http_status", "error_class"),
    [
        (500, ErrorClass.RETRY),
        (503, ErrorClass.RETRY),
        (429, ErrorClass.RETRY),
        (401, ErrorClass.OPERATOR),
        (400, ErrorClass.PERMANENT),
        (404, ErrorClass.PERMANENT),
        (200, ErrorClass.PERMANENT),
    ],
)
def test_an_unknown_code_goes_by_the_status(
    code: int | None, http_status: int, error_class: ErrorClass
) -> None:
    assert classify(code, http_status).error_class is error_class


def test_the_operator_hears_of_what_fails_for_good_but_can_be_mended() -> None:
    told = {code for codes in CLASSES.values() for code in codes if classify(code, 400).alert}
    assert told == {130497, 131063, 132001, 132016}
    assert classify(999_999, 400).alert


@pytest.mark.parametrize("code", [1, 2, 131000])
def test_a_catch_all_code_is_unclear_only_with_a_5xx(code: int) -> None:
    assert [
        status for status in (None, 200, 400, 429, 499, 500, 503, 599, 600) if is_unclear(code, status)
    ] == [
        500,
        503,
        599,
    ]


@pytest.mark.parametrize("code", [None, 4, 131016, 130429, 131047])
def test_any_other_refusal_is_certain(code: int | None) -> None:
    assert not is_unclear(code, 500)
