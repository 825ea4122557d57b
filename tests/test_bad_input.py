"""Bad input: each gives one clear error, in two lines or one JSON document, and changes nothing.

A case is what somebody got wrong in the settings, on the command line, in a credential, or on
the server, and is tried with the real command line in both formats.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.config import load_settings
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server, start_server
from lockgate.workflows import environments
from lockgate.workflows.workspace import Workspace

MakeProject = Callable[..., Path]
NewDatabase = Callable[..., DatabaseUrl]
RunLockgate = Callable[..., subprocess.CompletedProcess[str]]
StartServer = Callable[..., Server]

UPGRADE = ("upgrade", "--env", "dev")
DEV = '[environments.dev]\nrole = "development"\n'
URL = 'url = "postgresql://localhost/app"\n'


@dataclass(frozen=True)
class Error:
    """What must be answered: exit status, code, the message, words of the hint."""

    status: int
    code: str
    message: str
    hint: str


def assert_error(
    expected: Error, lockgate: RunLockgate, project: Path, *arguments: str, **environ: str
) -> None:
    """The same error as two lines on stderr, and as the only document on stdout."""
    text = lockgate(project, *arguments, **environ)
    in_json = lockgate(project, *arguments, "--format", "json", **environ)

    error, _, hint = text.stderr.partition("\nhint: ")
    assert (expected.status, "", f"error[{expected.code}]: {expected.message}") == (
        text.returncode,
        text.stdout,
        error,
    )
    assert expected.hint in hint
    assert hint.count("\n") == 1
    document = {
        "schema": "lockgate/error/1",
        "code": expected.code,
        "message": expected.message,
        "hint": hint.rstrip("\n"),
        "exit": expected.status,
    }
    assert (expected.status, "", document) == (
        in_json.returncode,
        in_json.stderr,
        json.loads(in_json.stdout),
    )


# Usage


USAGE = {
    "unknown command": (("upgarde",), "no such command 'upgarde'"),
    "unknown command of a group": (("env", "enrol"), "no such command 'enrol'"),
    "unknown option": (("upgrade", "--evn", "dev"), "no such option: --evn"),
    "option without a value": (("upgrade", "--env"), "option '--env' requires an argument"),
    "missing argument": (("env", "show"), "missing argument 'NAME'"),
    "argument too many": (("heads", "now"), "got unexpected extra argument(s) (now)"),
}


@pytest.mark.parametrize("case", USAGE)
def test_a_mistyped_command_line_says_what_and_where_help_is(
    case: str, lockgate: RunLockgate, tmp_path: Path
) -> None:
    arguments, message = USAGE[case]

    answer = lockgate(tmp_path, *arguments)

    error, hint, end = answer.stderr.split("\n")
    assert (2, "", "") == (answer.returncode, answer.stdout, end)
    assert error.startswith(f"error[LG-CLI-1]: {message}")
    assert re.fullmatch(r"hint: run `lockgate.* --help` to see the arguments", hint)


def test_a_mistyped_command_line_is_answered_in_json(lockgate: RunLockgate, tmp_path: Path) -> None:
    expected = {
        "schema": "lockgate/error/1",
        "code": "LG-CLI-1",
        "message": "missing argument 'NAME'",
        "hint": "run `lockgate env show --help` to see the arguments",
        "exit": 2,
    }

    for spelling in (("--format", "json"), ("--format=json",)):
        answer = lockgate(tmp_path, "env", "show", *spelling)

        assert (2, "", expected) == (
            answer.returncode,
            answer.stderr,
            json.loads(answer.stdout),
        )


@pytest.mark.parametrize("arguments", [(), ("env",)])
def test_no_arguments_show_the_help(
    arguments: tuple[str, ...], lockgate: RunLockgate, tmp_path: Path
) -> None:
    answer = lockgate(tmp_path, *arguments)

    assert (2, "") == (answer.returncode, answer.stderr)
    assert answer.stdout.startswith("Usage: lockgate")


def test_version_needs_no_command(lockgate: RunLockgate, tmp_path: Path) -> None:
    answer = lockgate(tmp_path, "--version")

    assert (0, "") == (answer.returncode, answer.stderr)
    assert re.fullmatch(r"lockgate [0-9.]+\n", answer.stdout)


# Settings


SETTINGS = {
    "half a table": (
        "[environments.dev\nrole =",
        "Expected ']' at the end of a table declaration (at line 1, column 18)",
    ),
    "half a text": ('alembic = "alem', "Unterminated string (at end of document)"),
    "unknown key": ("colour = 1", "there is no setting `colour`"),
    "unknown key of an environment": (
        f"{DEV}{URL}colour = 1",
        "there is no setting `colour`, at `environments.dev`",
    ),
    "unknown key of a check": (
        f'{DEV}{URL}[[environments.dev.checks]]\nnam = "a"',
        "there is no setting `nam`, at `environments.dev.checks[0]`",
    ),
    "missing key": (
        f"[environments.dev]\n{URL}",
        "`role` is missing, at `environments.dev`",
    ),
    "wrong type": (
        "shared_cluster = 'yes'",
        "expected true or false, got text in quotes, at `shared_cluster`",
    ),
    "wrong type in an environment": (
        f"{DEV}url = 5",
        "expected text in quotes, got a whole number, at `environments.dev.url`",
    ),
    "no list": (
        f'{DEV}{URL}hosts = "db"',
        "expected a list, got text in quotes, at `environments.dev.hosts`",
    ),
    "no table": (
        "[environments]\ndev = 5",
        "expected a table, got a whole number, at `environments.dev`",
    ),
    "unknown role": (
        f'[environments.dev]\nrole = "playground"\n{URL}',
        '"playground" is none of development, staging, production, at `environments.dev.role`',
    ),
    "no duration": (
        f'{DEV}{URL}lock_timeout = "2"',
        '"2" is no duration; write a number with one of ms, s, m, min, h, d, '
        "at `environments.dev.lock_timeout`",
    ),
    "no bound": (
        f'{DEV}{URL}lock_timeout = "0s"',
        "environments.dev.lock_timeout must be more than 0: 0 would mean no bound",
    ),
    "no url": (DEV, "environments.dev needs either url or databases"),
    "unknown requirement": (
        f'{DEV}{URL}requires = ["qa"]',
        'environments.dev.requires names "qa", which is no environment',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_are_not_valid_say_where(
    case: str, make_project: MakeProject, lockgate: RunLockgate
) -> None:
    text, reason = SETTINGS[case]
    project = make_project(text)

    expected = Error(
        2,
        "LG-CFG-2",
        f'"{project / "lockgate.toml"}" is not valid: {reason}',
        "correct the file; docs/settings.md lists every setting",
    )
    assert_error(expected, lockgate, project, *UPGRADE)


def test_settings_that_are_not_utf8_say_so(
    make_project: MakeProject, lockgate: RunLockgate
) -> None:
    project = make_project("")
    (project / "lockgate.toml").write_bytes(b'alembic = "\xff"')

    expected = Error(
        2, "LG-CFG-2", f'"{project / "lockgate.toml"}" is not valid: it is not UTF-8', "correct"
    )
    assert_error(expected, lockgate, project, *UPGRADE)


def test_missing_settings_lead_to_init(lockgate: RunLockgate, tmp_path: Path) -> None:
    expected = Error(
        2,
        "LG-CFG-1",
        f'no lockgate.toml and no [tool.lockgate] in "{tmp_path}" or above',
        "run `lockgate init`",
    )
    assert_error(expected, lockgate, tmp_path, *UPGRADE)


def test_a_settings_file_that_is_not_there_is_named(lockgate: RunLockgate, tmp_path: Path) -> None:
    expected = Error(
        2, "LG-CFG-2", '"other.toml" is not valid: there is no such file', "name an existing file"
    )
    assert_error(expected, lockgate, tmp_path, *UPGRADE, "--config", "other.toml")


NAMED = {
    "unknown environment": (
        f"{DEV}{URL}",
        ("upgrade", "--env", "qa"),
        Error(2, "LG-CFG-3", 'the settings have no environment "qa"', "use one of dev"),
    ),
    "no environment": (
        f"{DEV}{URL}",
        ("upgrade",),
        Error(
            2,
            "LG-CFG-4",
            "no database named: neither --env nor DATABASE_URL is given",
            "add --env with one of dev",
        ),
    ),
    "password in the settings": (
        f'{DEV}url = "postgresql://app:hunter2@localhost/app"',
        UPGRADE,
        Error(2, "LG-SEC-2", "a url in the settings holds a password", "take the password out"),
    ),
    "password in the settings of two": (
        f'{DEV}url = "postgresql://app:hunter2@localhost/app"\n'
        '[environments.prod]\nrole = "production"\nurl = "postgresql://app:hunter2@localhost/app"',
        UPGRADE,
        Error(2, "LG-SEC-2", "a url in the settings holds a password", "take the password out"),
    ),
    "password in the settings, listed": (
        f'{DEV}url = "postgresql://app:hunter2@localhost/app"',
        ("env", "list"),
        Error(2, "LG-SEC-2", "a url in the settings holds a password", "take the password out"),
    ),
    "unknown source": (
        f'{DEV}url = "vault:db"',
        UPGRADE,
        Error(2, "LG-SEC-1", '"vault" is no source of credentials', "begin it with one of aws-"),
    ),
    "variable that is not set": (
        f'{DEV}url = "env:DEV_URL"',
        UPGRADE,
        Error(4, "LG-SEC-10", 'the environment variable "DEV_URL" is not set', "set DEV_URL"),
    ),
    "several hosts": (
        f'{DEV}url = "postgresql://one,two/app"',
        UPGRADE,
        Error(
            2,
            "LG-URL-1",
            'the URL from "the settings" cannot be read: it names several hosts; '
            "name the primary alone",
            "write it as postgresql://",
        ),
    ),
    "unknown parameter": (
        f'{DEV}url = "postgresql://localhost/app?colour=red"',
        UPGRADE,
        Error(
            2,
            "LG-URL-1",
            'the URL from "postgresql://localhost/app?colour=red" cannot be read: '
            'invalid connection option "colour"',
            "write it as postgresql://",
        ),
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_database_that_cannot_be_named_is_an_error(
    case: str, make_project: MakeProject, lockgate: RunLockgate
) -> None:
    settings, arguments, expected = NAMED[case]

    assert_error(expected, lockgate, make_project(settings), *arguments)


def test_a_secret_without_a_key_names_the_key(
    make_project: MakeProject, lockgate: RunLockgate
) -> None:
    project = make_project(f'{DEV}url = "command:cat secret.json"')
    secret = '{"host": "localhost", "username": "app", "dbname": "app"}'
    (project / "secret.json").write_text(secret)

    expected = Error(
        4,
        "LG-SEC-61",
        'the secret from "command:cat" lacks "password"; it has "dbname", "host", "username"',
        "add password to the secret",
    )
    assert_error(expected, lockgate, project, *UPGRADE)


def test_a_lock_file_cut_short_is_an_error(
    make_project: MakeProject, lockgate: RunLockgate
) -> None:
    project = make_project(f"{DEV}{URL}")
    (project / "lockgate.lock").write_text("format = 1\nheads = [\n")

    answer = lockgate(project, *UPGRADE)

    assert (2, "") == (answer.returncode, answer.stdout)
    assert answer.stderr.startswith("error[LG-LOCK-3]: lockgate.lock cannot be read")
    assert answer.stderr.count("\n") == 2


def test_a_missing_alembic_ini_is_an_error(
    make_project: MakeProject, lockgate: RunLockgate
) -> None:
    project = make_project(f"{DEV}{URL}")
    (project / "alembic.ini").unlink()

    expected = Error(
        2,
        "LG-ALE-1",
        f'no Alembic set-up at "{project / "alembic.ini"}": there is no such file',
        "set alembic in the settings",
    )
    assert_error(expected, lockgate, project, "heads")


# A server that cannot be reached


@pytest.fixture
def dev(
    make_project: MakeProject, new_database: NewDatabase, tcp_server: Server
) -> tuple[Path, DatabaseUrl]:
    """A project whose DEV, reached over TCP with a password, is DEV_URL."""
    assert tcp_server.tcp_url is not None
    url = tcp_server.tcp_url.with_database(str(new_database(tcp_server).database))
    project = make_project(f'{DEV}url = "env:DEV_URL"\n')
    enroll(project, url)
    return project, url


def enroll(project: Path, url: DatabaseUrl) -> None:
    settings = load_settings(project / "lockgate.toml")
    workspace = Workspace(settings, environ={"DEV_URL": url.render()})
    environments.enroll(workspace, "dev", lambda *_: None)


def dump(url: DatabaseUrl, server: Server) -> str:
    assert server.binaries.pg_dump is not None
    answer = subprocess.run(
        [server.binaries.pg_dump, make_conninfo(**url.conninfo())],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\\(un)?restrict .*", "", answer.stdout)


def unreachable(url: DatabaseUrl, reason: str, hint: str) -> Error:
    return Error(4, "LG-CONN-1", f'cannot connect to "{url.redacted()}": {reason}', hint)


def test_a_wrong_password_is_an_error(
    dev: tuple[Path, DatabaseUrl], tcp_server: Server, lockgate: RunLockgate
) -> None:
    project, url = dev
    before = dump(url, tcp_server)
    wrong = replace(url, password="not it")

    expected = unreachable(
        wrong, 'password authentication failed for user "postgres"', "check user and password"
    )
    assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=wrong.render())
    assert before == dump(url, tcp_server)


def test_no_password_is_an_error(dev: tuple[Path, DatabaseUrl], lockgate: RunLockgate) -> None:
    project, url = dev
    without = replace(url, password=None)

    expected = unreachable(without, "fe_sendauth: no password supplied", "check user and password")
    assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=without.render())


@pytest.mark.parametrize(
    ("changed", "reason", "hint"),
    [
        (
            {"database": "nowhere"},
            'database "nowhere" does not exist',
            "check the name of the database",
        ),
        (
            {"host": "no.such.host.invalid"},
            "failed to resolve host 'no.such.host.invalid'",
            "check how the host is spelled",
        ),
        (
            {"parameters": (("sslmode", "require"),)},
            "server does not support SSL, but SSL was required",
            "check sslmode",
        ),
    ],
    ids=["database", "host", "ssl"],
)
def test_a_url_that_leads_nowhere_is_an_error(
    changed: dict[str, str],
    reason: str,
    hint: str,
    dev: tuple[Path, DatabaseUrl],
    lockgate: RunLockgate,
) -> None:
    project, url = dev
    wrong = replace(url, **changed)  # type: ignore[arg-type]  # one field, of its own type

    answer = lockgate(project, *UPGRADE, DEV_URL=wrong.render())

    expected = f'error[LG-CONN-1]: cannot connect to "{wrong.redacted()}": {reason}'
    error, hinted, end = answer.stderr.split("\n")
    assert (4, "", "", expected) == (answer.returncode, answer.stdout, end, error[: len(expected)])
    assert hinted.startswith(f"hint: {hint}")


def test_a_port_where_nobody_listens_is_an_error(
    dev: tuple[Path, DatabaseUrl], lockgate: RunLockgate
) -> None:
    project, url = dev
    with socket.socket() as bound:  # bound, so that nobody else takes the port, and not listening
        bound.bind(("127.0.0.1", 0))
        wrong = replace(url, port=bound.getsockname()[1])

        expected = unreachable(wrong, "Connection refused", "check host and port")
        assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=wrong.render())


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that takes a connection and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def full() -> Iterator[int]:
    """The port of a server whose queue is full, so that a SYN is not even answered."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port: int = listener.getsockname()[1]
        while True:
            client = stack.enter_context(closing(socket.socket()))
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            client.setblocking(True)
            client.settimeout(0.2)
            try:
                client.send(b"?")
            except OSError:
                yield port
                return


@pytest.mark.parametrize("server_at", [silent, full])
def test_a_host_that_does_not_answer_is_waited_for_as_long_as_the_url_says(
    server_at: Callable[[], Iterator[int]],
    dev: tuple[Path, DatabaseUrl],
    lockgate: RunLockgate,
) -> None:
    project, url = dev
    with server_at() as port:  # type: ignore[attr-defined]  # a context manager
        wrong = replace(url, port=port, parameters=(("connect_timeout", "2"),))

        expected = unreachable(wrong, "no answer within 2 s", "check host and port, the VPN")
        assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=wrong.render())


# A server that answers, and does not do it


def test_a_role_that_may_only_read_is_an_error(
    dev: tuple[Path, DatabaseUrl], tcp_server: Server, lockgate: RunLockgate
) -> None:
    project, url = dev
    with psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reads'")
    before = dump(url, tcp_server)
    reader = replace(url, user="reader", password="reads")

    expected = Error(
        4,
        "LG-CONN-3",
        f'role "reader" may not write the ledger lockgate.ledger at "{reader.redacted()}"',
        "use the login of the role that owns the tables",
    )
    assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=reader.render())
    assert before == dump(url, tcp_server)


def test_a_role_that_may_only_read_cannot_enroll(
    make_project: MakeProject, database: DatabaseUrl, server: Server, lockgate: RunLockgate
) -> None:
    with psycopg.connect(make_conninfo(**database.conninfo()), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
    reader = replace(database, user="reader")
    project = make_project(f'{DEV}url = "{reader.render()}"\n')
    before = dump(database, server)

    expected = Error(
        4,
        "LG-CONN-3",
        f'role "reader" may not do it all: permission denied for database {database.database} '
        f'at "{reader.redacted()}"',
        "use the login of the role that owns the tables",
    )
    assert_error(expected, lockgate, project, "env", "enroll", "dev", "--yes", "dev")
    assert before == dump(database, server)


def test_a_login_whose_transactions_are_read_only_is_an_error(
    dev: tuple[Path, DatabaseUrl], tcp_server: Server, lockgate: RunLockgate
) -> None:
    project, url = dev
    before = dump(url, tcp_server)
    read_only = replace(url, parameters=(("options", "-cdefault_transaction_read_only=on"),))

    expected = Error(
        4,
        "LG-CONN-3",
        'role "postgres" may not write: its transactions are read-only by default at '
        f'"{read_only.redacted()}"',
        "use the login of the role that owns the tables",
    )
    assert_error(expected, lockgate, project, *UPGRADE, DEV_URL=read_only.render())
    assert before == dump(url, tcp_server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def replica_of(primary: Server) -> Iterator[Server]:
    """A streaming replica."""
    directory = Path(tempfile.mkdtemp(dir=primary.directory.parent))
    directory.chmod(0o711)
    command: list[str | Path] = [
        primary.binaries.directory / "pg_basebackup",
        "--write-recovery-conf",
        "--checkpoint=fast",
        f"--pgdata={directory / 'data'}",
        f"--dbname={make_conninfo(**primary.url.conninfo())}",
    ]
    subprocess.run(command, check=True)
    settings = {"port": str(free_port())}
    made = start_server(directory, primary.binaries, durable=False, settings=settings)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(directory)


def test_a_replica_is_an_error(
    make_project: MakeProject,
    new_database: NewDatabase,
    start_scratch_server: StartServer,
    lockgate: RunLockgate,
) -> None:
    primary = start_scratch_server()
    url = new_database(primary)
    project = make_project(f'{DEV}url = "env:DEV_URL"\n')
    enroll(project, url)
    before = dump(url, primary)

    with replica_of(primary) as replica:
        at_replica = replica.url.with_database(str(url.database))
        expected = Error(
            4,
            "LG-CONN-2",
            f'the server at "{at_replica.redacted()}" is in recovery (a replica) '
            "and takes no changes",
            "point the url at the primary",
        )
        for arguments in (UPGRADE, ("env", "enroll", "dev", "--yes", "dev")):
            assert_error(expected, lockgate, project, *arguments, DEV_URL=at_replica.render())
    assert before == dump(url, primary)


@pytest.fixture(scope="session")
def small_server(start_scratch_server: StartServer) -> Server:
    """A server with room for six sessions."""
    limits = {"max_connections": "6", "superuser_reserved_connections": "0"}
    return start_scratch_server(settings=limits)


@contextmanager
def free_connections(url: DatabaseUrl, wanted: int) -> Iterator[None]:
    """Takes every connection that the server has, and gives `wanted` of them back."""
    with ExitStack() as stack:
        taken = []
        while True:
            try:
                taken.append(psycopg.connect(make_conninfo(**url.conninfo())))
            except psycopg.OperationalError:
                break
            stack.callback(taken[-1].close)
        for connection in taken[:wanted]:
            connection.close()
        wait_until_free(taken[-1], 6 - wanted)
        yield


def wait_until_free(connection: psycopg.Connection, sessions: int) -> None:
    question = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    for _ in range(1000):
        row = connection.execute(question).fetchone()
        connection.rollback()
        if row == (sessions,):
            return
    pytest.fail("closed connections stay open")


@pytest.mark.parametrize("free", [0, 1, 2])
def test_too_many_connections_are_an_error_wherever_the_last_one_is_refused(
    free: int,
    make_project: MakeProject,
    new_database: NewDatabase,
    small_server: Server,
    lockgate: RunLockgate,
) -> None:
    url = new_database(small_server)
    project = make_project(f'{DEV}url = "{url.render()}"\n')
    enroll(project, url)
    with free_connections(small_server.url, free):
        answer = lockgate(project, *UPGRADE)
        in_json = lockgate(project, *UPGRADE, "--format", "json")

    error, hint, end = answer.stderr.split("\n")
    assert (4, "", "") == (answer.returncode, answer.stdout, end), answer.stderr
    assert "too many clients already" in error
    assert hint.startswith("hint: ")
    assert (4, "lockgate/error/1") == (in_json.returncode, json.loads(in_json.stdout)["schema"])
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'item'")
        assert tables.fetchone() == (0,)
