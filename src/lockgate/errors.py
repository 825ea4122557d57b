"""The one error tree: what every error of lockgate answers, and the exit statuses.

A situation has its own class, which stands beside the check that raises it. This module
holds only what they share, so that the command line can show any of them alike.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """Exit statuses that other people's programs rely on (CONTRACT.md)."""

    DONE = 0
    NO = 1
    USAGE = 2
    WRONG_DATABASE = 3
    UNREACHABLE = 4
    ROLLED_BACK = 5
    PART_WAY = 6
    LOCK_NOT_OBTAINED = 7
    BUG = 70
    """Not in CONTRACT.md: Python's own status would be 1, which says "the answer is no"."""


class LockgateError(Exception):
    """A situation that ends a command: what happened, what to do, and the exit status.

    A subclass is a dataclass (`@dataclass(eq=False)`) whose fields are the values that the
    message shows. It sets `code` and `exit_status` and implements `message` and `hint`; both are
    one sentence, lower case, without a full stop. Neither ever holds a secret.
    """

    code: ClassVar[str]
    exit_status: ClassVar[ExitStatus]

    @property
    def message(self) -> str:
        """What happened, with the value in quotes."""
        raise NotImplementedError(type(self).__qualname__)

    @property
    def hint(self) -> str:
        """What to do about it, beginning with a verb."""
        raise NotImplementedError(type(self).__qualname__)

    def __str__(self) -> str:
        return self.message
