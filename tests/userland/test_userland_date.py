"""date(1) in a RUN. What GNU's says of the same words was asked of coreutils 9.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError
from boxer.userland.commands.datewords import moment_of

if TYPE_CHECKING:
    from tests.stages import Stage

NOON = 1_704_196_800  # 2024-01-02 12:00, a Tuesday
DAY = 86_400
WORDS = {
    "now": NOON,
    "": NOON - DAY // 2,
    "@0": 0,
    "@123.5": 123,
    "2024-01-02": NOON - DAY // 2,
    "20240102": NOON - DAY // 2,
    "1/2/2024": NOON - DAY // 2,
    "2024-01-02 03:04": 1_704_164_640,
    "2024-01-02T03:04:05Z": 1_704_164_645,
    "2024-01-02T03:04:05+02:00": 1_704_157_445,
    "2024-01-02 03:04:05.123 +0200": 1_704_157_445,
    "Tue, 02 Jan 2024 03:04:05 +0000": 1_704_164_645,
    "Tue Jan  2 03:04:05 UTC 2024": 1_704_164_645,
    "January 2, 2024": NOON - DAY // 2,
    "02-Jan-2024": NOON - DAY // 2,
    "2024-01-02 10:30 pm": 1_704_234_600,
    "2024-01-02 12am": NOON - DAY // 2,
    "yesterday": NOON - DAY,
    "tomorrow 10:00": NOON + DAY - 7200,
    "2 days ago": NOON - 2 * DAY,
    "+1 week": NOON + 7 * DAY,
    "-1 day": NOON - DAY,
    "+1 hour 30 minutes": NOON + 5400,
    "next month": NOON + 31 * DAY,
    "last year": NOON - 365 * DAY,
    "2024-01-31 1 month": 1_709_337_600,  # the 31st of February: the 2nd of March
    "2024-02-29 1 year ago": 1_677_628_800,
    "2024-01-02 + 3 days": NOON + 2 * DAY + DAY // 2,
    "friday": NOON - DAY // 2 + 3 * DAY,
    "next tuesday": NOON - DAY // 2 + 7 * DAY,
    "last tuesday": NOON - DAY // 2 - 7 * DAY,
}


@pytest.mark.parametrize(("text", "moment"), WORDS.items())
def test_words_mean_what_gnu_takes_them_for(text: str, moment: int) -> None:
    assert moment_of(text, NOON) == moment


@pytest.mark.parametrize(
    "text", ["nonsense", "2024-13-01", "2024-02-30", "2024-01-02 25:00", "@x", "noon", "1 day x9"]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment_of(text, NOON) is None


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("", "Thu Jan  1 00:00:00 UTC 1970"),
        ("-d @86400 -I", "1970-01-02"),
        ("--date=@86400 -Iseconds", "1970-01-02T00:00:00+00:00"),
        ("-ud @0 --iso-8601=minutes", "1970-01-01T00:00+00:00"),
        ("-u -R -d '2 days'", "Sat, 03 Jan 1970 00:00:00 +0000"),
        ("--rfc-3339=seconds", "1970-01-01 00:00:00+00:00"),
        ("-d 2024-01-02 '+%Y%m%d %s %% %%s %j'", "20240102 1704153600 % %s 002"),
        ("-d 2024-01-02 '+%-d %_m %^a %3N %z %:z'", "2  1 TUE 000 +0000 +00:00"),
        ("-r /f +%s", "0"),
        ("+%Y -d 'next year'", "1971"),
    ],
)
def test_a_moment_is_shown_as_asked(stage: Stage, arguments: str, shown: str) -> None:
    stage.run(f"touch /f && date {arguments} > /out")
    assert stage.tree.file("/out").data.decode() == f"{shown}\n"


@pytest.mark.parametrize("arguments", ["-d nonsense", "-s 2024-01-02", "010203042024", "-Iyears"])
def test_what_date_cannot_do_fails(stage: Stage, arguments: str) -> None:
    with pytest.raises(RunFailedError):
        stage.run(f"date {arguments}")
