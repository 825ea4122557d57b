"""What a rehearsal sees of each statement that it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.preview import PreviewedStatement
from lockgate.core.rehearsal import Rehearsal, RevisionRehearsal
from lockgate.core.statement import Direction, Statement
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server
from lockgate.report.rehearsal import rehearsal_text
from tests.conftest import ENV_PY, REVISIONS, MakeProject, RunLockgate

SETTINGS = '[scratch]\nurl = "env:SCRATCH_URL"\n'


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_statements_are_observed_both_ways(
    make_project: MakeProject, server: Server, lockgate: RunLockgate, driver: str
) -> None:
    folder = make_project(f'driver = "{driver}"\n{SETTINGS}', env_py=env_py_of(driver))

    answer = lockgate(folder, "rehearse", "--format", "json", SCRATCH_URL=server.url.render())

    (two,) = [r for r in json.loads(answer.stdout)["revisions"] if r["revision"] == "two"]
    seen = [
        (s["direction"], e["relation"], e["mode"], e["evidence"])
        for s in two["statements"]
        for e in s["effects"]
    ]
    assert [
        ("upgrade", "public.item", "ACCESS EXCLUSIVE", "observed"),
        ("downgrade", "public.item", "ACCESS EXCLUSIVE", "observed"),
    ] == seen
    assert [[], []] == [s["disagreements"] for s in two["statements"]]


def env_py_of(driver: str) -> str:
    if driver != "asyncpg":
        return ENV_PY
    return """\
import asyncio, os
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()

asyncio.run(main())
"""


@pytest.fixture
def plain_login(server: Server) -> Iterator[DatabaseUrl]:
    """A scratch login that may make databases and is no superuser."""
    name = "lockgate_test_plain"
    with psycopg.connect(make_conninfo(**server.url.conninfo()), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN CREATEDB".encode())
        yield replace(server.url, user=name)
        connection.execute(f"DROP ROLE {name}".encode())


def test_a_login_that_sees_half_of_it_claims_no_disagreement(
    make_project: MakeProject, plain_login: DatabaseUrl, lockgate: RunLockgate
) -> None:
    create = "op.execute('CREATE INDEX CONCURRENTLY i{} ON item (id)')"
    block = f"with op.get_context().autocommit_block(): {create}"
    up = "\n    ".join(block.format(n) for n in range(4))
    down = "\n    ".join(f"op.drop_index('i{n}')" for n in range(4))
    folder = make_project(SETTINGS, revisions=REVISIONS | {"indexed": (up, down)})

    answer = lockgate(folder, "rehearse", "--format", "json", SCRATCH_URL=plain_login.render())

    (indexed,) = [r for r in json.loads(answer.stdout)["revisions"] if r["revision"] == "indexed"]
    made = [s for s in indexed["statements"] if s["direction"] == "upgrade"]
    assert [[]] * 4 == [s["disagreements"] for s in made]
    assert [("predicted", [f"public.i{n}"]) for n in range(4)] == [
        (e["evidence"], e["builds"]) for s in made for e in s["effects"]
    ]


def test_statements_before_a_failure_are_kept_and_the_failed_one_is_named(
    make_project: MakeProject, server: Server, lockgate: RunLockgate
) -> None:
    up = "op.execute('ALTER TABLE item ADD n int')\n    op.execute('ALTER TABLE nothing ADD n int')"
    folder = make_project(SETTINGS, revisions=REVISIONS | {"broken": (up, "pass")})

    answer = lockgate(folder, "rehearse", "--format", "json", SCRATCH_URL=server.url.render())
    text = lockgate(folder, "rehearse", SCRATCH_URL=server.url.render())

    (broken,) = [r for r in json.loads(answer.stdout)["revisions"] if r["revision"] == "broken"]
    assert [
        ("ALTER TABLE item ADD n int", False, ["observed"]),
        ("ALTER TABLE nothing ADD n int", True, ["unknown"]),
    ] == [
        (s["sql"], s["failed"], [e["evidence"] for e in s["effects"]]) for s in broken["statements"]
    ]
    assert '"nothing" does not exist' in broken["error"]
    assert "      sent: ALTER TABLE nothing ADD n int\n" in text.stdout


def test_verbose_tells_what_is_blocked(
    make_project: MakeProject, server: Server, lockgate: RunLockgate, tmp_path: Path
) -> None:
    folder = make_project(SETTINGS)

    answer = lockgate(folder, "rehearse", "--verbose", SCRATCH_URL=server.url.render())

    assert "      line 9: blocks reads and writes on item\n" in answer.stdout


def test_a_disagreement_is_told_without_being_asked() -> None:
    statement = Statement("SELECT 1", None, "one", Direction.UP, "one.py", 9, True)
    said = "public.t: predicted SHARE, observed ACCESS EXCLUSIVE"
    previewed = PreviewedStatement(statement, "SELECT 1", disagreements=(said,))
    one = RevisionRehearsal("one", "x", "one.py", "ok", "ok", True, statements=(previewed,))

    text = rehearsal_text(Rehearsal("18.4", "base", (one,)))

    assert (
        f"!! lockgate contradicts itself on {said}; what was seen counts: please report it" in text
    )
