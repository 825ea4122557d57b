"""PostgreSQL clusters that lockgate starts itself: embedded ones that stay, scratch ones that go.

Answers where such a server listens. Leaves finding its programs to `binaries` and choosing where
scratch databases live to the workflows.

Only the account that starts a server reaches it: it trusts whoever can open its Unix socket, and
the socket's directory is closed to everyone else. TCP, where asked for, needs a password.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import ClassVar

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.account import Account, account_for
from lockgate.postgres.binaries import Binaries

SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 30
POLL_SECONDS = 0.005
SOCKET_PATH_BYTES = 103
"""What every system can hold: macOS has the shortest `sun_path`, 104 bytes with the final NUL."""


@dataclass(eq=False)
class ServerNotStarted(LockgateError):
    """PostgreSQL's own programs refused; `reason` is what they said last."""

    directory: str
    reason: str

    code: ClassVar[str] = "LG-SRV-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Where, and PostgreSQL's reason."""
        return f'the PostgreSQL in "{self.directory}" did not start: {self.reason}'

    @property
    def hint(self) -> str:
        """Where to read on."""
        return f"read {self.directory}/server.log"


@dataclass(eq=False)
class ServerOfAnotherMajor(LockgateError):
    """A directory made by one major, to be started with the programs of another."""

    directory: str
    found: str
    wanted: int

    code: ClassVar[str] = "LG-SRV-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Both majors."""
        return (
            f'the PostgreSQL in "{self.directory}" is of major "{self.found}", '
            f'the programs are of "{self.wanted}"'
        )

    @property
    def hint(self) -> str:
        """The two ways out."""
        return (
            f"install PostgreSQL {self.found}, or remove the directory if its content may be lost"
        )


@dataclass(eq=False)
class SocketDirectoryTaken(LockgateError):
    """The short directory for the socket exists and is not ours alone."""

    directory: str

    code: ClassVar[str] = "LG-SRV-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which directory."""
        return f'the directory "{self.directory}" for the socket belongs to somebody else'

    @property
    def hint(self) -> str:
        """The way out."""
        return "remove it, or set TMPDIR to a directory of your own"


@dataclass(eq=False)
class ServerNotStopped(LockgateError):
    """A server that was told to shut down and is still there."""

    directory: str
    seconds: float

    code: ClassVar[str] = "LG-SRV-5"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which server, and how long it was given."""
        return f'the PostgreSQL in "{self.directory}" did not stop within {self.seconds} s'

    @property
    def hint(self) -> str:
        """What to do."""
        return f"stop the process named in the first line of {self.directory}/data/postmaster.pid"


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL cluster.

    `url` reaches its database `postgres` as superuser through the socket; `tcp_url` does so over
    TCP with a password, and is None for a server that does not listen there.
    """

    directory: Path
    binaries: Binaries
    url: DatabaseUrl
    tcp_url: DatabaseUrl | None

    def stop(self) -> None:
        """Disconnects every session and shuts the server down cleanly; nothing if it is down.

        Raises ServerNotStopped.
        """
        with _locked(self.directory / "lock"):
            _stop(self.directory, signal.SIGINT)


def major_kept_in(directory: Path) -> str | None:
    """The major of the cluster that `start_server` made in `directory`; None if there is none."""
    file = directory / "data" / "PG_VERSION"
    return file.read_text().strip() if file.exists() else None


def start_server(
    directory: Path,
    binaries: Binaries,
    *,
    durable: bool = True,
    tcp_password: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Server:
    """The server kept in `directory`, made on first use and started unless it is running.

    It outlives this process and its terminal. `durable=False` gives up safety against a power
    cut for speed. With `tcp_password`, which is set when the server is made, it also listens on
    a free port of 127.0.0.1. `settings` are further PostgreSQL settings. A server that is running
    already keeps what it was started with.

    Raises ServerNotStarted, ServerOfAnotherMajor, AccountShutOut, SocketDirectoryTaken.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    with _locked(directory / "lock"):
        account = account_for(directory, binaries)
        found = major_kept_in(directory)
        if found is None:
            _initdb(directory, binaries, account, tcp_password=tcp_password, durable=durable)
        elif found != str(binaries.major):
            raise ServerOfAnotherMajor(str(directory), found, binaries.major)
        if not _running(directory):
            _start(directory, binaries, account, durable, tcp_password is not None, settings or {})
        return _describe(directory, binaries, tcp_password)


@contextmanager
def scratch_server(
    root: Path,
    binaries: Binaries,
    *,
    tcp_password: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A throw-away server under `root`, stopped and deleted when the block ends.

    What crashed processes left under `root` is cleared away first. Raises as `start_server`.
    """
    root = root.absolute()
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    with _locked(root / "lock"):
        _clear_abandoned(root)
        directory = root / secrets.token_hex(4)
        directory.mkdir(mode=0o711)
        owner = _lock(directory / "owner")
    try:
        yield start_server(
            directory, binaries, durable=False, tcp_password=tcp_password, settings=settings
        )
    finally:
        _remove(directory)
        os.close(owner)


def _clear_abandoned(root: Path) -> None:
    """Stops and deletes the scratch servers under `root` whose owner has gone.

    An owner holds a lock on the file `owner` as long as it lives; a process id in a file could
    by now be another process.
    """
    for owner_file in sorted(root.glob("*/owner")):
        try:
            owner = _lock(owner_file, fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        _remove(owner_file.parent)
        os.close(owner)


def _remove(directory: Path) -> None:
    _stop(directory, signal.SIGQUIT)
    socket_directory = _socket_directory(directory)
    shutil.rmtree(directory)
    shutil.rmtree(socket_directory, ignore_errors=True)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = _lock(file)
    try:
        yield
    finally:
        os.close(lock)


def _lock(file: Path, flags: int = 0) -> int:
    """A descriptor that holds the lock on `file` until it is closed or the process ends."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


# Making and starting


def _initdb(
    directory: Path,
    binaries: Binaries,
    account: Account,
    *,
    tcp_password: str | None,
    durable: bool,
) -> None:
    # Renamed into place when it is whole, so that a broken off initdb leaves no cluster. Never
    # copied from a template: two clusters with one system identifier would look like one.
    unfinished = directory / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    _make_private(unfinished, account)
    command: list[str | Path] = [
        binaries.directory / "initdb",
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        f"--locale={'C.UTF-8' if sys.platform == 'linux' else 'C'}",
    ]
    if not durable:
        command.append("--no-sync")
    with _password_file(directory, tcp_password or secrets.token_urlsafe(), account) as file:
        answer = _run([*command, f"--pwfile={file}"], directory, account)
    if answer.returncode != 0:
        raise ServerNotStarted(str(directory), _last_line(answer.stderr))
    with (unfinished / "postgresql.conf").open("a") as configuration:
        configuration.write("include = 'lockgate.conf'\n")
    unfinished.rename(directory / "data")


@contextmanager
def _password_file(directory: Path, password: str, account: Account) -> Iterator[Path]:
    file = directory / "password"
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(password + "\n")
    account.own(file)
    try:
        yield file
    finally:
        file.unlink()


def _start(
    directory: Path,
    binaries: Binaries,
    account: Account,
    durable: bool,
    listens: bool,
    settings: Mapping[str, str],
) -> None:
    socket_directory = _socket_directory(directory)
    _make_private(socket_directory, account)
    chosen = {
        "unix_socket_directories": str(socket_directory),
        "unix_socket_permissions": "0700",
        "listen_addresses": "127.0.0.1" if listens else "",
        "port": str(_free_port()) if listens else "5432",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        chosen |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            # A revision that makes a thousand tables locks them all until it commits.
            "max_locks_per_transaction": "512",
            "shared_buffers": "32MB",
        }
    configuration = directory / "data" / "lockgate.conf"
    lines = [f"{name} = '{_quoted(value)}'\n" for name, value in (chosen | dict(settings)).items()]
    configuration.write_text("".join(lines), encoding="utf-8")
    account.own(configuration)
    log = directory / "server.log"
    log.touch(mode=0o600)
    account.own(log)
    # pg_ctl starts the server in a session of its own, out of reach of the terminal's Ctrl-C, and
    # with the log for its output, so that no pipe of ours stays open in it.
    answer = _run(
        [
            binaries.directory / "pg_ctl",
            "start",
            "--wait",
            f"--timeout={START_SECONDS}",
            f"--pgdata={directory / 'data'}",
            f"--log={log}",
        ],
        directory,
        account,
    )
    if answer.returncode != 0:
        raise ServerNotStarted(str(directory), _last_line(log.read_text(errors="replace")))


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(
    command: list[str | Path], directory: Path, account: Account
) -> subprocess.CompletedProcess[str]:
    """Runs one of PostgreSQL's programs.

    Its environment is a short list of what it needs: the server keeps it for as long as it runs,
    and a DATABASE_URL with its password has no place there.
    """
    environ = {
        name: os.environ[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        if name in os.environ
    }
    return subprocess.run(
        [*account.prefix, *command],
        cwd=directory,
        env=environ | {"LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        user=account.user,
        group=account.group,
        extra_groups=None if account.user is None else [],
    )


def _last_line(text: str) -> str:
    """What PostgreSQL gave as its reason: the last line that reports a failure."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    failures = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (failures or lines or ["it said nothing"])[-1]


# Sockets


def _socket_directory(directory: Path) -> Path:
    """Where the server kept in `directory` puts its socket: inside, if the path is short enough."""
    inside = directory / "socket"
    if len(os.fsencode(inside / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"lockgate-{digest}"


def _make_private(directory: Path, account: Account) -> None:
    """Makes `directory` enterable by the server's account alone, or finds it to be so.

    Raises SocketDirectoryTaken for one that somebody else has put there.
    """
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        account.own(directory)
    status = directory.lstat()
    private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
    if not private or status.st_uid != (os.geteuid() if account.user is None else account.user):
        raise SocketDirectoryTaken(str(directory))


def _describe(directory: Path, binaries: Binaries, tcp_password: str | None) -> Server:
    port = int(_postmaster_file(directory)[3])
    url = DatabaseUrl(
        host=str(_socket_directory(directory)), port=port, user=SUPERUSER, database="postgres"
    )
    tcp_url = None
    if tcp_password is not None:
        tcp_url = DatabaseUrl(
            host="127.0.0.1",
            port=port,
            user=SUPERUSER,
            password=tcp_password,
            database="postgres",
        )
    return Server(directory, binaries, url, tcp_url)


# Running and stopping


def _running(directory: Path) -> bool:
    """Whether a server answers on the socket, which nobody else can have put there.

    The process id in postmaster.pid alone proves nothing: after a crash of the machine it may be
    anybody's.
    """
    lines = _postmaster_file(directory)
    if len(lines) < 5:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        place = _socket_directory(directory) / f".s.PGSQL.{lines[3].strip()}"
        return probe.connect_ex(os.fsencode(place)) == 0


def _postmaster_file(directory: Path) -> list[str]:
    """The lines of postmaster.pid: process id, data directory, start, port, socket directory."""
    try:
        return (directory / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _stop(directory: Path, how: signal.Signals) -> None:
    """Sends the signal that shuts a server down, as pg_ctl would (which refuses to run as root)."""
    if not _running(directory):
        return
    postmaster = int(_postmaster_file(directory)[0])
    os.kill(postmaster, how)
    tick = Event()
    for _ in range(round(STOP_SECONDS / POLL_SECONDS)):
        # Its file is the last thing that a server removes; a killed one leaves it behind.
        if not _postmaster_file(directory) or not _alive(postmaster):
            return
        tick.wait(POLL_SECONDS)
    raise ServerNotStopped(str(directory), STOP_SECONDS)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# Databases


def create_database(server: DatabaseUrl, name: str, *, template: str | None = None) -> DatabaseUrl:
    """The new, empty database `name` on the server of `server`; or a copy of `template`.

    Nobody may be connected to the template. Raises psycopg.Error.
    """
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template1")
    )
    with psycopg.connect(make_conninfo(**server.conninfo()), autocommit=True) as connection:
        connection.execute(command)
    return server.with_database(name)


def drop_database(server: DatabaseUrl, name: str) -> None:
    """Drops the database `name` if it is there, disconnecting whoever uses it.

    Raises psycopg.Error.
    """
    command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(make_conninfo(**server.conninfo()), autocommit=True) as connection:
        connection.execute(command)
