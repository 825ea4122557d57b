"""A preview as a file that a DBA can run with psql."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lockgate.core.ddl.text import literal
from lockgate.core.environment import PRIMARY
from lockgate.core.preview import Preview, PreviewedStatement


def preview_sql(preview: Preview, *, mark: tuple[str, str] | None, lock_timeout_ms: int) -> str:
    """A script for psql that does what the upgrade did on scratch.

    `mark` is name and uuid of the Environment that it is for; the script refuses any other.
    """
    lines = [
        f"-- upgrade from {', '.join(preview.heads_before) or 'base'} "
        f"to {', '.join(preview.heads_after) or 'base'}",
        f"-- as executed on PostgreSQL {preview.server}; statements that depend on rows were",
        "-- made from the rows on scratch, where tables are empty: review those by hand",
        "-- run it with: psql -v ON_ERROR_STOP=1 -f FILE",
        "",
        f"SET lock_timeout = '{lock_timeout_ms}ms';",
    ]
    if mark is not None:
        lines += _refusal(*mark)
    parts = tuple(dict.fromkeys(s.part for one in preview.revisions for s in one.up if s.part))
    if parts:
        lines += _one_of(parts, marked=mark is not None)
    if preview.beforehand:
        lines += ["", "-- what env.py and Alembic send beforehand"]
        lines += [f"{sql.strip().rstrip(';')};" for sql in preview.beforehand]
    for one in preview.revisions:
        lines += ["", f"-- {one.revision}: {' '.join(one.message.split())}"]
        for part in parts or (PRIMARY,):
            sent = _transactions(s for s in one.up if s.part == part)
            lines += [f"\\if :on_{parts.index(part)}", *sent, "\\endif"] if part else sent
    return "\n".join(lines) + "\n"


def _refusal(environment: str, uuid: str) -> list[str]:
    name = environment.replace("'", "''")
    return [
        "DO $lockgate$ BEGIN",
        f"  IF NOT EXISTS (SELECT FROM lockgate.mark WHERE uuid = '{uuid}') THEN",
        f"    RAISE EXCEPTION 'this database is not %', '{name}';",
        "  END IF;",
        "END $lockgate$;",
    ]


def _one_of(parts: Sequence[str], *, marked: bool) -> list[str]:
    """Notes in psql's variables which of several databases this is: the script is for each."""
    is_this = "(SELECT m.part FROM lockgate.mark AS m)" if marked else ":'database'"
    how = "" if marked else ", with -v database=NAME"
    tests = (f"{is_this} = {literal(part)} AS on_{n}" for n, part in enumerate(parts))
    return [
        f"-- run it on each of {', '.join(parts)}{how}: it does there what is meant for it",
        f"SELECT {', '.join(tests)} \\gset",
    ]


def _transactions(statements: Iterable[PreviewedStatement]) -> list[str]:
    """Statements with BEGIN and COMMIT where the revision's transactions began and ended."""
    lines: list[str] = []
    is_open = False
    for previewed in statements:
        transactional = previewed.statement.transactional
        if transactional != is_open:
            lines.append("BEGIN;" if transactional else "COMMIT;")
            is_open = transactional
        if previewed.statement.line is not None:
            lines.append(
                f"-- {Path(previewed.statement.file or '').name}:{previewed.statement.line}"
            )
        lines.append(previewed.sql.strip().rstrip(";") + ";")
    if is_open:
        lines.append("COMMIT;")
    return lines
