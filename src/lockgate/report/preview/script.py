"""A preview as a file that a DBA can run with psql."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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
    if preview.beforehand:
        lines += ["", "-- what env.py and Alembic send beforehand"]
        lines += [f"{sql.strip().rstrip(';')};" for sql in preview.beforehand]
    for one in preview.revisions:
        lines += ["", f"-- {one.revision}: {' '.join(one.message.split())}"]
        lines += _transactions(one.up)
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
