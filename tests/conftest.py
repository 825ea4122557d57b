"""Servers and databases for every test; each is started when a test first asks for it.

`server`, `second_server` and `tcp_server` are PostgreSQL 18. `any_server` and `any_database`
repeat a test for each major of LOCKGATE_TEST_MAJORS (default: 18, and 15 where it is installed).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from lockgate.core.agreement import CONTRADICTS
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import Binaries, BinariesNotFound, find_binaries
from lockgate.postgres.servers import Server, create_database, drop_database, scratch_server

MAJORS = tuple(int(major) for major in os.environ.get("LOCKGATE_TEST_MAJORS", "18,15").split(","))

# Not under pytest's own directories: those are closed to the account that PostgreSQL runs as
# where the tests run as root.
SCRATCH = Path(tempfile.gettempdir()) / f"lockgate-tests-{os.geteuid()}"

ODD_PASSWORD = "p@ss:w/o%r#d? &=+'\"\\ ünïcödé"

StartServer = Callable[..., Server]
NewDatabase = Callable[..., DatabaseUrl]


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return find_binaries(18)


@pytest.fixture(scope="session")
def installed_binaries() -> Binaries:
    """PostgreSQL 15 as the system has it, where every account can run it."""
    try:
        return find_binaries(15)
    except BinariesNotFound as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def start_scratch_server(binaries: Binaries) -> Iterator[StartServer]:
    """Starts one more server for the session; keywords as for `scratch_server`."""
    with ExitStack() as stack:

        def start(programs: Binaries = binaries, **options: object) -> Server:
            return stack.enter_context(scratch_server(SCRATCH, programs, **options))  # type: ignore[arg-type]

        yield start


@pytest.fixture(scope="session")
def server(start_scratch_server: StartServer) -> Server:
    return start_scratch_server()


@pytest.fixture(scope="session")
def second_server(start_scratch_server: StartServer) -> Server:
    """Another cluster, with another system identifier."""
    return start_scratch_server()


@pytest.fixture(scope="session")
def tcp_server(start_scratch_server: StartServer) -> Server:
    """A server whose `tcp_url` has an odd password, checked with scram-sha-256."""
    return start_scratch_server(tcp_password=ODD_PASSWORD)


@pytest.fixture(scope="session")
def servers_by_major(start_scratch_server: StartServer) -> Callable[[int], Server]:
    started: dict[int, Server] = {}

    def server_of(major: int) -> Server:
        if major not in started:
            try:
                programs = find_binaries(major)
            except BinariesNotFound as error:
                pytest.skip(str(error))
            started[major] = start_scratch_server(programs)
        return started[major]

    return server_of


@pytest.fixture(params=MAJORS, ids=lambda major: f"pg{major}")
def any_server(request: pytest.FixtureRequest, servers_by_major: Callable[[int], Server]) -> Server:
    """A server of each major in turn."""
    major: int = request.param
    return servers_by_major(major)


NUMBERS = count(1)


@pytest.fixture
def new_database() -> Iterator[NewDatabase]:
    """Makes an empty database on a server, or a copy of `template`, for one test."""
    with ExitStack() as stack:

        def make(server: Server, *, template: str | None = None) -> DatabaseUrl:
            name = f"test_{next(NUMBERS)}"
            url = create_database(server.url, name, template=template)
            stack.callback(drop_database, server.url, name)
            return url

        yield make


@pytest.fixture
def database(server: Server, new_database: NewDatabase) -> DatabaseUrl:
    """An empty database on `server`."""
    return new_database(server)


@pytest.fixture
def any_database(any_server: Server, new_database: NewDatabase) -> DatabaseUrl:
    """An empty database on a server of each major in turn."""
    return new_database(any_server)


# A small project and the real command line


ENV_PY = """\
import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down_revision!r}


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
"""

TEMPLATE = """\
import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades or "pass"}


def downgrade():
    ${downgrades or "pass"}
"""

REVISIONS = {
    "one": (
        "op.create_table('item', sa.Column('id', sa.Integer, primary_key=True))",
        "op.drop_table('item')",
    ),
    "two": ("op.add_column('item', sa.Column('note', sa.Text))", "op.drop_column('item', 'note')"),
    "three": (
        "op.add_column('item', sa.Column('size', sa.Integer))",
        "op.drop_column('item', 'size')",
    ),
}
"""Revision, the body of its upgrade, the body of its downgrade; each follows the one before."""


MakeProject = Callable[..., Path]
RunLockgate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Writes a small Alembic project, and answers its folder.

    The arguments are the text of lockgate.toml and, where others are wanted, `env_py` and
    `revisions`. The usual `env.py` takes its URL from DATABASE_URL.
    """

    def make(
        settings: str,
        *,
        env_py: str = ENV_PY,
        revisions: Mapping[str, tuple[str, str]] = REVISIONS,
    ) -> Path:
        project = tmp_path / "project"
        versions = project / "migrations" / "versions"
        versions.mkdir(parents=True)
        (project / "lockgate.toml").write_text(settings, encoding="utf-8")
        (project / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
        (project / "migrations" / "env.py").write_text(env_py)
        (project / "migrations" / "script.py.mako").write_text(TEMPLATE)
        before: str | None = None
        for revision, (upgrade, downgrade) in revisions.items():
            text = REVISION.format(
                revision=revision, down_revision=before, upgrade=upgrade, downgrade=downgrade
            )
            (versions / f"{revision}.py").write_text(text)
            before = revision
        return project

    return make


@pytest.fixture
def lockgate(tmp_path: Path) -> RunLockgate:
    """Runs the installed `lockgate` in a folder, in a new process.

    The arguments are the folder and what is typed; the keywords are the environment variables
    that the command finds beside PATH and HOME.
    """
    home = tmp_path / "home"

    def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        home.mkdir(exist_ok=True)
        answer = subprocess.run(
            [Path(sys.executable).with_name("lockgate"), *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert not DISAGREEMENT.search(answer.stdout + answer.stderr), answer.stdout
        return answer

    return run


DISAGREEMENT = re.compile(rf'{CONTRADICTS}|"disagreements": \[\s*"')
"""Where prediction and observation differ, a command tells its user; here it is a failure."""
