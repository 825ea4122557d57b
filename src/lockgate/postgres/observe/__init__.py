"""Sees what a statement does to relations while it runs on scratch: Effects, OBSERVED.

`Witness` looks at a session from within, before and after a statement; `gate` from outside, at
the locks that come and go within one; `alone` runs one statement by itself and uses both, and
`open_bench` a database for many.
"""

from lockgate.postgres.observe.alone import Observation, observe
from lockgate.postgres.observe.bench import Bench, open_bench
from lockgate.postgres.observe.gate import Gate, Passed, open_gate
from lockgate.postgres.observe.manner import Manner, manner_of
from lockgate.postgres.observe.witness import Ask, Seen, Witness

__all__ = [
    "Ask",
    "Bench",
    "Gate",
    "Manner",
    "Observation",
    "Passed",
    "Seen",
    "Witness",
    "manner_of",
    "observe",
    "open_bench",
    "open_gate",
]
