"""Watching a database: each bad state on a real server, and what is said of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.cli.terminal import Format
from lockgate.cli.watch import watch as watch_command
from lockgate.core.finding import Finding
from lockgate.core.health import Round
from lockgate.core.lockfile import LockedRehearsal, LockedRevision
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.postgres import health
from lockgate.postgres.connect import NotReachable
from lockgate.postgres.servers import Server, start_server
from lockgate.report.watch import summary_text
from lockgate.workflows.watch import Pace, watch

if TYPE_CHECKING:
    from tests.reading.conftest import Project

QUICK = 'lock_timeout = "20ms"\noldest_transaction = "20ms"\n'


class Clock:
    """A clock that only waiting moves, and what happens during the waits."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.happens = iter(happens)

    def pace(self, for_s: float = 20, every_s: float = 10) -> Pace:
        return Pace(for_s, every_s, now=lambda: self.seconds, wait=self.wait)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        next(self.happens, lambda: None)()


def rounds(
    project: Project, *happens: Callable[[], object], max_lag_ms: float = 1e9
) -> list[Round]:
    destination = project.destination("prod")
    return list(watch(destination, pace=Clock(*happens).pace(), max_lag_ms=max_lag_ms))


def only_bad(found: list[Round]) -> Finding:
    """The one bad answer, in the last round."""
    assert [bad for earlier in found[:-1] for bad in earlier.bad] == []
    (bad,) = found[-1].bad
    return bad


def until(connection: psycopg.Connection, condition: str) -> None:
    """Returns when the server finds `condition` true."""
    while connection.execute(f"SELECT {condition}".encode()).fetchone() != (True,):
        continue


def test_a_healthy_database_is_watched_to_the_end(project: Project) -> None:
    clock = Clock()
    destination = project.destination("prod")

    found = list(watch(destination, pace=clock.pace(25, 10), max_lag_ms=0))

    assert clock.waits == [10, 10, 5]
    assert [one.findings for one in found] == [()] * 4
    assert (
        summary_text("prod", found[:1] * 4, interrupted=False) == "prod is well (4 rounds in 0 ms)"
    )


def test_the_structure_is_read_at_the_start_each_minute_and_at_the_end(project: Project) -> None:
    destination = project.destination("prod")

    found = list(watch(destination, pace=Clock().pace(140, 20), max_lag_ms=0))

    read = [at for at, one in enumerate(found) if one.observations[0][1].catalog is not None]
    assert read == [0, 3, 6, 7]


def test_a_slow_round_is_not_made_up_for() -> None:
    clock = Clock()
    times = []
    for _ in clock.pace(60, 10).rounds():
        times.append(clock.seconds)
        clock.seconds += 25  # what the round took

    assert times == [0, 25, 50, 75]


def test_a_read_only_role_is_enough_and_says_what_it_cannot_see(project: Project) -> None:
    project.execute("prod", "CREATE ROLE reader LOGIN")
    project.execute("prod", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    url = project.urls["prod"]
    project.urls["prod"] = DatabaseUrl(url.host, url.port, "reader", None, url.database)
    project.write_settings()
    try:
        found = rounds(project)
    finally:
        project.urls["prod"] = url
        project.execute("prod", "DROP OWNED BY reader")
        project.execute("prod", "DROP ROLE reader")

    assert [tuple(f.code for f in one.findings) for one in found] == [("LG-HEALTH-9",)] * 3


def test_the_session_is_named_and_only_reads(project: Project) -> None:
    seen = []

    def look() -> None:
        with project.connected("prod") as connection:
            seen.extend(
                connection.execute(
                    "SELECT application_name, state FROM pg_stat_activity"
                    " WHERE application_name LIKE 'lockgate%' AND datname = current_database()"
                ).fetchall()
            )

    rounds(project, look)

    assert seen == [("lockgate watch prod", "idle")]


def test_a_revision_that_moves_is_a_bad_answer(project: Project) -> None:
    bad = only_bad(
        rounds(
            project, lambda: project.execute("prod", "UPDATE alembic_version SET version_num = 'x'")
        )
    )

    assert (bad.code, bad.exit_status) == ("LG-HEALTH-1", ExitStatus.NO)
    assert bad.message == (
        'the database is at "x", expected "aaa" (row 2 of the ledger, deploy aaa)'
    )


def test_a_revision_stamped_past_the_ledger_is_seen_in_the_first_round(project: Project) -> None:
    project.execute("prod", "UPDATE alembic_version SET version_num = 'bbb'")

    (found,) = rounds(project)

    assert [bad.source for bad in found.bad] == ["revision"]


def test_drift_is_named(project: Project) -> None:
    bad = only_bad(
        rounds(
            project,
            lambda: None,
            lambda: project.execute("prod", "CREATE INDEX by_hand ON job (id)"),
        )
    )

    assert bad.code == "LG-HEALTH-2"
    assert bad.message == (
        "the structure has drifted: index public.by_hand was added since the watch began"
    )


def test_a_structure_other_than_the_lock_file_has_is_drift_at_once(project: Project) -> None:
    rehearsal = LockedRehearsal(18, "ok", "ok", True, "sha256:other", None)
    locked = LockedRevision("aaa", (), (), "sha256:x", rehearsals=(rehearsal,))
    project.workspace.write_lock(project.workspace.lock.with_revision(locked))

    (found,) = rounds(project)

    assert [bad.message for bad in found.bad] == [
        "the structure has drifted: "
        "its fingerprint is not the one that lockgate.lock has for this revision"
    ]


def test_a_functional_check_that_begins_to_fail_ends_the_watch(project: Project) -> None:
    project.write_settings(
        prod='[[environments.prod.checks]]\nname = "empty"\n'
        'sql = "SELECT count(*) FROM job"\nexpect = "0"\n'
    )

    bad = only_bad(rounds(project, lambda: project.execute("prod", "INSERT INTO job VALUES (1)")))

    assert bad.message == 'check "empty" failed: expected "0", got "1"'


def test_a_blocked_session_is_named_with_who_blocks_it(
    project: Project, open_sessions: ExitStack
) -> None:
    project.write_settings(prod='lock_timeout = "20ms"\noldest_transaction = "1h"\n')
    holder = open_sessions.enter_context(project.connected("prod"))
    waiter = open_sessions.enter_context(project.connected("prod"))
    threads: list[threading.Thread] = []

    def wait_for_lock() -> None:
        with suppress(psycopg.Error):  # ended below
            waiter.execute("SELECT * FROM job")

    def block() -> None:
        holder.execute("BEGIN; LOCK TABLE job IN ACCESS EXCLUSIVE MODE; SELECT 'holds it'")
        threads.append(threading.Thread(target=wait_for_lock))
        threads[0].start()
        with project.connected("prod") as connection:
            until(
                connection,
                "EXISTS (SELECT FROM pg_locks WHERE NOT granted"
                " AND clock_timestamp() - waitstart > interval '30 ms')",
            )

    try:
        # Not in the last round, which would read the structure and wait for the lock as well.
        destination = project.destination("prod")
        found = list(watch(destination, pace=Clock(block).pace(30, 10), max_lag_ms=0))
    finally:
        holder.execute("ROLLBACK")
        threads[0].join()

    bad = only_bad(found)
    assert bad.code == "LG-HEALTH-4"
    assert f'session {waiter.info.backend_pid} ("somebody") has waited ' in bad.message
    assert 'for AccessShareLock on job with "SELECT * FROM job", behind ' in bad.message
    assert f'session {holder.info.backend_pid} ("somebody", idle in transaction): ' in bad.message
    assert f"pg_terminate_backend({holder.info.backend_pid})" in bad.remedy


def test_whoever_waits_for_an_advisory_lock_is_left_alone(
    project: Project, open_sessions: ExitStack
) -> None:
    holder = open_sessions.enter_context(project.connected("prod"))
    waiter = open_sessions.enter_context(project.connected("prod"))
    reader = open_sessions.enter_context(project.connected("prod"))
    holder.execute("SELECT pg_advisory_lock(1)")
    thread = threading.Thread(target=waiter.execute, args=("SELECT pg_advisory_lock(1)",))
    thread.start()
    until(reader, "EXISTS (SELECT FROM pg_locks WHERE NOT granted)")

    found = health.blocked_sessions(reader, longer_than_ms=0)
    holder.execute("SELECT pg_advisory_unlock(1)")
    thread.join()

    assert found == ()


def test_an_idle_transaction_is_a_bad_answer_once_it_is_too_old(
    project: Project, open_sessions: ExitStack
) -> None:
    project.write_settings(prod=QUICK)
    forgotten = open_sessions.enter_context(project.connected("prod"))

    def forget() -> None:
        forgotten.execute("BEGIN; SELECT count(*) FROM job")
        until(forgotten, "clock_timestamp() - transaction_timestamp() > interval '30 ms'")

    bad = only_bad(rounds(project, forget))

    assert bad.code == "LG-HEALTH-5"
    assert f'session {forgotten.info.backend_pid} ("somebody", idle in transaction)' in bad.message
    assert "more than 20 ms" in bad.message


def test_an_index_that_failed_to_build_is_a_bad_answer(project: Project) -> None:
    project.execute(
        "prod",
        "CREATE SCHEMA other; CREATE TABLE other.t AS SELECT 1 AS a FROM generate_series(1, 2)",
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.execute("prod", "CREATE UNIQUE INDEX CONCURRENTLY u ON other.t (a)")

    (found,) = rounds(project)

    assert [bad.message for bad in found.bad] == [
        "index other.u on other.t is invalid: queries do not use it, writes still maintain it"
    ]


def test_an_index_that_is_being_built_is_no_bad_answer(
    any_database: DatabaseUrl, open_sessions: ExitStack
) -> None:
    def session() -> psycopg.Connection:
        conninfo = make_conninfo(**any_database.conninfo())
        return open_sessions.enter_context(psycopg.connect(conninfo, autocommit=True))

    holder, builder, reader = session(), session(), session()
    reader.execute("CREATE TABLE t (a int)")
    holder.execute("BEGIN; LOCK TABLE t IN ROW EXCLUSIVE MODE")
    thread = threading.Thread(
        target=builder.execute, args=("CREATE INDEX CONCURRENTLY i ON t (a)",)
    )
    thread.start()
    until(reader, "EXISTS (SELECT FROM pg_index WHERE NOT indisvalid)")
    reader.execute("SET ROLE pg_read_all_data")  # who may not see the session's progress

    found = health.invalid_indexes(reader)
    holder.execute("ROLLBACK")
    thread.join()

    assert found == ()


def test_a_lost_connection_ends_the_watch_with_its_own_exit_status(project: Project) -> None:
    bad = only_bad(
        rounds(
            project,
            lambda: project.execute(
                "prod",
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'lockgate watch prod'",
            ),
        )
    )

    assert (bad.code, bad.exit_status) == ("LG-CONN-6", ExitStatus.UNREACHABLE)
    assert "was lost: terminating connection due to administrator command" in bad.message


def test_a_database_that_becomes_another_one_ends_the_watch(project: Project) -> None:
    bad = only_bad(
        rounds(
            project, lambda: project.execute("prod", "UPDATE lockgate.mark SET environment = 'qa'")
        )
    )

    assert (bad.code, bad.exit_status) == ("LG-ENV-1", ExitStatus.WRONG_DATABASE)


def test_a_watch_that_cannot_begin_is_an_error(project: Project) -> None:
    project.urls["prod"] = DatabaseUrl("/nowhere", None, "postgres", None, "postgres")
    project.write_settings()

    with pytest.raises(NotReachable):
        rounds(project)


def test_every_major_answers_the_probes(any_database: DatabaseUrl) -> None:
    with psycopg.connect(make_conninfo(**any_database.conninfo()), autocommit=True) as connection:
        health.only_read(connection, statement_timeout_ms=5000, lock_timeout_ms=1000)

        assert (
            health.blocked_sessions(connection, longer_than_ms=0),
            health.invalid_indexes(connection),
            health.replicas(connection),
            health.sees_all(connection),
        ) == ((), (), (), True)


# Replicas


@pytest.fixture
def replica(server: Server) -> Iterator[Server]:
    """A server that follows `server`, stopped and removed after the test."""
    directory = Path(tempfile.mkdtemp(prefix="lockgate-replica-"))
    directory.chmod(0o711)
    following = f"{server.url.render()}&application_name=follower"
    subprocess.run(
        [
            server.binaries.directory / "pg_basebackup",
            *("--dbname", following, "--pgdata", directory / "data", "--checkpoint=fast"),
        ],
        check=True,
        capture_output=True,
    )
    (directory / "data" / "standby.signal").touch()
    owner = (server.directory / "data").stat()
    for path in (directory / "data", *(directory / "data").rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    started = start_server(
        directory,
        server.binaries,
        durable=False,
        settings={
            "primary_conninfo": f"host={server.url.host} port={server.url.port} user=postgres"
            " application_name=follower",
            "wal_receiver_status_interval": "1s",
        },
    )
    yield started
    started.stop()
    shutil.rmtree(directory)


@pytest.fixture
def followed(project: Project, server: Server, replica: Server) -> Project:
    """The project with `prod` on the server that has a replica, caught up."""
    project.urls["dev"], project.urls["prod"] = project.urls["prod"], project.urls["dev"]
    project.write_settings()
    with project.connected("prod") as connection:
        connection.execute("UPDATE lockgate.mark SET environment = 'prod', role = 'production'")
        until(connection, "EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')")
    (project.root / "lockgate.lock").unlink()
    return project


def test_a_replica_that_replays_too_late_is_a_bad_answer(
    followed: Project, replica: Server
) -> None:
    def pause() -> None:
        with psycopg.connect(
            make_conninfo(**replica.url.conninfo()), autocommit=True
        ) as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            until(connection, "pg_get_wal_replay_pause_state() = 'paused'")
        with followed.connected("prod") as connection:
            connection.execute("INSERT INTO job SELECT generate_series(1, 10000)")
            until(
                connection,
                "(SELECT replay_lag > interval '300 ms' FROM pg_stat_replication)",
            )

    bad = only_bad(rounds(followed, lambda: None, pause, max_lag_ms=300))

    assert bad.code == "LG-HEALTH-7"
    assert bad.message.startswith('replica "follower" (streaming) is ')
    assert bad.message.endswith("bytes behind, more than 300 ms")


def test_a_replica_that_no_longer_follows_is_a_bad_answer(
    followed: Project, replica: Server
) -> None:
    def stop() -> None:
        replica.stop()
        with followed.connected("prod") as connection:
            until(connection, "NOT EXISTS (SELECT FROM pg_stat_replication)")

    bad = only_bad(rounds(followed, stop))

    assert bad.message == 'replica "follower" no longer follows this server'


# The command


def test_the_command_exits_with_0_and_one_document(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    status = watch_command(
        "prod", duration="30ms", every="10ms", config=project.config, output=Format.JSON
    )

    out, err = capsys.readouterr()
    document = json.loads(out)
    assert status == 0
    assert tuple(document[key] for key in ("schema", "environment", "ok", "findings")) == (
        "lockgate/watch/1",
        "prod",
        True,
        [],
    )
    assert len(document["rounds"]) == len(err.splitlines()) >= 2


def test_the_command_exits_with_1_and_says_what_is_bad(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.execute("prod", "UPDATE alembic_version SET version_num = 'bbb'")

    status = watch_command("prod", config=project.config)

    out, err = capsys.readouterr()
    assert status == 1
    assert "at bbb  BAD: revision" in err
    assert out.startswith("prod is not well (1 round):\nerror[LG-HEALTH-1]: ")


def test_an_interrupted_watch_still_sums_up(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object, __: float) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("lockgate.workflows.watch.Event.wait", interrupt)
    status = watch_command("prod", config=project.config)

    assert status == 130
    assert (capsys.readouterr().out) == "prod was well until the watch was interrupted (1 round)\n"
