"""Reads the Catalog of a database from what `pg_dump --schema-only` writes.

Answers what structure a database has, and the statements that would make it anew. Leaves
comparing to `core.catalog`, and finding `pg_dump` to `binaries`.

Left out: owners, privileges, tablespaces, data, the schema `lockgate` and its event triggers, the
version tables; and subscriptions and user mappings, which are wiring between servers and may hold
passwords. NOT NULL constraints, which have names from PostgreSQL 18 on, keep theirs as a cosmetic
object: before, there was none, and a renamed column keeps one that no model can know.
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

from lockgate.core.catalog import COLUMN_ORDER, COLUMN_SEPARATOR, Catalog, CatalogObject
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
class CatalogLocked(LockgateError):
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


def read_catalog(
    url: DatabaseUrl,
    *,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...] = (),
    lock_timeout_ms: int = 5000,
) -> Catalog:
    """The Catalog of the database at `url`.

    `version_tables` are left out, each a schema and a name.

    Raises DumpFailed, CatalogLocked.
    """
    return parse_dump(_dump(url, pg_dump, version_tables, lock_timeout_ms))


def dump_schema(
    url: DatabaseUrl,
    *,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...] = (),
    lock_timeout_ms: int = 5000,
) -> str:
    """Statements that make the same structure in an empty database, for any driver to execute.

    They leave the session with an empty `search_path`.

    Raises DumpFailed, CatalogLocked.
    """
    text = _dump(url, pg_dump, version_tables, lock_timeout_ms)
    # A server older than 17 does not know this setting, which a newer pg_dump writes anyway.
    unwanted = "SET transaction_timeout = "
    kept = [
        text[start:end]
        for entry in _entries(text)
        for start, end in entry.statements
        if not text.startswith(unwanted, start)
    ]
    return "\n".join(f"{statement};" for statement in kept)


def _dump(
    url: DatabaseUrl,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...],
    lock_timeout_ms: int,
) -> str:
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
            raise CatalogLocked(url.redacted(), lock_timeout_ms)
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
SERVER = re.compile(r"-- Dumped from database version (\S+)")
IDENTIFIER = r'"(?:[^"]|"")+"|[^\s"(]+'


@dataclass(slots=True)
class Entry:
    """One entry of a dump; `statements` are where each begins and ends, without its semicolon."""

    kind: str
    name: str
    schema: str
    statements: list[tuple[int, int]]


def parse_dump(text: str) -> Catalog:
    """The Catalog that `text`, a schema-only dump in plain format, describes."""
    version = SERVER.search(text)
    objects: list[CatalogObject] = []
    # pg_dump says the access method in a SET before the table instead of in its statement.
    access_method = "heap"
    for entry in _entries(text):
        settings = _split_settings(entry, text)
        if entry.statements and not _left_out(entry):
            objects.extend(_objects(entry, text, access_method))
        for setting in settings:
            if setting.startswith("SET default_table_access_method = "):
                access_method = setting.rpartition(" ")[2]
    return Catalog(version[1] if version else "unknown", tuple(objects))


def _entries(text: str) -> Iterator[Entry]:
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


# \restrict and \unrestrict are for psql, and have another key in each dump.
WHITE_SPACE = re.compile(r"(?:\s|\\(?:un)?restrict .*\n)*")


def _first_text(text: str, start: int) -> int:
    match = WHITE_SPACE.match(text, start)
    return start if match is None else match.end()


def _split_settings(entry: Entry, text: str) -> list[str]:
    """Takes the settings for the next entry, which follow this one's statements, off its end."""
    settings = []
    while entry.statements:
        start, end = entry.statements[-1]
        if not text.startswith(("SET ", "SELECT pg_catalog.set_config("), start):
            break
        settings.append(text[start:end])
        entry.statements.pop()
    return settings


def _left_out(entry: Entry) -> bool:
    if entry.kind == "EVENT TRIGGER":
        return entry.name.startswith(OWN_EVENT_TRIGGERS)
    return entry.kind == "USER MAPPING"


OF_TABLES = ("DEFAULT", "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT", "TRIGGER", "POLICY")
COMMENTED = re.compile(r"([A-Z][A-Z ]*) (.*)")


def _objects(entry: Entry, text: str, access_method: str) -> Iterator[CatalogObject]:
    kind = entry.kind.lower()
    name = entry.name
    if entry.kind in OF_TABLES:
        kind = kind.removeprefix("fk ").removeprefix("check ")
        name = name.replace(" ", ".") if name.count(" ") == 1 else name
    prefix = "" if entry.schema == "-" else f"{entry.schema}."
    if entry.kind == "COMMENT" and (commented := COMMENTED.fullmatch(name)) is not None:
        name = f"{commented[1].lower()} {prefix}{commented[2]}"
    else:
        name = prefix + name
    whole = text[entry.statements[0][0] : entry.statements[-1][1]]
    found = CatalogObject(kind, name, whole, cosmetic=entry.kind == "COMMENT")
    if entry.kind in ("TABLE", "FOREIGN TABLE"):
        yield from _table(found, [text[start:end] for start, end in entry.statements])
    elif entry.kind == "STATISTICS":
        yield found._replace(definition=_sort_statistics(whole))
    else:
        yield found
    stored = entry.kind == "MATERIALIZED VIEW" or (
        entry.kind == "TABLE" and "PARTITION BY" not in whole
    )
    if stored and access_method != "heap":
        yield CatalogObject("access method of table", name, access_method)


# Tables: one property for each column and each constraint


def _table(found: CatalogObject, statements: list[str]) -> Iterator[CatalogObject]:
    """The table with its columns in no order, their order, and the names of its NOT NULLs.

    pg_dump writes what ALTER TABLE adds to a table in the order of its columns too.
    """
    head, members, tail = _split_members(statements[0])
    properties = []
    order = []
    for member in members:
        what, definition = _member(member)
        named, constraint = _split_not_null(definition)
        properties.append((what, named))
        if what.startswith("column "):
            order.append(what.removeprefix("column "))
        if constraint is not None:
            yield CatalogObject(
                "not-null constraint",
                f"{found.name}.{what.removeprefix('column ')}",
                constraint,
                cosmetic=True,
            )
    definition = ";\n".join([f"{head.rstrip()}{tail}", *sorted(statements[1:])])
    yield found._replace(definition=definition, properties=tuple(sorted(properties)))
    yield CatalogObject(COLUMN_ORDER, found.name, COLUMN_SEPARATOR.join(order), cosmetic=True)


def _split_members(statement: str) -> tuple[str, list[str], str]:
    """What stands before the first parenthesis, each member in it, and what stands behind it."""
    depth = start = opened = 0
    members: list[str] = []
    for token in TOKEN.finditer(statement):
        match token[0]:
            case "(":
                depth += 1
                if depth == 1:
                    opened, start = token.start(), token.end()
            case "," if depth == 1:
                members.append(statement[start : token.start()].strip())
                start = token.end()
            case ")":
                depth -= 1
                if depth == 0:
                    last = statement[start : token.start()].strip()
                    members.extend([last] if last else [])
                    return statement[:opened], members, statement[token.end() :]
    return statement, [], ""


MEMBER = re.compile(rf"(CONSTRAINT )?({IDENTIFIER})\s*(.*)", re.DOTALL)


def _member(member: str) -> tuple[str, str]:
    """`column NAME` or `constraint NAME`, and its definition."""
    match = MEMBER.fullmatch(member)
    if match is None:
        return "member", member
    return f"{'constraint' if match[1] else 'column'} {match[2]}", match[3]


NOT_NULL = re.compile(rf"""'[^']*'|CONSTRAINT ({IDENTIFIER}) NOT NULL|"[^"]*\"""")


def _split_not_null(definition: str) -> tuple[str, str | None]:
    """A column's definition without the name of its NOT NULL constraint, and that name."""
    for match in NOT_NULL.finditer(definition):
        if match[1] is not None:
            return f"{definition[: match.start()]}NOT NULL{definition[match.end() :]}", match[1]
    return definition, None


STATISTICS = re.compile(r"(.*? ON )(.*)( FROM .*)", re.DOTALL)


def _sort_statistics(statement: str) -> str:
    """PostgreSQL keeps the columns of statistics in the table's order, which is none."""
    match = STATISTICS.fullmatch(statement)
    if match is None:
        return statement
    _, members, _ = _split_members(f"({match[2]})")
    return match[1] + ", ".join(sorted(members)) + match[3]
