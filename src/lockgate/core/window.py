"""Windows of time in which an Environment may be changed: `Mon-Thu 20:00-04:00 Europe/Berlin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:-[A-Za-z]{3})?(?:,[A-Za-z]{3}(?:-[A-Za-z]{3})?)*)\s+)?"
    r"(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)(?:\s+(?P<zone>[A-Za-z0-9_+/-]+))?"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week (0 is Monday) on which it opens, start, end, and time zone.

    A window that ends at or before its start goes over midnight and belongs to the day it opens
    on; `24:00` is midnight.
    """

    days: tuple[int, ...]
    start: time
    end: time
    zone: ZoneInfo
    text: str

    @classmethod
    def parse(cls, text: str) -> Window:
        """The window that `text` spells; without days every day, without a zone UTC.

        Raises ValueError in words.
        """
        match = _WINDOW.fullmatch(text.strip())
        if match is None:
            raise ValueError(
                f'"{text}" is no window; write it as "Mon-Thu 20:00-04:00 Europe/Berlin"'
            )
        try:
            zone = ZoneInfo(match["zone"] or "UTC")
            start = time.fromisoformat(match["start"])
            end = time.min if match["end"] == "24:00" else time.fromisoformat(match["end"])
        except ZoneInfoNotFoundError as error:
            zone_text = match["zone"]
            raise ValueError(f'"{text}" is no window: there is no zone "{zone_text}"') from error
        except ValueError as error:
            raise ValueError(f'"{text}" is no window: {error}') from error
        return cls(_days(match["days"], text), start, end, zone, text)

    def contains(self, moment: datetime) -> bool:
        """Whether the window is open at `moment`, which has a time zone."""
        local = moment.astimezone(self.zone)
        clock = local.time()
        if self.start < self.end:
            return local.weekday() in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return local.weekday() in self.days
        return clock < self.end and (local - timedelta(days=1)).weekday() in self.days


def _days(text: str | None, whole: str) -> tuple[int, ...]:
    if text is None:
        return tuple(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        try:
            start = DAYS.index(first.capitalize())
            stop = DAYS.index((last or first).capitalize())
        except ValueError:
            raise ValueError(f'"{whole}" names a day other than {", ".join(DAYS)}') from None
        days |= {(start + offset) % 7 for offset in range((stop - start) % 7 + 1)}
    return tuple(sorted(days))
