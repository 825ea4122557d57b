"""The statements of `pg_dump --schema-only`, that make a database's structure anew elsewhere.

Reading a structure as a Catalog is `postgres.catalog`'s, finding `pg_dump` is `binaries`'.

Left out: owners, privileges, tablespaces, data, the schema `lockgate` and its event triggers, the
version tables; and subscriptions and user mappings, which are wiring between servers and may hold
passwords.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError

OWN_SCHEMA = "lockgate"
OWN_EVENT_TRIGGERS = "lockgate_"


@dataclass(eq=False)
class DumpFailed(LockgateError):
    """`pg_dump` did not run, or ended with an error; `reason` is its own words."""

    url: str
    reason: str

    code: ClassVar[str] = "LG-DUMP-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which database, and what pg_dump said."""
        return f'the structure of "{self.url}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """What to look at."""
        return "check that the login may read every table, and that the server answers"


@dataclass(eq=False)
class DumpLocked(LockgateError):
    """Reading waited for a table that somebody else holds in ACCESS EXCLUSIVE mode."""

    url: str
    lock_timeout_ms: int

    code: ClassVar[str] = "LG-DUMP-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.LOCK_NOT_OBTAINED

    @property
    def message(self) -> str:
        """Which database, and how long it waited."""
        return (
            f'the structure of "{self.url}" cannot be read: '
            f"a table stayed locked for {self.lock_timeout_ms} ms"
        )

    @property
    def hint(self) -> str:
        """What to look for."""
        return "look in pg_locks for a session that holds ACCESS EXCLUSIVE, and try again after it"


def dump_schema(
    url: DatabaseUrl,
    *,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...] = (),
    lock_timeout_ms: int = 5000,
) -> str:
    """Statements that make the same structure in an empty database, for any driver to execute.

    They leave the session with an empty `search_path`.

    Raises DumpFailed, DumpLocked.
    """
    text = dump_text(url, pg_dump, version_tables, lock_timeout_ms)
    # A server older than 17 does not know this setting, which a newer pg_dump writes anyway.
    unwanted = "SET transaction_timeout = "
    kept = [
        text[start:end]
        for entry in entries(text)
        if not left_out(entry)
        for start, end in entry.statements
        if not text.startswith(unwanted, start)
    ]
    return "\n".join(f"{statement};" for statement in kept)


def dump_text(
    url: DatabaseUrl,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...],
    lock_timeout_ms: int,
) -> str:
    """What `pg_dump` writes, as it writes it; raises as `dump_schema`."""
    # The command line is open to every account of the machine, so no secret is on it.
    shown = {
        name: value
        for name, value in url.conninfo().items()
        if name not in ("password", "sslpassword")
    }
    conninfo = make_conninfo("", **{"connect_timeout": "10", **shown})
    command = [
        str(pg_dump),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--no-tablespaces",
        "--no-subscriptions",
        "--no-password",
        "--encoding=UTF8",
        f"--lock-wait-timeout={lock_timeout_ms}",
        f"--exclude-schema={OWN_SCHEMA}",
        *(f"--exclude-table={_pattern(*table)}" for table in version_tables),
        f"--dbname={conninfo}",
    ]
    environ = dict(os.environ) | {"LC_ALL": "C"}
    if url.password is not None:
        environ["PGPASSWORD"] = url.password
    try:
        answer = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        raise DumpFailed(url.redacted(), f"{pg_dump}: {error.strerror}") from None
    if answer.returncode != 0:
        said = answer.stderr.decode(errors="replace")
        # pg_dump bounds its LOCK TABLE with a statement timeout, and tells no SQLSTATE.
        if "LOCK TABLE" in said and "timeout" in said:
            raise DumpLocked(url.redacted(), lock_timeout_ms)
        raise DumpFailed(url.redacted(), _reason(said, url.password))
    return answer.stdout.decode()


def _pattern(schema: str, table: str) -> str:
    """pg_dump's pattern for exactly this table."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in (schema, table))


def _reason(said: str, password: str | None) -> str:
    lines = [line.removeprefix("pg_dump: ").strip() for line in said.splitlines()]
    lines = [line.removeprefix("error: ") for line in lines if line]
    reason = lines[0] if lines else "pg_dump says nothing"
    return reason.replace(password, "***") if password else reason


# What pg_dump writes: entries, each a comment that names the object and then its statements


TOKEN = re.compile(
    r"""'[^']*' | "[^"]*"                            # a doubled quote is two tokens side by side
      | \$([^\W\d]\w*)?\$ .*? \$(?(1)\1)\$           # dollar quotes
      | --[^\n]*
      | [(),;]""",
    re.DOTALL | re.VERBOSE,
)
HEADER = re.compile(r"-- Name: (.*); Type: (.*?); Schema: (.*); Owner: ")


@dataclass(slots=True)
class Entry:
    """One entry of a dump; `statements` are where each begins and ends, without its semicolon."""

    kind: str
    name: str
    schema: str
    statements: list[tuple[int, int]]


def entries(text: str) -> Iterator[Entry]:
    """The entries in order; what stands before the first one comes as an entry without a name.

    Only a comment outside of strings, quoted names and bodies is one: such a text may hold
    anything, a line that looks like a header included.
    """
    entry = Entry("", "", "", [])
    depth = start = 0
    for token in TOKEN.finditer(text):
        match token[0][0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case ";" if depth == 0:
                entry.statements.append((_first_text(text, start), token.start()))
                start = token.end()
            case "-":
                start = token.end()
                header = HEADER.match(token[0])
                if header is not None:
                    yield entry
                    entry = Entry(header[2], header[1], header[3], [])
    yield entry


def left_out(entry: Entry) -> bool:
    """Whether `entry` is lockgate's own, or wiring to another server."""
    if entry.kind == "EVENT TRIGGER":
        return entry.name.startswith(OWN_EVENT_TRIGGERS)
    return entry.kind == "USER MAPPING"


# \restrict and \unrestrict are for psql, and have another key in each dump.
WHITE_SPACE = re.compile(r"(?:\s|\\(?:un)?restrict .*\n)*")


def _first_text(text: str, start: int) -> int:
    match = WHITE_SPACE.match(text, start)
    return start if match is None else match.end()
