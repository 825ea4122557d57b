"""`embedded:NAME`: a PostgreSQL that lockgate starts itself and keeps under `.lockgate/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import ReferenceMalformed, SourceContext

SCHEME = "embedded"
LOCAL = False


@dataclass(eq=False)
class EmbeddedNotStartable(LockgateError):
    """Whoever asked has no means to start a server."""

    name: str

    code: ClassVar[str] = "LG-SEC-40"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which server."""
        return f'the embedded PostgreSQL "{self.name}" cannot be started from here'

    @property
    def hint(self) -> str:
        """What works instead."""
        return "run a command that opens the database, or name another source"


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The embedded server `reference`, started unless it is running.

    Raises ReferenceMalformed, EmbeddedNotStartable, and what starting raises.
    """
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", reference):
        raise ReferenceMalformed(SCHEME, "NAME, with letters, digits, _ and - in the name")
    if context.start_embedded is None:
        raise EmbeddedNotStartable(reference)
    return context.start_embedded(reference)
