"""One SQL statement of a revision: its text, where it came from, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


def sent_text(text: str, parameters: object, paramstyle: str) -> str:
    """The text that the server gets: without parameters, drivers send `%` for `%%` all the same.

    With parameters it is `text`, which keeps its placeholders.
    """
    escaped = paramstyle in ("format", "pyformat") and not parameters
    return text.replace("%%", "%") if escaped else text


class Direction(StrEnum):
    """Which of a revision's two functions runs."""

    UP = "upgrade"
    DOWN = "downgrade"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement as it was sent to the server.

    `parameters` is what the driver sent beside the text, None where there were none. `file` and
    `line` say which line of the revision sent it; None where Alembic itself did, to keep its
    version table. `transactional` is False inside an `autocommit_block`. `milliseconds` and
    `rows` are None where the statement failed.
    """

    sql: str
    parameters: object
    revision: str
    direction: Direction
    file: str | None
    line: int | None
    transactional: bool
    milliseconds: float | None = None
    rows: int | None = None

    @property
    def bookkeeping(self) -> bool:
        """Whether Alembic sent it to keep its version table."""
        return self.line is None
