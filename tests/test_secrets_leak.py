"""No password is left anywhere by a command, whether it does its work or fails.

Each run of the real command line is watched: what it prints, the command lines of every process
meanwhile, the sessions of the server. Afterwards the project, the home directory, the databases
with their ledger, and the server's log are searched for every spelling of the password.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote, quote_plus

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

MakeProject = Callable[..., Path]
NewDatabase = Callable[..., DatabaseUrl]
StartServer = Callable[..., Server]

PASSWORDS = {
    "odd": "p@ss:w/o%r#d? &=+'\"\\ ünïcödé",
    "escapes": "*:\\{}%40%%0a$(id)",
    "spaces": "  some spaces in front of ",
}

SETTINGS = """\
shared_cluster = true

[environments.dev]
role = "development"
url = "env:DEV_URL"

[environments.prod]
role = "production"
url = "env:PROD_URL"
requires = ["dev"]
"""

RAISES_THE_URL = "import os; raise RuntimeError('no luck with ' + os.environ['DATABASE_URL'])"
CHAINS_THE_URL = (
    "import os\n"
    "    try:\n"
    "        raise KeyError(os.environ['DATABASE_URL'])\n"
    "    except KeyError as error:\n"
    "        raise RuntimeError('no luck') from error"
)

ASYNC_ENV_PY = """\
import asyncio
import os
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


NUMBERS = count()


@dataclass
class Watched:
    """Runs commands and keeps all that could be seen of them from outside."""

    project: Path
    home: Path
    superuser: psycopg.Connection
    urls: dict[str, str]
    statuses: dict[str, int] = field(default_factory=dict)
    printed: set[str] = field(default_factory=set)
    command_lines: set[bytes] = field(default_factory=set)
    sessions: set[tuple[str, str]] = field(default_factory=set)

    def run(self, *arguments: str, **environ: str) -> int:
        """The exit status."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            **self.urls,
            **environ,
        }
        with (
            TemporaryFile("w+", encoding="utf-8") as output,
            subprocess.Popen(
                [Path(sys.executable).with_name("lockgate"), *arguments],
                cwd=self.project,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            while not ended(process):
                self.command_lines.update(command_lines())
                self.sessions.update(
                    self.superuser.execute(
                        "SELECT application_name, query FROM pg_stat_activity"
                    ).fetchall()
                )
            output.seek(0)
            self.printed.add(output.read())
        self.statuses[" ".join(arguments)] = process.returncode
        return process.returncode

    def seen(self) -> Iterator[tuple[str, bytes]]:
        """Where something was seen, and what."""
        yield from (("printed", text.encode()) for text in self.printed)
        yield from (("process", line) for line in self.command_lines)
        yield from (("session", "\n".join(row).encode()) for row in self.sessions)
        for folder in (self.project, self.home):
            for path in folder.rglob("*"):
                if path.is_file():
                    yield str(path.relative_to(folder.parent)), path.read_bytes()


def ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=0.02)
    except subprocess.TimeoutExpired:
        return False
    return True


def command_lines() -> Iterator[bytes]:
    """Of every process that there is."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue


def spellings(password: str) -> dict[str, bytes]:
    """The password in the spellings in which it could turn up."""
    conninfo = password.replace("\\", "\\\\").replace("'", "\\'")
    texts = {
        "as it is": password,
        "in a URL": quote(password, safe=""),
        "in a URL, / kept": quote(password),
        "in a form": quote_plus(password),
        "in alembic.ini": quote(password, safe="").replace("%", "%%"),
        "by repr": repr(password)[1:-1],
        "by repr of bytes": repr(password.encode())[2:-1],
        "in JSON": json.dumps(password)[1:-1],
        "in JSON, UTF-8": json.dumps(password, ensure_ascii=False)[1:-1],
        "in SQL": password.replace("'", "''"),
        "in a conninfo": conninfo,
        "in a shell": shlex.quote(password),
    }
    return {how: text.encode() for how, text in texts.items()}


@pytest.fixture(scope="module")
def logging_server(start_scratch_server: StartServer) -> Server:
    """A server that checks passwords by scram-sha-256 and logs every statement."""
    settings = {"log_statement": "all", "log_connections": "on", "log_min_messages": "debug1"}
    return start_scratch_server(tcp_password="superuser", settings=settings)


@pytest.fixture
def password(request: pytest.FixtureRequest) -> str:
    # Each test has its own, since other processes and tests may show the rest.
    return f"{PASSWORDS[request.param]}{os.getpid()}.{next(NUMBERS)}"


@pytest.fixture
def watched(
    password: str,
    make_project: MakeProject,
    new_database: NewDatabase,
    logging_server: Server,
    tmp_path: Path,
) -> Iterator[Watched]:
    assert logging_server.tcp_url is not None
    login = replace(logging_server.tcp_url, user="app", password=password)
    urls = {
        name: login.with_database(str(new_database(logging_server).database)).render()
        for name in ("DEV_URL", "PROD_URL")
    }
    home = tmp_path / "home"
    home.mkdir()
    with psycopg.connect(
        make_conninfo(**logging_server.url.conninfo()), autocommit=True
    ) as superuser:
        # As psql's \password does it: the server, and so its log, never gets the password itself.
        verifier = superuser.pgconn.encrypt_password(
            password.encode(), b"app", b"scram-sha-256"
        ).decode()
        superuser.execute("DROP ROLE IF EXISTS app")
        superuser.execute(sql.SQL("CREATE ROLE app LOGIN SUPERUSER PASSWORD {}").format(verifier))
        yield Watched(make_project(SETTINGS), home, superuser, urls)
        superuser.execute("REASSIGN OWNED BY app TO postgres")


def everything_that_works(watched: Watched) -> None:
    """Commands that do what they should, and so write what they write."""
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *arguments], cwd=watched.project, check=True)
    watched.run("env", "list")
    watched.run("env", "enroll", "dev", "--yes", "dev")
    watched.run("env", "enroll", "prod", "--yes", "prod", "--format", "json")
    watched.run("env", "show", "dev", "--verbose")
    watched.run("rehearse", "--verbose")
    watched.run("preview")
    watched.run("upgrade", "two", "--env", "dev", "--verbose")
    watched.run("upgrade", DATABASE_URL=watched.urls["DEV_URL"])
    watched.run("downgrade", "-1", "--env", "dev", "--format", "json")
    watched.run("stamp", "three", "--env", "dev")
    watched.run("current", "--env", "dev")
    watched.run("history", "--env", "dev", "--indicate-current")
    watched.run("revision", "--empty", "-m", "more", "--env", "dev")
    watched.run("log", "dev", "--verify")
    assert set(watched.statuses.values()) == {0}, (watched.statuses, watched.printed)
    # These have something to say against it, which is as well.
    watched.run("status", "--format", "json")
    watched.run("plan", "prod", "-o", "plan.json")
    watched.run("deploy", "prod", "--yes", "prod", "--verbose")


def failures(watched: Watched) -> None:
    """What can go wrong, and is told with a traceback."""
    dev = DatabaseUrl.parse(watched.urls["DEV_URL"], source="test")
    wrong = {
        "user": replace(dev, user="postgres"),
        "database": replace(dev, database="nowhere"),
        "port": replace(dev, port=1),
        "option": replace(dev, parameters=(("colour", "red"),)),
    }
    for url in wrong.values():
        watched.run("upgrade", "--env", "dev", "--verbose", DEV_URL=url.render())
        watched.run("upgrade", "--verbose", DATABASE_URL=url.render())
    unreadable = watched.urls["DEV_URL"].replace("@", "@[", 1)
    watched.run("upgrade", "--env", "dev", "--verbose", DEV_URL=unreadable)
    watched.run("upgrade", "--verbose", DATABASE_URL=f"mysql{unreadable}")
    watched.run("upgrade", "--env", "prod", "--verbose", DATABASE_URL=watched.urls["DEV_URL"])
    settings = watched.project / "lockgate.toml"
    settings.write_text(SETTINGS.replace("env:DEV_URL", watched.urls["DEV_URL"]))
    watched.run("upgrade", "--env", "dev", "--verbose")
    watched.run("env", "list", "--verbose")
    settings.write_text(SETTINGS)


def failing_revisions(watched: Watched) -> None:
    """What a revision or env.py raises, with the URL in it where it can."""
    revision = watched.project / "migrations" / "versions" / "three.py"
    written = revision.read_text()
    original = "op.add_column('item', sa.Column('size', sa.Integer))"
    assert original in written
    watched.run("stamp", "two", "--env", "dev")
    for instead in ("op.execute('SELECT nothing')", RAISES_THE_URL, CHAINS_THE_URL):
        revision.write_text(written.replace(original, instead))
        assert watched.run("upgrade", "--env", "dev", "--verbose") == 5
        watched.run("upgrade", "--env", "dev", "--verbose", "--format", "json")
        watched.run("rehearse", "--verbose")
    env_py = watched.project / "migrations" / "env.py"
    usual = env_py.read_text()
    url = 'os.environ["DATABASE_URL"]'
    for instead in (f"'x' + {url}", f"{url} + '%zz'", f"{url} + '?port=x'"):
        env_py.write_text(usual.replace(url, instead))
        watched.run("upgrade", "--env", "dev", "--verbose")
    env_py.write_text(
        usual.replace("import os", f"import os, psycopg\npsycopg.connect({url} + '&%zz')")
    )
    watched.run("upgrade", "--env", "dev", "--verbose")
    env_py.write_text(usual.replace("engine =", f"raise RuntimeError({url})\nengine ="))
    watched.run("upgrade", "--env", "dev", "--verbose")
    env_py.write_text(ASYNC_ENV_PY)
    watched.run("upgrade", "--env", "dev", "--verbose")


@pytest.mark.parametrize(
    ("scenario", "password"),
    [
        (everything_that_works, "odd"),
        (failures, "odd"),
        (failures, "escapes"),
        (failures, "spaces"),
        (failing_revisions, "odd"),
        (failing_revisions, "escapes"),
    ],
    indirect=["password"],
)
def test_no_spelling_of_a_password_is_left_anywhere(
    scenario: Callable[[Watched], None],
    password: str,
    watched: Watched,
    logging_server: Server,
) -> None:
    if scenario is failing_revisions:
        watched.run("env", "enroll", "dev", "--yes", "dev")
    scenario(watched)
    (watched.project / "lockgate.toml").write_text(SETTINGS)

    assert set() == leaks(watched, logging_server, password)


def leaks(watched: Watched, server: Server, password: str) -> set[tuple[str, str]]:
    """Where the password was seen, and in which spelling."""
    log = server.directory / "server.log"
    places = [*watched.seen(), ("server.log", log.read_bytes())]
    places += [("database", dump(url, server)) for url in watched.urls.values()]
    return {
        (where, how)
        for where, what in places
        for how, text in spellings(password).items()
        if text in what
    }


def dump(url: str, server: Server) -> bytes:
    assert server.binaries.pg_dump is not None
    database = DatabaseUrl.parse(url, source="test").database
    conninfo = make_conninfo(**server.url.with_database(str(database)).conninfo())
    return subprocess.run(
        [server.binaries.pg_dump, conninfo], capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("password", ["odd"], indirect=True)
def test_the_watch_sees_what_it_is_meant_to_see(
    watched: Watched, logging_server: Server, password: str
) -> None:
    """Else its silence would prove nothing."""
    watched.run("env", "enroll", "dev", "--yes", "dev")
    watched.run("upgrade", "--env", "dev")
    while not any(b"pg_dump" in line for line in watched.command_lines):
        watched.run("preview", "--env", "dev")  # it lives for so short that a look may miss it
    (watched.project / "note").write_text(quote(password, safe=""))
    watched.superuser.execute("SELECT %s", (password,))

    assert {0} == set(watched.statuses.values()), watched.printed
    assert any(b"lockgate\0upgrade" in line for line in watched.command_lines)
    assert any(name.startswith("lockgate upgrade") for name, _ in watched.sessions)

    watched.run("upgrade", "--env", password)

    assert {
        ("printed", "as it is"),
        ("process", "as it is"),
        ("project/note", "in a URL"),
        ("server.log", "in SQL"),
    } <= leaks(watched, logging_server, password)


def test_ledger_keeps_no_password_that_a_revision_sets(
    make_project: MakeProject,
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
    database: DatabaseUrl,
) -> None:
    role = f"archivist_{os.getpid()}"
    upgrade = f"""op.execute("CREATE ROLE {role} LOGIN PASSWORD 'very quiet'")"""
    project = make_project(
        '[environments.dev]\nrole = "development"\nurl = "env:DEV_URL"\n',
        revisions={"one": (upgrade, f"op.execute('DROP ROLE {role}')")},
    )
    run = partial(lockgate, project, DEV_URL=database.render())
    assert run("env", "enroll", "dev", "--yes", "dev").returncode == 0

    done = run("upgrade", "--env", "dev")
    log = run("log", "dev", "--format", "json")
    undone = run("downgrade", "base", "--env", "dev")

    assert (done.returncode, undone.returncode) == (0, 0), done.stderr + undone.stderr
    assert "very quiet" not in log.stdout
    assert f"CREATE ROLE {role} LOGIN PASSWORD '***'" in log.stdout
