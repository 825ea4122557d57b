"""`env:NAME`: a URL in an environment variable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import ReferenceMalformed, SourceContext

SCHEME = "env"
LOCAL = True


@dataclass(eq=False)
class VariableUnset(LockgateError):
    """The environment variable is not set, or empty."""

    name: str

    code: ClassVar[str] = "LG-SEC-10"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which variable."""
        return f'the environment variable "{self.name}" is not set'

    @property
    def hint(self) -> str:
        """What to set it to."""
        return f"set {self.name} to postgresql://user:password@host:5432/dbname"


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database whose URL the variable `reference` holds.

    Raises ReferenceMalformed, VariableUnset, UrlUnreadable.
    """
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", reference):
        raise ReferenceMalformed(SCHEME, "NAME")
    text = context.environ.get(reference, "").strip()
    if not text:
        raise VariableUnset(reference)
    return DatabaseUrl.parse(text, source=f"{SCHEME}:{reference}")
