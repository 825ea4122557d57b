"""What upgrade keeps to while things go wrong: locks, crashes, signals, rivals and the Ledger.

Each test runs the real command line on a real server, and waits for conditions in the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg import errors

from lockgate.config import load_settings
from lockgate.core.ledger import verify
from lockgate.core.url import DatabaseUrl
from lockgate.postgres import ledger
from lockgate.postgres.session import DEPLOY_LOCK
from lockgate.workflows import environments
from lockgate.workflows.upgrade import upgrade
from lockgate.workflows.workspace import Workspace
from tests.conftest import ENV_PY, MakeProject, NewDatabase

DEADLINE_S = 30.0

ASYNC_ENV_PY = """\
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
    await engine.dispose()

asyncio.run(main())
"""

ENV_PY_OF = {"psycopg": ENV_PY, "psycopg2": ENV_PY, "asyncpg": ASYNC_ENV_PY}


def lines(*statements: str) -> str:
    """The body of a revision's function."""
    return "\n    ".join(statements)


ITEM = (
    lines(
        "op.execute('CREATE TABLE item (id int, note text)')",
        "op.execute('CREATE TABLE other (id int)')",
    ),
    "op.execute('DROP TABLE item, other')",
)
ADD_SIZE = (
    "op.execute('ALTER TABLE item ADD size int')",
    "op.execute('ALTER TABLE item DROP size')",
)
ADD_INDEX = (
    lines(
        "with op.get_context().autocommit_block():",
        "    op.execute('CREATE UNIQUE INDEX CONCURRENTLY item_id ON item (id)')",
    ),
    "op.execute('DROP INDEX item_id')",
)
BOTH = {"one": ITEM, "two": ADD_SIZE}
INDEXED = {"one": ITEM, "two": ADD_INDEX}


@dataclass
class Site:
    """A project with an enrolled database, and ways to run lockgate on it and look into it."""

    folder: Path
    url: DatabaseUrl
    workspace: Workspace
    stack: ExitStack

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `lockgate`; ended, if need be, when the test ends."""
        process = subprocess.Popen(
            [Path(sys.executable).with_name("lockgate"), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def upgrade(self) -> tuple[int, str]:
        """Exit status and stderr of `lockgate upgrade`."""
        return finish(self.start("upgrade", "--env", "dev"))

    def upgrade_to(self, revision: str) -> None:
        """Runs the revisions that a test starts from, in this process."""
        upgrade(self.workspace, "dev", revision, tag=None)

    def connect(self, *, autocommit: bool = True, name: str = "test") -> psycopg.Connection:
        """A connection beside lockgate, which sees and holds what it likes."""
        connection = psycopg.connect(
            self.url.render(), autocommit=autocommit, application_name=name
        )
        self.stack.callback(connection.close)
        return connection

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """The rows that `sql` answers."""
        with self.connect() as connection:
            return connection.execute(sql).fetchall()

    def do(self, sql: str) -> None:
        """Runs `sql`."""
        with self.connect() as connection:
            connection.execute(sql)

    def version(self) -> list[tuple[object, ...]]:
        return self.ask("SELECT version_num FROM alembic_version")

    def outcomes(self) -> list[tuple[object, ...]]:
        """Revision, outcome and error of each Ledger row but the enrolment."""
        return self.ask(
            "SELECT entry::json->>'revision', entry::json->>'outcome' FROM lockgate.ledger"
            " WHERE entry::json->>'action' <> 'enroll' ORDER BY id"
        )

    def faults(self) -> tuple[object, ...]:
        with self.connect() as connection:
            return verify(*ledger.read_ledger(connection))

    def deployers(self) -> list[tuple[object, ...]]:
        return self.ask(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
            f" AND (classid::bigint << 32) | objid::bigint = {DEPLOY_LOCK}"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

    def wait_for(self, sql: str) -> list[tuple[object, ...]]:
        """The rows that `sql` answers as soon as there are any."""
        with self.connect() as connection:
            deadline = monotonic() + DEADLINE_S
            while monotonic() < deadline:
                rows = connection.execute(sql).fetchall()
                if rows:
                    return rows
                threading.Event().wait(0.01)
        raise AssertionError(f"never true: {sql}")

    def wait_until_blocked(self, query: str = "") -> None:
        """Until a session of lockgate's run waits for a lock."""
        self.wait_for(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'lockgate % dev'"
            f" AND wait_event_type = 'Lock' AND query ILIKE '%{query}%'"
            " AND datname = current_database()"
        )

    def wait_until_alone(self) -> None:
        """Until no session of lockgate's is left."""
        self.wait_for(
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE application_name LIKE 'lockgate %' AND datname = current_database())"
        )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=DEADLINE_S)
    return process.returncode, said


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(
    make_project: MakeProject, new_database: NewDatabase, database: DatabaseUrl
) -> Iterator[MakeSite]:
    with ExitStack() as stack:

        def make(
            revisions: dict[str, tuple[str, str]],
            *,
            driver: str = "psycopg",
            env_py: str | None = None,
            lock_timeout: str = "200ms",
            lock_budget: str = "20s",
        ) -> Site:
            settings = (
                f'driver = "{driver}"\n[environments.dev]\nrole = "development"\n'
                f'url = "{database.render()}"\n'
                f'lock_timeout = "{lock_timeout}"\nlock_budget = "{lock_budget}"\n'
            )
            folder = make_project(settings, env_py=env_py or ENV_PY_OF[driver], revisions=revisions)
            workspace = Workspace(load_settings(folder / "lockgate.toml"), environ={})
            environments.enroll(workspace, "dev", lambda *_: None)
            return Site(folder, database, workspace, stack)

        yield make


# Locks


def test_upgrade_lets_others_through_between_its_tries_and_ends_when_the_blocker_does(
    make_site: MakeSite,
) -> None:
    site = make_site(BOTH, lock_timeout="1s")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("SELECT FROM item")

    process = site.start("upgrade", "--env", "dev")
    site.wait_until_blocked("ALTER TABLE")
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(site.ask, "SELECT count(*) FROM item")
        site.wait_for(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM item'"
            " AND wait_event_type = 'Lock' AND datname = current_database()"
        )
        through = reading.result(timeout=DEADLINE_S)
    version_meanwhile = site.version()
    holder.commit()
    status, _ = finish(process)

    assert (through, version_meanwhile) == ([(0,)], [("one",)])
    assert (status, site.version()) == (0, [("two",)])
    tries = site.ask("SELECT (entry::json->>'attempt')::int FROM lockgate.ledger ORDER BY id")
    assert (tries[1], tries[2][0]) >= ((1,), 2)


def test_used_up_lock_budget_is_exit_7_and_names_only_who_is_in_the_way(
    make_site: MakeSite,
) -> None:
    site = make_site(BOTH, lock_budget="1500ms")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False, name="nightly report")
    holder.execute("SELECT FROM item")
    innocent = site.connect(autocommit=False, name="innocent")
    innocent.execute("SELECT FROM other")

    status, said = site.upgrade()

    assert status == 7
    assert f'in the way: session {holder.info.backend_pid} ("nightly report", idle in' in said
    assert "innocent" not in said
    assert "nothing changed" in said
    assert site.version() == [("one",)]
    assert site.outcomes() == [("one", "done"), ("two", "failed")]
    assert site.deployers() == []


def test_used_up_lock_budget_after_a_committed_revision_is_exit_6(make_site: MakeSite) -> None:
    another = ("op.execute('ALTER TABLE other ADD size int')", "pass")
    site = make_site({**BOTH, "three": another}, lock_budget="1s")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("SELECT FROM other")

    status, said = site.upgrade()

    assert status == 6
    assert "what ran before it stands, up to two" in said
    assert site.version() == [("two",)]


def test_deadlock_is_rolled_back_and_tried_again(make_site: MakeSite) -> None:
    locks = ("op.execute('LOCK TABLE item')", "op.execute('LOCK TABLE other')")
    site = make_site({"one": ITEM, "two": (lines(*locks), "pass")}, lock_timeout="10s")
    site.upgrade_to("one")
    rival = site.connect(autocommit=False)
    rival.execute("SET deadlock_timeout = '1min'")  # so that lockgate is the victim
    rival.execute("LOCK TABLE other IN SHARE MODE")

    process = site.start("upgrade", "--env", "dev")
    site.wait_until_blocked("LOCK TABLE other")
    rival.execute("LOCK TABLE item")
    rival.commit()
    status, _ = finish(process)

    assert (status, site.version()) == (0, [("two",)])


def test_concurrently_waits_past_the_lock_timeout_and_what_follows_does_not(
    make_site: MakeSite,
) -> None:
    keep = "INSERT INTO seen SELECT current_setting($$lock_timeout$$)"
    revision = lines(
        "op.execute('CREATE TABLE seen (lock_timeout text)')",
        "with op.get_context().autocommit_block():",
        "    op.execute('CREATE INDEX CONCURRENTLY item_id ON item (id)')",
        f"    op.execute('{keep}')",
        "    op.execute('CREATE INDEX CONCURRENTLY item_note ON item (note)')",
        f"op.execute('{keep}')",
    )
    site = make_site({"one": ITEM, "two": (revision, "pass")})
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("INSERT INTO item VALUES (1)")

    process = site.start("upgrade", "--env", "dev")
    site.wait_for(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
        " AND clock_timestamp() - query_start > interval '700ms'"
    )
    holder.commit()
    status, _ = finish(process)

    assert (status, site.version()) == (0, [("two",)])
    assert site.ask("SELECT lock_timeout FROM seen") == [("200ms",), ("200ms",)]


# Going on after a stop part-way


COUNTED = (
    lines(
        "op.execute('CREATE TABLE ran (what text)')",
        "op.execute('INSERT INTO ran VALUES ($$in the transaction$$)')",
        "with op.get_context().autocommit_block():",
        "    op.execute('INSERT INTO ran VALUES ($$in the block$$)')",
        "    op.execute('CREATE UNIQUE INDEX CONCURRENTLY item_id ON item (id)')",
        "op.execute('INSERT INTO ran VALUES ($$after it$$)')",
    ),
    "pass",
)
RAN = [("in the transaction",), ("in the block",), ("after it",)]
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('item_id')"


@pytest.mark.parametrize("driver", ENV_PY_OF)
def test_failure_after_something_lasting_is_exit_6_and_the_same_command_goes_on(
    make_site: MakeSite, driver: str
) -> None:
    site = make_site({"one": ITEM, "two": COUNTED}, driver=driver)
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")

    stopped, said = site.upgrade()
    left = site.ask(VALID)
    site.do("DELETE FROM item")
    status, said_then = site.upgrade()

    assert (stopped, left) == (6, [(False,)])
    assert "stopped part-way, at two.py:" in said
    assert (status, site.version()) == (0, [("two",)]), said_then
    assert site.ask(VALID) == [(True,)]
    assert site.ask("SELECT what FROM ran") == RAN
    assert site.ask("SELECT 1 FROM lockgate.journal") == []
    assert site.outcomes() == [("one", "done"), ("two", "part-way"), ("two", "done")]
    assert site.faults() == ()


@pytest.mark.parametrize("driver", ENV_PY_OF)
def test_killed_while_building_an_index_the_same_command_goes_on(
    make_site: MakeSite, driver: str
) -> None:
    site = make_site({"one": ITEM, "two": COUNTED}, driver=driver)
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("INSERT INTO item VALUES (1)")

    process = site.start("upgrade", "--env", "dev")
    site.wait_until_blocked("CREATE UNIQUE INDEX CONCURRENTLY")
    process.kill()
    killed, _ = finish(process)
    again = site.start("upgrade", "--env", "dev")
    site.wait_for(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DROP INDEX CONCURRENTLY%item_id%'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    holder.commit()
    status, said = finish(again)

    assert (killed, status, site.version()) == (-signal.SIGKILL, 0, [("two",)]), said
    assert site.ask(VALID) == [(True,)]
    assert site.ask("SELECT what FROM ran") == RAN
    assert site.faults() == ()


def test_index_that_cannot_be_dropped_within_the_budget_is_named(make_site: MakeSite) -> None:
    site = make_site(INDEXED, lock_timeout="100ms", lock_budget="1s")
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")
    site.upgrade()
    site.do("DELETE FROM item")
    holder = site.connect(autocommit=False)
    holder.execute("INSERT INTO item VALUES (1)")

    status, said = site.upgrade()
    holder.rollback()

    assert status == 6
    assert 'error[LG-WAIT-4]: the invalid index "item_id"' in said
    assert site.upgrade()[0] == 0


def test_index_of_somebody_else_is_never_dropped(make_site: MakeSite) -> None:
    site = make_site(INDEXED)
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")
    with pytest.raises(errors.UniqueViolation):
        site.do("CREATE UNIQUE INDEX CONCURRENTLY item_id ON item (id)")
    theirs = site.ask("SELECT to_regclass('item_id')::oid")

    status, said = site.upgrade()

    assert "already exists" in said
    assert (status, site.ask("SELECT to_regclass('item_id')::oid")) == (6, theirs)


@pytest.mark.parametrize(
    ("statement", "before"),
    [
        ("ALTER TYPE mood ADD VALUE $$fine$$", "CREATE TYPE mood AS ENUM ($$bad$$)"),
        ("CREATE INDEX CONCURRENTLY found ON item (id)", "SELECT 1"),
        ("DROP INDEX CONCURRENTLY lost", "CREATE INDEX lost ON item (id)"),
    ],
)
def test_statement_that_took_place_before_the_crash_is_recognised(
    make_site: MakeSite, statement: str, before: str
) -> None:
    revision = lines(
        "with op.get_context().autocommit_block():",
        f"    op.execute('{statement}')",
        "    op.execute('SELECT 1 / (SELECT count(*) FROM item)')",
    )
    site = make_site({"one": ITEM, "two": (revision, "pass")})
    site.upgrade_to("one")
    site.do(before.replace("$$", "'"))
    stopped, _ = site.upgrade()
    # As if the crash had come before the journal heard of the end.
    site.do("UPDATE lockgate.journal SET done_at = NULL")
    site.do("INSERT INTO item VALUES (1)")

    status, said = site.upgrade()

    assert (stopped, status) == (6, 0), said
    assert site.version() == [("two",)]


def test_backfill_in_batches_goes_on_with_the_next_batch(make_site: MakeSite) -> None:
    revision = lines(
        "with op.get_context().autocommit_block():",
        "    batch = sa.text('UPDATE item SET note = 100 / id FROM (SELECT id AS next FROM item'",
        "        ' WHERE note IS NULL ORDER BY id DESC LIMIT 2) AS n WHERE id = next')",
        "    while op.get_bind().execute(batch).rowcount:",
        "        pass",
    )
    site = make_site({"one": ITEM, "two": (revision, "pass")})
    site.upgrade_to("one")
    site.do("INSERT INTO item SELECT n FROM generate_series(0, 8) AS n")
    stopped, _ = site.upgrade()
    halfway = site.ask("SELECT count(*) FROM item WHERE note IS NULL")
    site.do("UPDATE item SET id = 9 WHERE id = 0")

    status, said = site.upgrade()

    assert (stopped, halfway, status) == (6, [(1,)], 0), said
    assert site.ask("SELECT count(*) FROM item WHERE note IS NULL") == [(0,)]


def test_changed_revision_that_sends_something_else_is_refused_with_what_is_done(
    make_site: MakeSite,
) -> None:
    site = make_site({"one": ITEM, "two": COUNTED})
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")
    site.upgrade()
    file = site.folder / "migrations" / "versions" / "two.py"
    as_it_was = file.read_text()
    file.write_text(as_it_was.replace("in the block", "in the other block"))

    status, said = site.upgrade()
    file.write_text(as_it_was)
    site.do("DELETE FROM item")
    status_put_back, _ = site.upgrade()

    assert status == 6
    assert '"two.py" was changed since' in said
    assert 'expected "INSERT INTO ran VALUES ($$in the block$$)" again' in said
    assert 'done already: "CREATE TABLE ran (what text)"' in said
    assert "put two.py back as it was" in said
    assert (status_put_back, site.ask("SELECT what FROM ran")) == (0, RAN)


def test_correcting_the_statement_that_failed_is_enough(make_site: MakeSite) -> None:
    site = make_site({"one": ITEM, "two": COUNTED})
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")
    site.upgrade()
    file = site.folder / "migrations" / "versions" / "two.py"
    file.write_text(file.read_text().replace("CREATE UNIQUE INDEX", "CREATE INDEX"))

    status, said = site.upgrade()

    assert (status, site.ask(VALID), site.ask("SELECT what FROM ran")) == (0, [(True,)], RAN), said


def test_other_revisions_wait_until_the_unfinished_one_is_settled(make_site: MakeSite) -> None:
    site = make_site({"one": ITEM, "two": COUNTED})
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1), (1)")
    site.upgrade()

    refused, said = finish(site.start("downgrade", "base", "--env", "dev"))
    stamped, _ = finish(site.start("stamp", "one", "--env", "dev"))
    allowed, _ = finish(site.start("downgrade", "base", "--env", "dev"))

    assert (refused, stamped, allowed) == (6, 0, 0)
    assert 'upgrade of "two" stopped part-way' in said
    assert "`lockgate stamp`" in said


def test_database_enrolled_before_there_was_a_journal_gets_one(make_site: MakeSite) -> None:
    site = make_site(INDEXED)
    site.do("DROP TABLE lockgate.journal")

    status, _ = site.upgrade()

    assert (status, site.ask("SELECT 1 FROM lockgate.journal")) == (0, [])


# Signals


SLEEP = "op.execute('SELECT pg_sleep(600) FROM item')"


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (signal.SIGINT, "waiting"),
        (signal.SIGINT, "executing"),
        (signal.SIGINT, "concurrently"),
        (signal.SIGINT, "reading"),
        (signal.SIGTERM, "executing"),
    ],
)
@pytest.mark.parametrize("driver", ENV_PY_OF)
def test_signal_ends_the_run_at_once_and_the_same_command_goes_on(
    make_site: MakeSite, driver: str, sent: signal.Signals, place: str
) -> None:
    execute = lines("op.execute('CREATE TABLE half (id int)')", SLEEP)
    body = {"waiting": ADD_SIZE[0], "executing": execute}.get(place, COUNTED[0])
    site = make_site({"one": ITEM, "two": (body, "pass")}, driver=driver, lock_timeout="20s")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    match place:
        case "executing":
            site.do("INSERT INTO item VALUES (1)")
            condition = "query LIKE 'SELECT pg_sleep%' AND wait_event = 'PgSleep'"
        case "waiting":
            holder.execute("SELECT FROM item")
            condition = "query LIKE 'ALTER TABLE%' AND wait_event_type = 'Lock'"
        case "concurrently":
            holder.execute("INSERT INTO item VALUES (1)")
            condition = "query LIKE 'CREATE UNIQUE%' AND wait_event_type = 'Lock'"
        case "reading":
            site.do("CREATE VIEW items AS SELECT FROM item")  # the server locks what a view reads
            holder.execute("LOCK TABLE item")
            condition = "application_name = 'lockgate catalog' AND wait_event_type = 'Lock'"

    process = site.start("upgrade", "--env", "dev")
    site.wait_for(
        f"SELECT 1 FROM pg_stat_activity WHERE {condition} AND datname = current_database()"
    )
    process.send_signal(sent)
    status, said = finish(process)
    left = site.ask("SELECT to_regclass('half')"), site.version(), site.deployers()
    holder.rollback()
    site.do("DELETE FROM item")
    status_then, said_then = site.upgrade()

    assert (status, left) == (130, ([(None,)], [("one",)], [])), said
    assert (status_then, site.version()) == (0, [("two",)]), said_then
    expected = "part-way" if place == "concurrently" else "failed"
    assert site.outcomes()[1][1] == expected
    assert site.faults() == ()


def test_killed_in_a_transaction_everything_is_rolled_back(make_site: MakeSite) -> None:
    body = lines("op.execute('CREATE TABLE half (id int)')", SLEEP)
    site = make_site({"one": ITEM, "two": (body, "pass")})
    site.upgrade_to("one")
    site.do("INSERT INTO item VALUES (1)")

    process = site.start("upgrade", "--env", "dev")
    site.wait_for("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    process.kill()
    finish(process)
    site.wait_until_alone()
    left = site.ask("SELECT to_regclass('half')"), site.version()
    site.do("DELETE FROM item")
    status, _ = site.upgrade()

    assert left == ([(None,)], [("one",)])
    assert (status, site.version()) == (0, [("two",)])


# Rivals


def test_second_deployer_is_refused_and_told_who_the_first_is(make_site: MakeSite) -> None:
    site = make_site(BOTH, lock_timeout="20s")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("SELECT FROM item")
    first = site.start("upgrade", "--env", "dev")
    site.wait_until_blocked()
    [(pid,)] = site.deployers()

    status, said = site.upgrade()
    holder.commit()

    assert status == 7
    assert f'is being changed by session {pid} ("lockgate upgrade lock"' in said
    assert finish(first)[0] == 0


def test_run_stops_before_the_next_revision_when_its_deploy_lock_is_lost(
    make_site: MakeSite,
) -> None:
    site = make_site({**BOTH, "three": ("pass", "pass")}, lock_timeout="20s")
    site.upgrade_to("one")
    holder = site.connect(autocommit=False)
    holder.execute("SELECT FROM item")
    process = site.start("upgrade", "--env", "dev")
    site.wait_until_blocked()
    [(pid,)] = site.deployers()

    site.do(f"SELECT pg_terminate_backend({pid})")
    site.wait_for(f"SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")
    holder.commit()
    status, said = finish(process)

    assert status == 6
    assert "error[LG-WAIT-3]" in said
    assert site.version() == [("two",)]
    assert site.outcomes()[-1][1] == "failed"
    assert site.upgrade()[0] == 0


def test_timeouts_of_the_role_do_not_end_lockgates_sessions(make_site: MakeSite) -> None:
    sleep = ("op.execute('SELECT pg_sleep(0.9)')", "pass")
    revisions = {"one": ITEM, "two": sleep, "three": ("pass", "pass")}
    site = make_site(revisions, lock_timeout="20s")  # so that the Lookout asks seldom
    settings = ["idle_session_timeout", "idle_in_transaction_session_timeout"]
    if site.ask("SELECT current_setting('transaction_timeout', true)") != [(None,)]:
        settings.append("transaction_timeout")
    for setting in settings:
        site.do(f"ALTER DATABASE {site.url.database} SET {setting} = '300ms'")

    status, said = site.upgrade()

    assert (status, site.version()) == (0, [("three",)]), said


# The Ledger


def test_revision_that_rolls_back_takes_its_ledger_row_with_it(make_site: MakeSite) -> None:
    deferred = lines(
        "op.execute('CREATE TABLE p (id int PRIMARY KEY)')",
        "op.execute('CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED)')",
        "op.execute('INSERT INTO c VALUES (1)')",
    )
    site = make_site({"one": (deferred, "pass")})

    status, said = site.upgrade()

    assert status == 5
    assert "failed and was rolled back, at its commit:" in said
    assert "(SQLSTATE 23503)" in said
    assert site.outcomes() == [("one", "failed")]
    assert site.faults() == ()


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("UPDATE lockgate.ledger SET entry = replace(entry, 'done', 'gone') WHERE id = 3", "3 was"),
        ("DELETE FROM lockgate.ledger WHERE id = 3", "row 3 is missing"),
        ("DELETE FROM lockgate.ledger WHERE id = 4", "row 4 is missing"),
        ("DELETE FROM lockgate.ledger WHERE id = 1", "row 1 is missing"),
        ("TRUNCATE lockgate.ledger", "rows 1 to 4 are missing"),
        ("DELETE FROM lockgate.ledger_end", "lockgate.ledger_end has no row"),
        (
            "UPDATE lockgate.ledger AS l SET entry = o.entry FROM lockgate.ledger AS o"
            " WHERE l.id + o.id = 5 AND l.id IN (2, 3)",
            "row 2 was changed",
        ),
        (
            "UPDATE lockgate.ledger SET id = id + 10 WHERE id IN (2, 3);"
            "UPDATE lockgate.ledger SET id = 15 - id WHERE id > 10",
            "row 2 does not follow",
        ),
        (
            "DELETE FROM lockgate.ledger WHERE id = 4; UPDATE lockgate.ledger_end SET id = 3,"
            " hash = (SELECT previous_hash FROM lockgate.ledger WHERE id = 3)",
            "row 3 is not the end that was recorded",
        ),
    ],
)
def test_ledger_that_was_tampered_with_is_found_out(
    make_site: MakeSite, attack: str, found: str
) -> None:
    site = make_site({**BOTH, "three": ("pass", "pass")})
    site.upgrade()
    whole = site.faults()

    site.do("ALTER TABLE lockgate.ledger DISABLE TRIGGER ALL")
    for statement in attack.split(";"):
        site.do(statement)

    assert whole == ()
    assert found in str(site.faults())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lockgate.ledger SET id = id",
        "DELETE FROM lockgate.ledger",
        "TRUNCATE lockgate.ledger",
    ],
)
def test_ledger_refuses_every_change(make_site: MakeSite, change: str) -> None:
    site = make_site(BOTH)

    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        site.do(change)


def test_concurrent_writers_never_fork_the_ledger(make_site: MakeSite) -> None:
    site = make_site(BOTH)

    def write(writer: int) -> None:
        with site.connect() as connection:
            for number in range(20):
                ledger.append(connection, f'{{"writer": {writer}, "number": {number}}}')

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert site.faults() == ()
    assert site.ask("SELECT count(*), max(id) FROM lockgate.ledger") == [(81, 81)]
