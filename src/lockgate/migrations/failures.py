"""What came of a run of `env.py`: its record, and the errors that can end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sqlalchemy import exc

from lockgate.core.environment import PRIMARY
from lockgate.core.outcome import Step
from lockgate.core.statement import Direction
from lockgate.errors import ExitStatus, LockgateError


@dataclass(frozen=True, slots=True)
class VersionTable:
    """Where `env.py` keeps its version table."""

    name: str
    schema: str | None
    part: str = PRIMARY


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run of `env.py` did: the heads it found, the steps it ran, its version tables.

    `heads_before` has one entry per part that `env.py` configured. `steps` are the committed
    ones; with `external_transaction`, which only `env.py` can commit, a failed run has none.
    """

    heads_before: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    version_tables: tuple[VersionTable, ...]
    external_transaction: bool


class RunFailed(LockgateError):
    """A run of `env.py` that ended in an error; `record` says how far it came.

    `part_way` says that the failed revision itself left something that lasts.
    """

    part_way: bool
    record: RunRecord

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        """Whether anything lasting was made before, by this revision or an earlier one."""
        lasting = self.part_way or self.record.steps
        return ExitStatus.PART_WAY if lasting else ExitStatus.ROLLED_BACK


@dataclass(eq=False)
class StatementFailed(RunFailed):
    """The server refused a statement of a revision, or its commit."""

    revision: str
    direction: Direction
    place: str
    sqlstate: str | None
    reason: str
    sql: str
    part_way: bool
    record: RunRecord = field(repr=False)

    code: ClassVar[str] = "LG-RUN-1"

    @property
    def message(self) -> str:
        """Revision, place, the server's words and SQLSTATE."""
        state = f" (SQLSTATE {self.sqlstate})" if self.sqlstate else ""
        outcome = "stopped part-way" if self.part_way else "was rolled back"
        return (
            f"{self.direction} of revision {self.revision} failed and {outcome}, "
            f"at {self.place}: {self.reason}{state}{_before(self.record)}"
        )

    @property
    def hint(self) -> str:
        """What to mend, and how to go on."""
        if self.part_way:
            return "remove the cause, then run the same command again: it goes on from there"
        return f"correct the statement at {self.place}, and try it with `lockgate rehearse`"


@dataclass(eq=False)
class RevisionCodeFailed(RunFailed):
    """Python code of a revision or of `env.py` raised an error."""

    where: str
    error: str
    part_way: bool
    record: RunRecord = field(repr=False)

    code: ClassVar[str] = "LG-RUN-2"

    @property
    def message(self) -> str:
        """Place and error."""
        left = "; the revision stopped part-way" if self.part_way else ""
        return f"{self.where} raised {self.error}{left}{_before(self.record)}"

    @property
    def hint(self) -> str:
        """Where to look."""
        return f"correct {self.where}; run again with --verbose for the whole traceback"


@dataclass(eq=False)
class AlembicRefused(LockgateError):
    """Alembic does not accept the arguments or the history."""

    reason: str

    code: ClassVar[str] = "LG-RUN-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Alembic's words."""
        return self.reason

    @property
    def hint(self) -> str:
        """Where the revisions are listed."""
        return "run `lockgate history` and `lockgate heads` to see the revisions there are"


@dataclass(eq=False)
class EnvPyRanNothing(LockgateError):
    """`env.py` ended without ever calling `context.configure` with a connection."""

    path: str

    code: ClassVar[str] = "LG-RUN-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file."""
        return f'"{self.path}" ended without context.configure(connection=...)'

    @property
    def hint(self) -> str:
        """What env.py must do online."""
        return "let env.py configure the context with a connection when it is not offline"


@dataclass(eq=False)
class EnvPyCannotConnect(LockgateError):
    """`env.py` did not get the connection that lockgate got before it."""

    where: str
    reason: str

    code: ClassVar[str] = "LG-RUN-6"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which line, and the driver's words."""
        return f'"{self.where}" could not connect: {self.reason}'

    @property
    def hint(self) -> str:
        """What differs between the two connections."""
        return "compare what env.py connects to with `lockgate env show`"


@dataclass(eq=False)
class LoginLacksRight(LockgateError):
    """The login may not do what `env.py` and Alembic ask before the first revision."""

    reason: str

    code: ClassVar[str] = "LG-RUN-10"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """The server's words."""
        return f"the login may not even ask which revision the database is at: {self.reason}"

    @property
    def hint(self) -> str:
        """What it takes."""
        return "use a login that may, or let this one SELECT from Alembic's version table"


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE in a driver's error, whichever driver it is."""
    original = getattr(error, "orig", error)
    for name in ("sqlstate", "pgcode"):
        value = getattr(original, name, None)
        if isinstance(value, str):
            return value
    return None


def server_words(error: exc.DBAPIError) -> str:
    """The server's primary message, on one line."""
    original = error.orig
    diagnostics = getattr(original, "diag", None)
    words = getattr(diagnostics, "message_primary", None) or getattr(original, "message", None)
    return one_line(words or str(original))


def one_line(words: str) -> str:
    """`words` without line breaks and the last full stop."""
    return " ".join(words.split()).rstrip(".")


def _before(record: RunRecord) -> str:
    done = [step.revision for step in record.steps]
    if not done:
        return ""
    names = done[0] if len(done) == 1 else f"{done[0]} to {done[-1]}"
    return f"; what ran before it stands: {names}"
