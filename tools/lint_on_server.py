"""Holds what lint calls an error against what a server says while the revisions run on it.

    lockgate lint base:heads --format json >lint.json
    python tools/lint_on_server.py postgresql+psycopg2://.../EMPTY lint.json

Runs in the folder and the environment of a project, where `alembic.ini` is. Alembic brings the
empty database to its heads, and the server's `debug1` messages say for each statement what was
built, read or rewritten. Prints how many findings of each code the server confirms, and each
that it does not; the exit status is 1 where there is one. Findings without a statement are left
out. Works with psycopg2 and psycopg, which hand on what the server says.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event

SIGNS = {
    "LG001": "building index",
    "LG004": "building index",
    "LG005": "verifying table",
    "LG006": "validating foreign key",
    "LG007": "verifying table",
    "LG008": "rewriting table",
}
"""What the server says where the finding is true."""

RUNS = frozenset({"LG020", "LG030"})
"""True wherever the statement runs: a name is another, or none, afterwards."""


def one_line(sql: str) -> str:
    """A statement with single spaces and no semicolon, so that two spellings meet."""
    return " ".join(sql.split()).rstrip("; ")


def run(url: str) -> dict[str, list[str]]:
    """Every statement that Alembic ran to the heads, with what the server said to it."""
    said: dict[str, list[str]] = {}
    heard: list[str] = []  # by connections of psycopg; those of psycopg2 keep it themselves

    # SQLAlchemy's events pass arguments of many types; only these are looked at.
    @event.listens_for(Engine, "connect")
    def ask(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET client_min_messages = debug1")
        connection.commit()
        if hasattr(connection, "add_notice_handler"):
            connection.add_notice_handler(lambda notice: heard.append(notice.message_primary))

    @event.listens_for(Engine, "before_cursor_execute")
    def forget(connection: Any, *_: Any) -> None:
        del getattr(connection.connection.dbapi_connection, "notices", heard)[:]

    @event.listens_for(Engine, "after_cursor_execute")
    def keep(connection: Any, _: Any, statement: str, *__: Any) -> None:
        notices = getattr(connection.connection.dbapi_connection, "notices", heard)
        said.setdefault(one_line(statement), []).extend(notices)

    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "heads")
    return said


def confirmed(code: str, notices: list[str] | None) -> bool | None:
    """Whether the server did what the finding says; None where the statement never ran."""
    if notices is None:
        return None
    return code in RUNS or any(SIGNS.get(code, "\0") in notice for notice in notices)


def main(url: str, lint: Path) -> int:
    """Exit status 1 where the server does not confirm a finding."""
    document = json.loads(lint.read_text())
    said = run(url)
    counts: Counter[tuple[str, str]] = Counter()
    for finding in document["findings"]:
        if finding["severity"] != "error" or finding["statement"] is None:
            continue
        statement = one_line(document["statements"][finding["statement"]]["sql"])
        verdict = confirmed(finding["code"], said.get(statement))
        word = {True: "confirmed", False: "false", None: "not run"}[verdict]
        counts[finding["code"], word] += 1
        if not verdict:
            print(f"{word}: {finding['file']}:{finding['line']} {finding['code']}")
            print(f"  {finding['message']}\n  {statement}")
    for (code, word), number in sorted(counts.items()):
        print(f"{code}  {word:10} {number:4}")
    return 0 if all(word == "confirmed" for _, word in counts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
