"""What people call a moment: `2024-01-02 03:04`, `@1700000000`, `yesterday`, `2 days ago`.

Belongs here: the words of date(1) and touch(1). Does not: the commands (`information`).

Source: "Date input formats" of GNU coreutils' manual. Not taken: times of other calendars' zones by
letters (`EST`), of which there are several for one word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_UNITS = {
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "fortnight": 14 * 86_400,
}
_WORDS = {"yesterday": -86_400, "tomorrow": 86_400, "today": 0, "now": 0}
_COUNTS = {"last": -1, "this": 0, "next": 1}
# There is no `second` among them: that is a unit.
_ORDINALS = (
    "first", "", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip

_DATES = (
    r"(?P<y>\d{4,})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)",
    rf"(?P<d>\d{{1,2}})[ -]?{_MONTH}(?:[ ,-]*(?P<y>\d{{4}})(?!:))?",
    rf"{_MONTH} *(?P<d>\d{{1,2}})(?!\d|:)(?:(?: *, *| +)(?P<y>\d{{4}})(?!:))?",
)
_TIME = re.compile(
    r"(?:t(?=\d))?(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)?"
    r" *(?P<half>[ap]\.?m\.?)?(?= |$|[+-]|z|u)"
    r"(?<!^\d)(?<!^\d\d)"  # a number alone is another item
)
_ZONE = re.compile(
    r"(?:utc|gmt|z)?(?P<sign>[+-])(?P<h>\d{1,2}):?(?P<mm>\d\d)?(?= |$)|utc|gmt|z(?= |$)"
)
_DAY = re.compile(r"(?:(?P<which>last|next|this) )?(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*,?")
_RELATIVE = re.compile(
    rf"(?P<count>[+-]? *\d+|{'|'.join(filter(None, (*_COUNTS, *_ORDINALS)))})? *"
    r"(?P<unit>seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|fortnights?|months?|years?)"
    r"(?P<ago> ago)?(?= |$|[+-])"
)


def moment_of(text: str, now: int, zone: tzinfo = UTC) -> int | None:
    """Seconds since 1970; None for what is no moment. now: what relative words start from."""
    words = " ".join(text.lower().split())
    if re.fullmatch(r"@-?\d+(?:[.,]\d+)?", words):
        return int(re.split("[.,]", words[1:])[0])
    try:
        return _Reader(words, datetime.fromtimestamp(now, zone)).moment()
    except (ValueError, OverflowError):
        return None


class _Reader:
    """Takes one item after the other from the beginning of the words."""

    def __init__(self, words: str, now: datetime) -> None:
        self._words = words
        self._moment = now
        self._date_given = self._time_given = False
        self._seconds = self._months = 0
        self._weekday: tuple[int, int] | None = None

    def moment(self) -> int:
        """Raises ValueError for words that are no item."""
        if not self._words:
            self._midnight()
        while self._words:
            if not any(take() for take in self._items()):
                raise ValueError(self._words)
            self._words = self._words.lstrip(" ,")
        if (self._date_given or self._weekday) and not self._time_given:
            self._midnight()
        if not self._date_given:
            self._move_to_weekday()
        self._move_months()
        return int(self._moment.timestamp()) + self._seconds

    def _items(self) -> tuple[Callable[[], bool], ...]:
        own = (self._relative, self._word, self._date, self._time, self._day, self._zone)
        return (*own, self._number)

    def _match(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        found = re.match(pattern, self._words)
        if found is None or not found[0]:
            return None
        self._words = self._words[found.end() :]
        return found

    def _midnight(self) -> None:
        self._moment = self._moment.replace(hour=0, minute=0, second=0, microsecond=0)

    def _word(self) -> bool:
        found = self._match(r"(yesterday|tomorrow|today|now)(?= |$)")
        if found is None:
            return False
        self._seconds += _WORDS[found[1]]
        return True

    def _number(self) -> bool:
        """A number alone: the year of a date that is given, else an hour, or one with minutes."""
        found = self._match(r"(\d{4}|\d{1,2})(?= |$)")
        if found is None:
            return False
        number = int(found[1])
        if self._date_given and len(found[1]) == 4:
            self._moment = self._moment.replace(year=number)
        else:
            hour, minute = divmod(number, 100) if len(found[1]) == 4 else (number, 0)
            self._moment = self._moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
            self._time_given = True
        return True

    def _date(self) -> bool:
        for pattern in _DATES:
            found = self._match(pattern)
            if found is None:
                continue
            fields = found.groupdict()
            month = fields.get("m") or str(_MONTHS.index(fields["month"]) + 1)
            year = int(fields["y"] or self._moment.year)
            self._moment = self._moment.replace(year, int(month), int(fields["d"]))
            self._date_given = True
            return True
        return False

    def _time(self) -> bool:
        found = self._match(_TIME)
        if found is None:
            return False
        hour = int(found["hour"])
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(found[0])
            hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
        minute, second = int(found["minute"] or 0), int(found["second"] or 0)
        self._moment = self._moment.replace(hour=hour, minute=minute, second=second, microsecond=0)
        self._time_given = True
        return True

    def _zone(self) -> bool:
        found = self._match(_ZONE)
        if found is None:
            return False
        offset = timedelta()
        if found["sign"]:
            offset = timedelta(hours=int(found["h"]), minutes=int(found["mm"] or 0))
            offset = -offset if found["sign"] == "-" else offset
        self._moment = self._moment.replace(tzinfo=timezone(offset))
        return True

    def _day(self) -> bool:
        found = self._match(_DAY)
        if found is None:
            return False
        self._weekday = (_DAYS.index(found["day"]), _COUNTS.get(found["which"] or "", 0))
        return True

    def _relative(self) -> bool:
        found = self._match(_RELATIVE)
        if found is None:
            return False
        count = _count(found["count"]) * (-1 if found["ago"] else 1)
        unit = found["unit"].rstrip("s")
        if unit in ("month", "year"):
            self._months += count * (12 if unit == "year" else 1)
        else:
            self._seconds += count * _UNITS[unit]
        return True

    def _move_to_weekday(self) -> None:
        """That day, today if it is one; `next` is the one behind today, `last` the one before."""
        if self._weekday is None:
            return
        day, which = self._weekday
        ahead = (day - self._moment.weekday()) % 7
        if which == 1 and ahead == 0:
            ahead = 7
        elif which == -1:
            ahead -= 7
        self._moment += timedelta(days=ahead)

    def _move_months(self) -> None:
        """A day that the month has not is one of the next, as mktime(3) has it."""
        if not self._months:
            return
        months = self._moment.year * 12 + self._moment.month - 1 + self._months
        first = self._moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        self._moment = first + timedelta(days=self._moment.day - 1)


def _count(text: str | None) -> int:
    if text is None:
        return 1
    if text in _COUNTS:
        return _COUNTS[text]
    if text in _ORDINALS:
        return _ORDINALS.index(text) + 1
    return int(text.replace(" ", ""))
