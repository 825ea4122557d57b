"""Windows of time: how they are spelled, and when they are open."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lockgate.core.window import Window

# 2 March 2026 is a Monday.
MOMENTS = [
    ("20:00-22:00", "2026-03-02 20:00", True),
    ("20:00-22:00", "2026-03-02 21:59", True),
    ("20:00-22:00", "2026-03-02 22:00", False),
    ("20:00-22:00", "2026-03-02 19:59", False),
    ("Mon 20:00-04:00", "2026-03-02 23:00", True),
    ("Mon 20:00-04:00", "2026-03-03 03:59", True),
    ("Mon 20:00-04:00", "2026-03-03 04:00", False),
    ("Mon 20:00-04:00", "2026-03-02 03:00", False),
    ("Mon 20:00-24:00", "2026-03-02 23:59", True),
    ("Mon 20:00-24:00", "2026-03-03 00:00", False),
    ("00:00-24:00", "2026-03-08 12:00", True),
    ("Mon 20:00-20:00", "2026-03-03 19:59", True),
    ("Mon 20:00-20:00", "2026-03-03 20:00", False),
    ("Fri-Mon 10:00-11:00", "2026-03-01 10:30", True),
    ("Fri-Mon 10:00-11:00", "2026-03-04 10:30", False),
    ("tue,THU 10:00-11:00", "2026-03-05 10:30", True),
    ("Mon-Tue,Sat 10:00-11:00", "2026-03-07 10:30", True),
]


@pytest.mark.parametrize(("text", "moment", "expected"), MOMENTS)
def test_window_is_open_from_its_start_until_before_its_end(
    text: str, moment: str, expected: bool
) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("UTC"))

    assert expected == Window.parse(text).contains(at)


def test_window_is_read_in_its_zone_through_the_change_of_the_clocks() -> None:
    window = Window.parse("Mon-Sun 02:00-04:00 Europe/Berlin")
    utc = ZoneInfo("UTC")

    found = [
        window.contains(datetime(2026, 3, 28, 1, 30, tzinfo=utc)),  # 02:30 in winter
        window.contains(datetime(2026, 3, 29, 1, 30, tzinfo=utc)),  # 03:30, the first summer night
        window.contains(datetime(2026, 3, 29, 2, 30, tzinfo=utc)),  # 04:30
    ]

    assert found == [True, True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at night", '"at night" is no window; write it as "Mon-Thu 20:00-04:00 Europe/Berlin"'),
        ("20-04", '"20-04" is no window; write it as "Mon-Thu 20:00-04:00 Europe/Berlin"'),
        ("25:00-26:00", '"25:00-26:00" is no window: hour must be in 0..23'),
        ("Mon-Mit 20:00-22:00", '"Mon-Mit 20:00-22:00" names a day other than Mon, Tue, Wed'),
        ("20:00-22:00 Mars/Crater", 'is no window: there is no zone "Mars/Crater"'),
    ],
)
def test_window_that_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Window.parse(text)

    assert said in str(caught.value)
