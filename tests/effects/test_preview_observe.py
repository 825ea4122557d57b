"""What preview sees of each statement, on the connection that sends it."""

from __future__ import annotations

import json

import pytest

from tests.conftest import ENV_PY, MakeProject, RunLockgate

REVISIONS = {
    "one": (
        "op.execute('CREATE TABLE item (id int PRIMARY KEY, note varchar(9))')",
        "op.execute('DROP TABLE item')",
    ),
    "two": (
        "op.execute('ALTER TABLE item ALTER note TYPE int USING 1')\n"
        "    op.execute('ALTER TABLE item ADD more text')\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.execute('CREATE INDEX CONCURRENTLY item_note ON item (note)')\n"
        "        op.execute('DROP INDEX CONCURRENTLY item_note')",
        "op.execute('TRUNCATE item')",
    ),
}

ASYNC_ENV = """\
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

asyncio.run(main())
"""


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg", "pg8000"])
def test_preview_sees_each_statement_with_any_driver(
    make_project: MakeProject, lockgate: RunLockgate, driver: str
) -> None:
    env = ASYNC_ENV if driver == "asyncpg" else ENV_PY
    # pg8000 cannot send CONCURRENTLY; without it the statements commit by themselves too.
    concurrently = "" if driver == "pg8000" else "CONCURRENTLY "
    revisions = {
        name: (up.replace("CONCURRENTLY ", concurrently), down)
        for name, (up, down) in REVISIONS.items()
    }
    project = make_project(f'driver = "{driver}"\n', env_py=env, revisions=revisions)

    answer = lockgate(project, "preview", "--format", "json")

    assert None is json.loads(answer.stdout)["error"]
    assert 0 == answer.returncode, answer.stderr
    _, two = json.loads(answer.stdout)["revisions"]
    sent = [s for s in (*two["upgrade"], *two["downgrade"]) if not s["bookkeeping"]]
    retyped, added, built, dropped, emptied = [
        {
            e["relation"]: (e["mode"], e["rewrites"], e["builds"], e["evidence"])
            for e in s["effects"]
        }
        for s in sent
    ]
    exclusive, item = "ACCESS EXCLUSIVE", "public.item"
    for_build, for_drop = ("SHARE UPDATE EXCLUSIVE",) * 2 if concurrently else ("SHARE", exclusive)
    assert (exclusive, True, ["public.item_pkey"], "observed") == retyped[item]
    # The transaction held that lock already.
    assert (exclusive, False, [], "predicted") == added[item]
    assert (for_build, False, ["public.item_note"], "observed") == built[item]
    assert (for_drop, False, [], "observed") == dropped[item]
    assert (exclusive, False, [], "observed") == dropped["public.item_note"]
    assert (exclusive, False, [], "observed") == emptied[item]
    assert [] == [line for s in sent for line in s["disagreements"]]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg", "pg8000"])
def test_what_is_read_outside_a_transaction_is_known_from_the_servers_words(
    make_project: MakeProject, lockgate: RunLockgate, driver: str
) -> None:
    more = (
        "op.execute('ALTER TABLE item ADD CHECK (id > 0) NOT VALID, ADD of int')\n"
        "    op.execute('ALTER TABLE item ADD FOREIGN KEY (of) REFERENCES item NOT VALID')\n"
        "    op.execute('SET client_min_messages = warning')\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.execute('ALTER TABLE item VALIDATE CONSTRAINT item_id_check')\n"
        "        op.execute('ALTER TABLE item VALIDATE CONSTRAINT item_of_fkey')"
    )
    revisions = {"one": REVISIONS["one"], "two": (more, "op.execute('TRUNCATE item')")}
    env = ASYNC_ENV if driver == "asyncpg" else ENV_PY
    project = make_project(f'driver = "{driver}"\n', env_py=env, revisions=revisions)

    answer = lockgate(project, "preview", "--format", "json")

    assert 0 == answer.returncode, answer.stderr
    _, two = json.loads(answer.stdout)["revisions"]
    sent = [s for s in two["upgrade"] if not s["bookkeeping"]]
    assert [[True], [True]] == [
        [e["scans"] for e in s["effects"] if e["mode"] == "SHARE UPDATE EXCLUSIVE"]
        for s in sent[-2:]
    ]
    assert [] == [line for s in sent for line in s["disagreements"]]


def test_a_statement_that_fails_outside_a_transaction_may_be_caught(
    make_project: MakeProject, lockgate: RunLockgate
) -> None:
    up = (
        "with op.get_context().autocommit_block():\n"
        "        try: op.execute('ALTER TABLE nothing ADD n int')\n"
        "        except Exception: pass\n"
        "        op.execute('CREATE INDEX CONCURRENTLY item_note ON item (note)')"
    )
    revisions = {"one": REVISIONS["one"], "two": (up, "op.execute('DROP INDEX item_note')")}
    project = make_project("", revisions=revisions)

    answer = lockgate(project, "preview", "--format", "json")

    assert 0 == answer.returncode, answer.stderr
    _, two = json.loads(answer.stdout)["revisions"]
    (effect,) = two["upgrade"][1]["effects"]
    assert (["public.item_note"], "observed") == (effect["builds"], effect["evidence"])
