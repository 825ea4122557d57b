"""A small Alembic project with two enrolled Environments, for the commands that only read."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.config import load_settings
from lockgate.core.url import DatabaseUrl
from lockgate.migrations import steps
from lockgate.postgres.servers import Server, create_database, drop_database
from lockgate.workflows import environments
from lockgate.workflows.destination import Destination, find_destination
from lockgate.workflows.running import run
from lockgate.workflows.workspace import Workspace

ENV_PY = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISIONS = {
    "aaa": (None, "Make jobs", "CREATE TABLE job (id int)", "DROP TABLE job"),
    "bbb": ("aaa", "Add states", "ALTER TABLE job ADD state text", "ALTER TABLE job DROP state"),
}


@dataclass(frozen=True)
class Project:
    """The settings of a project, and the databases that its Environments are."""

    root: Path
    urls: dict[str, DatabaseUrl]

    @property
    def config(self) -> Path:
        return self.root / "lockgate.toml"

    @property
    def workspace(self) -> Workspace:
        return Workspace(load_settings(self.config), environ={})

    def destination(self, name: str) -> Destination:
        return find_destination(self.workspace, name)

    def write_settings(self, **more: str) -> None:
        """Settings with an Environment for each URL; `more` are lines for one of them."""
        roles = {"prod": "production", "dev": "development"}
        tables = [
            f'[environments.{name}]\nrole = "{roles.get(name, "staging")}"\n'
            f'url = "{url.render()}"\n{textwrap.dedent(more.get(name, ""))}'
            for name, url in self.urls.items()
        ]
        self.config.write_text("\n".join(tables), encoding="utf-8")

    def enroll(self, name: str) -> None:
        environments.enroll(self.workspace, name, lambda _name, _what: None)

    def take_to(self, name: str, revision: str) -> None:
        """Runs revisions as a deploy does."""
        destination = self.destination(name)
        directory = destination.workspace.project.directory
        run(destination, steps.upgrade(directory, revision), action="deploy")

    @contextmanager
    def connected(self, name: str, *, user: str | None = None) -> Iterator[psycopg.Connection]:
        """A session of somebody else."""
        given = self.urls[name].conninfo() | ({"user": user} if user else {})
        conninfo = make_conninfo(**given, application_name="somebody")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            yield connection

    def execute(self, name: str, sql: str) -> None:
        with self.connected(name) as connection:
            connection.execute(sql.encode())


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, server: Server, second_server: Server
) -> Iterator[Project]:
    """The project that each test gets a copy of."""
    root = tmp_path_factory.mktemp("prepared")
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (root / "migrations" / "env.py").write_text(ENV_PY)
    for revision, (parent, message, up, down) in REVISIONS.items():
        (versions / f"{revision}.py").write_text(
            f'"""{message}"""\n\nfrom alembic import op\n\n'
            f"revision = {revision!r}\ndown_revision = {parent!r}\n\n\n"
            f"def upgrade():\n    op.execute({up!r})\n\n\n"
            f"def downgrade():\n    op.execute({down!r})\n"
        )
    made = Project(
        root,
        {
            "dev": create_database(server.url, "prepared_dev"),
            "prod": create_database(second_server.url, "prepared_prod"),
        },
    )
    made.write_settings()
    made.enroll("dev")
    made.enroll("prod")
    made.take_to("dev", "bbb")
    made.take_to("prod", "aaa")
    yield made
    drop_database(server.url, "prepared_dev")
    drop_database(second_server.url, "prepared_prod")


@pytest.fixture
def project(
    tmp_path: Path,
    prepared: Project,
    server: Server,
    second_server: Server,
    new_database: Callable[..., DatabaseUrl],
) -> Project:
    """`dev` on one server at revision bbb, and `prod` on another at aaa."""
    shutil.copytree(prepared.root, tmp_path, dirs_exist_ok=True)
    copy = Project(
        tmp_path,
        {
            "dev": new_database(server, template="prepared_dev"),
            "prod": new_database(second_server, template="prepared_prod"),
        },
    )
    copy.write_settings()
    for name in copy.urls:
        copy.execute(
            name,
            "UPDATE lockgate.mark SET (database, oid) = (SELECT datname, oid FROM pg_database"
            " WHERE datname = current_database())",
        )
    return copy


@pytest.fixture
def open_sessions() -> Iterator[ExitStack]:
    """Sessions that a test leaves open, closed after it."""
    with ExitStack() as stack:
        yield stack
