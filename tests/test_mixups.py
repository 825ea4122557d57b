"""Every way of mixing two databases up that we know of, tried with the real command line.

Each is refused with exit 3 before anything changes: structure, data, ledger and version table of
every database involved are dumped before and after. The message says what was expected and what
was found, and the hint what to do.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.config import load_settings
from lockgate.core.identity import Mark
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.servers import Server, create_database, start_server
from lockgate.workflows import environments
from lockgate.workflows.workspace import Workspace

MakeProject = Callable[..., Path]
NewDatabase = Callable[..., DatabaseUrl]
RunLockgate = Callable[..., subprocess.CompletedProcess[str]]
StartServer = Callable[..., Server]

SETTINGS = """\
{top}
[environments.dev]
role = "development"
url = "{dev}"

[environments.prod]
role = "production"
url = "{prod}"
"""

AT_REVISION_ONE = """
CREATE TABLE item (id integer NOT NULL, PRIMARY KEY (id));
INSERT INTO item VALUES (1), (2);
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('one');
"""

ANOTHER_TENANT = """
CREATE SCHEMA tenant;
CREATE TABLE tenant.alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO tenant.alembic_version VALUES ('one');
CREATE TABLE tenant.item (id integer PRIMARY KEY);
"""


@dataclass
class World:
    """A project with DEV and PROD on a cluster each, both marked, both at revision `one`.

    `involved` are the databases that must be as before after what is tried.
    """

    project: Path
    dev: DatabaseUrl
    prod: DatabaseUrl
    server: Server
    second_server: Server
    new_database: NewDatabase
    start_server: StartServer
    stack: ExitStack
    involved: list[DatabaseUrl] = field(default_factory=list)

    def settings(self, *, top: str = "", **urls: str) -> None:
        """Rewrites the settings, with `urls` for the ones that differ."""
        given = {"dev": self.dev.render(), "prod": self.prod.render(), **urls}
        (self.project / "lockgate.toml").write_text(SETTINGS.format(top=top, **given))

    def env_py(self, change: Callable[[str], str]) -> None:
        file = self.project / "migrations" / "env.py"
        file.write_text(change(file.read_text()))

    def revision(self, upgrade: str, *, head: str = "") -> None:
        """Rewrites revision `two`, with `head` at the top of the file."""
        file = self.project / "migrations" / "versions" / "two.py"
        text = file.read_text()
        original = "op.add_column('item', sa.Column('note', sa.Text))"
        assert original in text
        file.write_text(head + text.replace(original, upgrade))

    def enroll(self, name: str, **environ: str) -> None:
        workspace = Workspace(load_settings(self.project / "lockgate.toml"), environ=environ)
        environments.enroll(workspace, name, lambda *_: None)

    def database(self, server: Server) -> DatabaseUrl:
        """One more database at revision `one`, without a mark."""
        url = self.new_database(server)
        execute(url, AT_REVISION_ONE)
        self.involved.append(url)
        return url


@dataclass(frozen=True)
class Refusal:
    """What is typed, and the answer: code, message and words that the hint must hold."""

    code: str
    message: str
    hint: str
    arguments: tuple[str, ...] = ("upgrade", "--env", "dev")
    environ: Mapping[str, str] = field(default_factory=dict)


def execute(url: DatabaseUrl, script: str) -> None:
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        connection.execute(script.encode())


def dump(url: DatabaseUrl, server: Server) -> str:
    """Structure and data, lockgate's own schema included, as pg_dump writes them."""
    answer = subprocess.run(
        [pg_dump_of(server), "--no-password", make_conninfo(**url.conninfo())],
        capture_output=True,
        text=True,
        check=True,
    )
    # \restrict, which recent versions write, holds a random key.
    return re.sub(r"\\(un)?restrict .*", "", answer.stdout)


def pg_dump_of(server: Server) -> Path:
    assert server.binaries.pg_dump is not None
    return server.binaries.pg_dump


def restore(text: str, url: DatabaseUrl, server: Server) -> None:
    psql = server.binaries.directory / "psql"
    command: list[str | Path] = [
        psql,
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--dbname",
        make_conninfo(**url.conninfo()),
    ]
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def mark(url: DatabaseUrl) -> Mark:
    with connect_unchecked(url, purpose="test") as (_, found, __):
        assert isinstance(found, Mark)
        return found


def place(url: DatabaseUrl) -> str:
    return f'database "{url.database}" on "localhost"'


def system_identifier(server: Server) -> str:
    with psycopg.connect(make_conninfo(**server.url.conninfo())) as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture
def world(
    make_project: MakeProject,
    new_database: NewDatabase,
    server: Server,
    second_server: Server,
    start_scratch_server: StartServer,
) -> Iterator[World]:
    dev, prod = new_database(server), new_database(second_server)
    with ExitStack() as stack:
        made = World(
            make_project(""), dev, prod, server, second_server, new_database,
            start_scratch_server, stack, [dev, prod],
        )  # fmt: skip
        made.settings()
        for name, url in (("dev", dev), ("prod", prod)):
            execute(url, AT_REVISION_ONE)
            made.enroll(name)
        yield made


# One environment asked for, the other one's database there


def dev_asked_with_the_url_of_prod(world: World) -> Refusal:
    world.settings(dev="env:DEV_URL", prod="env:PROD_URL")
    return Refusal(
        "LG-ENV-1",
        f'expected environment "dev", but {place(world.prod)} is marked as "prod"',
        "run `lockgate env show dev`",
        environ={"DEV_URL": world.prod.render()},
    )


def prod_asked_with_the_url_of_dev(world: World) -> Refusal:
    world.settings(dev="env:DEV_URL", prod="env:PROD_URL")
    return Refusal(
        "LG-ENV-1",
        f'expected environment "prod", but {place(world.dev)} is marked as "dev"',
        "run `lockgate env show prod`",
        arguments=("current", "--env", "prod"),
        environ={"PROD_URL": world.dev.render()},
    )


def both_urls_swapped(world: World) -> Refusal:
    world.settings(dev=world.prod.render(), prod=world.dev.render())
    return Refusal(
        "LG-ENV-1",
        f'expected environment "dev", but {place(world.prod)} is marked as "prod"',
        "correct its url, DATABASE_URL or env.py",
    )


def dev_asked_while_database_url_is_prod(world: World) -> Refusal:
    return Refusal(
        "LG-ENV-11",
        f'--env dev means "{world.dev.redacted()}", '
        f'but DATABASE_URL is set to "{world.prod.redacted()}"',
        "unset DATABASE_URL",
        environ={"DATABASE_URL": world.prod.render()},
    )


def prod_asked_while_database_url_is_dev(world: World) -> Refusal:
    return Refusal(
        "LG-ENV-11",
        f'--env prod means "{world.prod.redacted()}", '
        f'but DATABASE_URL is set to "{world.dev.redacted()}"',
        "unset DATABASE_URL",
        arguments=("upgrade", "--env", "prod"),
        environ={"DATABASE_URL": world.dev.render()},
    )


def database_url_alone_leads_to_prod(world: World) -> Refusal:
    return Refusal(
        "LG-ENV-12",
        '`lockgate upgrade` does not run on "prod": it is production',
        "run `lockgate deploy prod`",
        arguments=("upgrade",),
        environ={"DATABASE_URL": world.prod.render()},
    )


def database_url_leads_to_another_project(world: World) -> Refusal:
    other = world.database(world.server)
    world.settings(dev=other.render())
    text = (world.project / "lockgate.toml").read_text()
    (world.project / "lockgate.toml").write_text(
        text.replace("environments.dev", "environments.qa")
    )
    world.enroll("qa")
    world.settings()
    return Refusal(
        "LG-ENV-14",
        f'expected "dev" or "prod", but {place(other)} is marked as "qa"',
        "correct DATABASE_URL",
        arguments=("upgrade",),
        environ={"DATABASE_URL": other.render()},
    )


# env.py goes its own way


def hard_coded(url: DatabaseUrl, driver: str) -> Callable[[str], str]:
    literal = repr(url.with_driver(driver).render())
    return lambda text: text.replace('os.environ["DATABASE_URL"]', literal)


def marked_prod(world: World, **given: str) -> Refusal:
    return Refusal(
        "LG-ENV-1",
        f'expected environment "dev", but {place(world.prod)} is marked as "prod"',
        "correct its url, DATABASE_URL or env.py",
    )


def env_py_with_a_hard_coded_url(world: World) -> Refusal:
    world.env_py(hard_coded(world.prod, "psycopg"))
    return marked_prod(world)


def env_py_with_a_hard_coded_url_for_psycopg2(world: World) -> Refusal:
    world.env_py(hard_coded(world.prod, "psycopg2"))
    return marked_prod(world)


ASYNC_ENV_PY = """\
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = create_async_engine({url!r}, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(main())
"""


def env_py_with_a_hard_coded_url_for_asyncpg(world: World) -> Refusal:
    url = world.prod.with_driver("asyncpg").render()
    world.env_py(lambda _: ASYNC_ENV_PY.format(url=url))
    return marked_prod(world)


def env_py_with_a_creator_function(world: World) -> Refusal:
    connect = f"lambda: psycopg.connect({make_conninfo(**world.prod.conninfo())!r})"
    world.env_py(
        lambda text: (
            "import psycopg\n"
            + text.replace(
                'os.environ["DATABASE_URL"]', f'"postgresql+psycopg://", creator={connect}'
            )
        )
    )
    return marked_prod(world)


def env_py_that_leads_to_an_unmarked_database(world: World) -> Refusal:
    other = world.database(world.server)
    world.env_py(hard_coded(other, "psycopg"))
    return Refusal(
        "LG-ENV-2",
        f'expected the mark of environment "dev", but {place(other)} has none',
        "run `lockgate env enroll dev`",
    )


def env_py_that_leads_to_the_dev_of_a_colleague(world: World) -> Refusal:
    theirs = world.database(world.second_server)
    world.settings(dev=theirs.render(), top="shared_cluster = true")
    world.enroll("dev")
    world.settings()
    world.env_py(hard_coded(theirs, "psycopg"))
    return Refusal(
        "LG-ENV-4",
        f'expected the "dev" with mark "{mark(world.dev).uuid}", but {place(theirs)} is another '
        f'"dev", with mark "{mark(theirs).uuid}"',
        "let the settings, DATABASE_URL and env.py all lead to one database",
    )


def write_through_a_second_engine(url: DatabaseUrl) -> str:
    return (
        f"with create_engine({url.with_driver('psycopg').render()!r}).connect() as second:\n"
        "    second.exec_driver_sql('DROP TABLE item')\n"
        "    second.commit()\n"
    )


def a_second_engine_when_env_py_begins(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod)
    world.env_py(lambda text: text.replace("engine = ", f"{second}engine = ", 1))
    return marked_prod(world)


def a_second_engine_in_a_module_that_env_py_imports(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod)
    (world.project / "migrations" / "models.py").write_text(
        f"from sqlalchemy import create_engine\n{second}"
    )
    world.env_py(
        lambda text: (
            f"import sys\nsys.path.insert(0, {str(world.project / 'migrations')!r})\n"
            f"import models\n{text}"
        )
    )
    return marked_prod(world)


def a_second_engine_before_configure(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod).replace("\n", "\n    ")
    world.env_py(lambda text: text.replace("context.configure", f"{second}context.configure", 1))
    return marked_prod(world)


def a_second_engine_that_env_py_forgives(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod).replace("\n", "\n    ")
    world.env_py(
        lambda text: text.replace(
            "engine = ", f"try:\n    {second}pass\nexcept Exception: pass\nengine = ", 1
        )
    )
    return marked_prod(world)


def a_second_engine_inside_a_revision(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod).replace("\n", "\n    ")
    world.revision(
        f"op.drop_table('item')\n    {second}", head="from sqlalchemy import create_engine\n"
    )
    return marked_prod(world)


def a_second_engine_that_a_revision_forgives(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod).replace("\n", "\n        ")
    world.revision(
        f"op.drop_table('item')\n    try:\n        {second}pass\n    except Exception: pass",
        head="from sqlalchemy import create_engine\n",
    )
    return marked_prod(world)


def a_second_engine_when_a_revision_is_imported(world: World) -> Refusal:
    second = write_through_a_second_engine(world.prod)
    world.revision("pass", head=f"from sqlalchemy import create_engine\n{second}")
    return marked_prod(world)


def a_second_engine_to_an_unmarked_database(world: World) -> Refusal:
    other = world.database(world.server)
    second = write_through_a_second_engine(other).replace("\n", "\n    ")
    world.revision(second, head="from sqlalchemy import create_engine\n")
    return Refusal(
        "LG-ENV-2",
        f'expected the mark of environment "dev", but {place(other)} has none',
        "check where it points with `lockgate env show dev`",
    )


# No mark, or not the mark's own database


def no_mark(world: World) -> Refusal:
    other = world.database(world.server)
    world.settings(dev=other.render())
    return Refusal(
        "LG-ENV-2",
        f'expected the mark of environment "dev", but {place(other)} has none',
        "run `lockgate env enroll dev`",
    )


def no_mark_behind_database_url(world: World) -> Refusal:
    other = world.database(world.server)
    return Refusal(
        "LG-ENV-2",
        f"expected a mark, but {place(other)} has none",
        "run `lockgate env enroll NAME`",
        arguments=("upgrade",),
        environ={"DATABASE_URL": other.render()},
    )


def prod_restored_on_the_server_of_dev_and_taken_for_dev(world: World) -> Refusal:
    copy = world.new_database(world.server)
    restore(dump(world.prod, world.second_server), copy, world.server)
    world.involved.append(copy)
    world.settings(dev=copy.render())
    return Refusal(
        "LG-ENV-1",
        f'expected environment "dev", but {place(copy)} is marked as "prod"',
        "run `lockgate env show dev`",
    )


def prod_restored_on_another_server_and_taken_for_prod(world: World) -> Refusal:
    copy = world.new_database(world.server)
    restore(dump(world.prod, world.second_server), copy, world.server)
    world.involved.append(copy)
    world.settings(dev="env:DEV_URL", prod=copy.render())
    return Refusal(
        "LG-ENV-3",
        'expected "prod" as it was enrolled, with system identifier '
        f'"{system_identifier(world.second_server)}", but {place(copy)} has system identifier '
        f'"{system_identifier(world.server)}": it is a restore, a copy, or another server',
        "run `lockgate env relabel NAME`",
        arguments=("current", "--env", "prod"),
    )


def a_template_copy_on_the_same_server(world: World) -> Refusal:
    copy = world.new_database(world.server, template=world.dev.database)
    world.involved.append(copy)
    world.settings(dev=copy.render())
    return Refusal(
        "LG-ENV-3",
        f'expected "dev" as it was enrolled, with name "{world.dev.database}", but {place(copy)} '
        f'has name "{copy.database}": it is a restore, a copy, or another server',
        "correct the url",
    )


def a_template_copy_under_the_name_of_the_original(world: World) -> Refusal:
    copy = world.new_database(world.server, template=world.dev.database)
    then = mark(world.dev).oid
    with psycopg.connect(
        make_conninfo(**world.server.url.conninfo()), autocommit=True
    ) as connection:
        connection.execute(f"DROP DATABASE {world.dev.database}".encode())
        connection.execute(
            f"ALTER DATABASE {copy.database} RENAME TO {world.dev.database}".encode()
        )
    with connect_unchecked(world.dev, purpose="test") as (_, __, facts):
        now = facts.oid
    return Refusal(
        "LG-ENV-3",
        f'expected "dev" as it was enrolled, with oid "{then}", but {place(world.dev)} '
        f'has oid "{now}": it is a restore, a copy, or another server',
        "correct the url",
    )


def another_server_under_the_same_name_and_port(world: World) -> Refusal:
    port = {"port": str(free_port())}
    first = world.start_server(tcp_password="first", settings=port)
    dev = reached_by_tcp(world.new_database(first), first)
    execute(dev, AT_REVISION_ONE)
    world.settings(dev="env:DEV_URL")
    world.enroll("dev", DEV_URL=dev.render())
    dumped, then = dump(dev, first), system_identifier(first)
    first.stop()
    second = world.start_server(tcp_password="first", settings=port)
    create_database(second.url, str(dev.database))
    restore(dumped, dev, second)
    world.stack.callback(
        start_server,
        first.directory,
        first.binaries,
        durable=False,
        tcp_password="first",
        settings=port,
    )
    world.stack.callback(second.stop)
    world.involved.append(dev)
    return Refusal(
        "LG-ENV-3",
        f'expected "dev" as it was enrolled, with system identifier "{then}", but {place(dev)} '
        f'has system identifier "{system_identifier(second)}": it is a restore, a copy, or '
        "another server",
        "correct the url",
        environ={"DEV_URL": dev.render()},
    )


def a_physical_copy_on_another_port(world: World) -> Refusal:
    original = world.start_server()
    dev = world.new_database(original)
    execute(dev, AT_REVISION_ONE)
    world.settings(dev=dev.render())
    world.enroll("dev")
    original.stop()
    directory = Path(tempfile.mkdtemp(dir=original.directory.parent))
    directory.chmod(0o711)
    subprocess.run(["cp", "-a", original.directory / "data", directory], check=True)
    start_server(original.directory, original.binaries, durable=False)
    port = free_port()
    copied = start_server(directory, original.binaries, durable=False, settings={"port": str(port)})
    world.stack.callback(shutil.rmtree, directory)
    world.stack.callback(copied.stop)
    copy = copied.url.with_database(str(dev.database))
    world.involved += [dev, copy]
    world.settings(dev=copy.render())
    return Refusal(
        "LG-ENV-3",
        f'expected "dev" as it was enrolled, with server port "5432", but {place(copy)} '
        f'has server port "{port}": it is a restore, a copy, or another server',
        "correct the url",
    )


def another_name_for_the_host(world: World) -> Refusal:
    server = world.start_server(tcp_password="first")
    dev = reached_by_tcp(world.new_database(server), server)
    execute(dev, AT_REVISION_ONE)
    world.settings(dev="env:DEV_URL")
    world.enroll("dev", DEV_URL=dev.render())
    world.involved.append(dev)
    elsewhere = f"postgresql://postgres:first@prod.example:{dev.port}/{dev.database}"
    return Refusal(
        "LG-ENV-3",
        f'expected "dev" as it was enrolled, with host "localhost", but database '
        f'"{dev.database}" on "prod.example" has host "prod.example": it is a restore, a copy, '
        "or another server",
        "add it to hosts of [environments.dev]",
        environ={"DEV_URL": f"{elsewhere}?hostaddr=127.0.0.1"},
    )


def prod_enrolled_elsewhere_since(world: World) -> Refusal:
    other = world.database(world.second_server)
    then = mark(world.prod).uuid
    lock = (world.project / "lockgate.lock").read_text()
    (world.project / "lockgate.lock").unlink()
    world.settings(prod=other.render())
    world.enroll("prod")
    (world.project / "lockgate.lock").write_text(lock)
    return Refusal(
        "LG-ENV-4",
        f'expected the "prod" with mark "{then}", but {place(other)} is another "prod", '
        f'with mark "{mark(other).uuid}"',
        "remove prod from lockgate.lock",
        arguments=("current", "--env", "prod"),
    )


def a_role_that_the_mark_does_not_have(world: World) -> Refusal:
    text = (world.project / "lockgate.toml").read_text()
    (world.project / "lockgate.toml").write_text(text.replace('"production"', '"staging"'))
    return Refusal(
        "LG-ENV-6",
        'expected "prod" to be staging, as the settings say, but the mark in its database '
        "says production",
        "correct role in [environments.prod]",
        arguments=("upgrade", "--env", "prod"),
    )


def a_mark_of_a_newer_lockgate(world: World) -> Refusal:
    execute(
        world.dev,
        "ALTER TABLE lockgate.mark DROP COLUMN part, ADD COLUMN tenant text;"
        "UPDATE lockgate.mark SET format = 2",
    )
    return Refusal(
        "LG-ENV-5",
        'expected a mark of format "1" or older, but the one in database '
        f'"{world.dev.database}" has format "2": a newer lockgate wrote it',
        "upgrade lockgate",
    )


def a_mark_that_somebody_edited(world: World) -> Refusal:
    execute(world.dev, "UPDATE lockgate.mark SET role = 'playground'")
    return Refusal(
        "LG-ENV-15",
        f'expected a mark that says what database "{world.dev.database}" is, but its row in '
        "lockgate.mark cannot be read: 'playground' is not a valid Role",
        "run `lockgate env enroll NAME`",
    )


# Environments that share


def one_url_for_two_environments(world: World) -> Refusal:
    world.settings(prod=world.dev.render())
    return Refusal(
        "LG-ENV-10",
        f'expected a database each, but "dev" and "prod" share the url "{world.dev.render()}"',
        "correct the url of dev or prod",
    )


def one_source_for_two_environments(world: World) -> Refusal:
    world.settings(dev="env:DATABASE_URL", prod="env:DATABASE_URL")
    return Refusal(
        "LG-ENV-10",
        'expected a database each, but "dev" and "prod" share the url "env:DATABASE_URL"',
        "correct the url of dev or prod",
        environ={"DATABASE_URL": world.dev.render()},
    )


def two_urls_for_one_database(world: World) -> Refusal:
    url = world.dev
    world.settings(prod=f"postgres://app@/{url.database}?host={quote(str(url.host))}&port=5432")
    return Refusal(
        "LG-ENV-10",
        'expected a database each, but "dev" and "prod" share the database '
        f'"{url.database}" on "{url.host}"',
        "correct the url of dev or prod",
    )


def dev_and_prod_on_one_cluster_by_their_urls(world: World) -> Refusal:
    other = world.database(world.server)
    world.settings(prod=other.render())
    return Refusal(
        "LG-ENV-9",
        'expected "dev" and "prod" on servers of their own, but both are databases of the '
        f'cluster "{world.server.url.host}:5432"',
        "move dev to another server, or write shared_cluster = true",
    )


def dev_enrolled_on_the_cluster_of_prod(world: World) -> Refusal:
    other = world.database(world.second_server)
    world.settings(dev=other.render(), prod="env:PROD_URL")
    return Refusal(
        "LG-ENV-9",
        'expected "dev" and "prod" on servers of their own, but both are databases of the '
        f'cluster "{system_identifier(world.second_server)}"',
        "move dev to another server",
        arguments=("env", "enroll", "dev", "--yes", "dev"),
    )


def dev_used_on_the_cluster_of_prod(world: World) -> Refusal:
    other = world.database(world.second_server)
    world.settings(dev=other.render(), top="shared_cluster = true")
    world.enroll("dev")
    world.settings(dev=other.render(), prod="env:PROD_URL")
    return Refusal(
        "LG-ENV-9",
        'expected "dev" and "prod" on servers of their own, but both are databases of the '
        f'cluster "{system_identifier(world.second_server)}"',
        "move dev to another server",
    )


def a_cluster_shared_on_purpose_and_dev_led_to_prod(world: World) -> Refusal:
    other = world.database(world.second_server)
    world.settings(dev=other.render(), top="shared_cluster = true")
    world.enroll("dev")
    world.env_py(hard_coded(world.prod, "psycopg"))
    return marked_prod(world)


def prod_planned_on_the_word_of_an_unmarked_dev(world: World) -> Refusal:
    """Its version table has all that PROD lacks, which says nothing about DEV."""
    other = world.database(world.server)
    execute(other, "UPDATE alembic_version SET version_num = 'three'")
    world.settings(dev=other.render())
    file = world.project / "lockgate.toml"
    file.write_text(f'{file.read_text()}requires = ["dev"]\n')
    return Refusal(
        "LG-ENV-2",
        f'expected the mark of environment "dev", but {place(other)} has none',
        "run `lockgate env enroll dev`",
        arguments=("plan", "prod"),
    )


# Marks written to the wrong place


def dev_enrolled_with_the_url_of_prod(world: World) -> Refusal:
    world.settings(dev="env:DEV_URL", prod="env:PROD_URL")
    return Refusal(
        "LG-ENV-13",
        f'expected no mark to enroll "dev", but {place(world.prod)} is "prod"',
        "correct the url of dev",
        arguments=("env", "enroll", "dev", "--yes", "dev"),
        environ={"DEV_URL": world.prod.render()},
    )


def prod_itself_relabelled_as_dev(world: World) -> Refusal:
    world.settings(dev="env:DEV_URL", prod="env:PROD_URL", top="shared_cluster = true")
    return Refusal(
        "LG-ENV-16",
        f'expected a copy to relabel as "dev", but {place(world.prod)} is "prod" itself, '
        "where it was enrolled",
        "correct the url of dev",
        arguments=("env", "relabel", "dev", "--yes", "dev"),
        environ={"DEV_URL": world.prod.render()},
    )


# search_path


def another_schema(world: World, **environ: str) -> Refusal:
    execute(world.dev, ANOTHER_TENANT)
    return Refusal(
        "LG-ENV-7",
        'expected schema "public", with which "dev" was enrolled, but this connection\'s '
        'search_path leads to schema "tenant"',
        "reset search_path",
        environ=environ,
    )


def search_path_in_the_url(world: World) -> Refusal:
    world.settings(dev=f"{world.dev.render()}&options=-csearch_path%3Dtenant")
    return another_schema(world)


def search_path_in_pgoptions(world: World) -> Refusal:
    return another_schema(world, PGOPTIONS="-c search_path=tenant")


def search_path_of_the_database(world: World) -> Refusal:
    execute(world.dev, f"ALTER DATABASE {world.dev.database} SET search_path = tenant")
    return another_schema(world)


def search_path_of_the_role(world: World) -> Refusal:
    execute(
        world.dev, f"ALTER ROLE postgres IN DATABASE {world.dev.database} SET search_path = tenant"
    )
    return another_schema(world)


def search_path_set_before_configure(world: World) -> Refusal:
    world.env_py(
        lambda text: text.replace(
            "context.configure",
            "connection.exec_driver_sql('SET search_path = tenant')\n"
            "    connection.commit()\n    context.configure",
        )
    )
    return another_schema(world)


def search_path_set_after_configure(world: World) -> Refusal:
    world.env_py(
        lambda text: text.replace(
            "context.run_migrations",
            "context.execute('SET search_path = tenant')\n        context.run_migrations",
        )
    )
    return another_schema(world)


def search_path_set_by_a_hook_of_the_engine(world: World) -> Refusal:
    hook = (
        "from sqlalchemy import event\n"
        "@event.listens_for(engine, 'connect')\n"
        "def tenant(dbapi_connection, _):\n"
        "    dbapi_connection.cursor().execute('SET search_path = tenant')\n"
        "    dbapi_connection.commit()\n"
    )
    world.env_py(lambda text: text.replace("with engine", f"{hook}with engine", 1))
    return another_schema(world)


def search_path_that_leads_nowhere(world: World) -> Refusal:
    world.settings(dev=f"{world.dev.render()}&options=-csearch_path%3Dnowhere")
    return Refusal(
        "LG-ENV-7",
        'expected schema "public", with which "dev" was enrolled, but this connection\'s '
        "search_path leads to no schema at all",
        "reset search_path",
    )


def search_path_while_reading(world: World) -> Refusal:
    world.env_py(
        lambda text: text.replace(
            "context.configure",
            "connection.exec_driver_sql('SET search_path = tenant')\n    context.configure",
        )
    )
    return replace(another_schema(world), arguments=("current", "--env", "dev"))


# A pooler


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reached_by_tcp(url: DatabaseUrl, server: Server) -> DatabaseUrl:
    assert server.tcp_url is not None
    return server.tcp_url.with_database(str(url.database))


@contextmanager
def pooler(url: DatabaseUrl) -> Iterator[int]:
    """The port of a proxy that, as poolers do, announces a process of its own at login."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener, url), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def accept(listener: socket.socket, url: DatabaseUrl) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # the test is over
            return
        backend = socket.socket(socket.AF_UNIX)
        backend.connect(f"{url.host}/.s.PGSQL.{url.port}")
        threading.Thread(target=pass_on, args=(client, backend), daemon=True).start()
        threading.Thread(target=pass_back, args=(backend, client), daemon=True).start()


def pass_on(client: socket.socket, backend: socket.socket) -> None:
    with client, backend:
        while sent := client.recv(65536):
            backend.sendall(sent)


def pass_back(backend: socket.socket, client: socket.socket) -> None:
    """Sends the server's messages on, with another process id in BackendKeyData."""
    with backend.makefile("rb") as stream:
        while head := stream.read(5):
            body = stream.read(int.from_bytes(head[1:]) - 4)
            if head[:1] == b"K":
                body = (4711).to_bytes(4) + body[4:]
            client.sendall(head + body)


@contextmanager
def pgbouncer(program: str, server: Server) -> Iterator[int]:
    """The port of a pgbouncer in transaction mode; like PostgreSQL, it must not run as root."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={server.url.host} port={server.url.port} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            "auth_type = any\npool_mode = transaction\n"
        )
        with subprocess.Popen(
            [*not_as_root(), program, settings], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if b"process up" in line:
                    break
            yield port
            process.terminate()
            process.stderr.read()


def not_as_root() -> tuple[str, ...]:
    return ("unshare", "--user", "--map-user=1000", "--") if os.geteuid() == 0 else ()


def a_pooler_in_between(world: World) -> Refusal:
    port = world.stack.enter_context(pooler(world.dev))
    dev = f"postgresql://postgres@127.0.0.1:{port}/{world.dev.database}?sslmode=disable&gssencmode=disable"
    world.settings(dev=dev)
    return Refusal(
        "LG-ENV-8",
        f"expected the server itself, but a pooler stands before {place(world.dev)}: the login "
        "announced process N, and process N answers",
        "give the server's own host and port",
    )


def env_py_behind_a_pooler(world: World) -> Refusal:
    port = world.stack.enter_context(pooler(world.dev))
    world.env_py(
        hard_coded(
            DatabaseUrl.parse(
                f"postgresql://postgres@127.0.0.1:{port}/{world.dev.database}"
                "?sslmode=disable&gssencmode=disable",
                source="test",
            ),
            "psycopg2",
        )
    )
    return Refusal(
        "LG-ENV-8",
        f"expected the server itself, but a pooler stands before {place(world.dev)}: the login "
        "announced process N, and process N answers",
        "give the server's own host and port",
    )


def pgbouncer_in_between(world: World) -> Refusal:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = world.stack.enter_context(pgbouncer(program, world.server))
    world.settings(dev=f"postgresql://postgres@127.0.0.1:{port}/{world.dev.database}")
    return Refusal(
        "LG-ENV-8",
        f"expected the server itself, but a pooler stands before {place(world.dev)}: the login "
        "announced process N, and process N answers",
        "give the server's own host and port",
    )


MIXUPS: tuple[Callable[[World], Refusal], ...] = (
    dev_asked_with_the_url_of_prod,
    prod_asked_with_the_url_of_dev,
    both_urls_swapped,
    dev_asked_while_database_url_is_prod,
    prod_asked_while_database_url_is_dev,
    database_url_alone_leads_to_prod,
    database_url_leads_to_another_project,
    env_py_with_a_hard_coded_url,
    env_py_with_a_hard_coded_url_for_psycopg2,
    env_py_with_a_hard_coded_url_for_asyncpg,
    env_py_with_a_creator_function,
    env_py_that_leads_to_an_unmarked_database,
    env_py_that_leads_to_the_dev_of_a_colleague,
    a_second_engine_when_env_py_begins,
    a_second_engine_in_a_module_that_env_py_imports,
    a_second_engine_before_configure,
    a_second_engine_that_env_py_forgives,
    a_second_engine_inside_a_revision,
    a_second_engine_that_a_revision_forgives,
    a_second_engine_when_a_revision_is_imported,
    a_second_engine_to_an_unmarked_database,
    no_mark,
    no_mark_behind_database_url,
    prod_restored_on_the_server_of_dev_and_taken_for_dev,
    prod_restored_on_another_server_and_taken_for_prod,
    a_template_copy_on_the_same_server,
    a_template_copy_under_the_name_of_the_original,
    another_server_under_the_same_name_and_port,
    a_physical_copy_on_another_port,
    another_name_for_the_host,
    prod_enrolled_elsewhere_since,
    a_role_that_the_mark_does_not_have,
    a_mark_of_a_newer_lockgate,
    a_mark_that_somebody_edited,
    one_url_for_two_environments,
    one_source_for_two_environments,
    two_urls_for_one_database,
    dev_and_prod_on_one_cluster_by_their_urls,
    dev_enrolled_on_the_cluster_of_prod,
    dev_used_on_the_cluster_of_prod,
    a_cluster_shared_on_purpose_and_dev_led_to_prod,
    prod_planned_on_the_word_of_an_unmarked_dev,
    dev_enrolled_with_the_url_of_prod,
    prod_itself_relabelled_as_dev,
    search_path_in_the_url,
    search_path_in_pgoptions,
    search_path_of_the_database,
    search_path_of_the_role,
    search_path_set_before_configure,
    search_path_set_after_configure,
    search_path_set_by_a_hook_of_the_engine,
    search_path_that_leads_nowhere,
    search_path_while_reading,
    a_pooler_in_between,
    env_py_behind_a_pooler,
    pgbouncer_in_between,
)


@pytest.mark.parametrize("mixup", MIXUPS, ids=lambda mixup: mixup.__name__)
def test_a_mixup_is_refused_and_changes_nothing(
    mixup: Callable[[World], Refusal], world: World, lockgate: RunLockgate
) -> None:
    refusal = mixup(world)
    before = {url: dump(url, world.server) for url in world.involved}

    answer = lockgate(world.project, *refusal.arguments, **refusal.environ)

    said = re.sub(r"^note: .*\n", "", answer.stderr, flags=re.M)
    error, _, hint = said.partition("\nhint: ")
    assert (3, "", f"error[{refusal.code}]: {refusal.message}") == (
        answer.returncode,
        answer.stdout,
        re.sub(r"process -?\d+", "process N", error),
    )
    assert refusal.hint in hint
    assert hint.count("\n") == 1
    assert before == {url: dump(url, world.server) for url in world.involved}


ON_DEV = (
    ("upgrade", "--env", "dev"),
    ("downgrade", "--env", "dev", "base"),
    ("stamp", "--env", "dev", "two"),
    ("revision", "--env", "dev", "-m", "more"),
    ("current", "--env", "dev"),
    ("history", "--env", "dev", "--indicate-current"),
)
ON_PROD = (("plan", "prod"), ("deploy", "prod", "--yes", "prod"), ("current", "--env", "prod"))
OF_ITS_OWN = (  # what opens connections of lockgate's own, or leads env.py to scratch
    ("rehearse", "--env", "dev"),
    ("preview", "--env", "dev"),
    ("log", "dev"),
    ("watch", "dev", "--for", "1s"),
)


@pytest.mark.parametrize("arguments", [*ON_DEV, *ON_PROD, *OF_ITS_OWN], ids=" ".join)
def test_every_command_refuses_the_other_database(
    arguments: tuple[str, ...], world: World, lockgate: RunLockgate
) -> None:
    world.settings(dev="env:DEV_URL", prod="env:PROD_URL")
    before = [dump(url, world.server) for url in world.involved]

    swapped = {"DEV_URL": world.prod.render()}
    if arguments in ON_PROD:
        swapped = {"PROD_URL": world.dev.render()}
    answer = lockgate(world.project, *arguments, **swapped)

    assert (3, "", "error[LG-ENV-1]") == (
        answer.returncode,
        answer.stdout,
        answer.stderr.partition(":")[0],
    )
    assert before == [dump(url, world.server) for url in world.involved]


@pytest.mark.parametrize("arguments", [*ON_DEV, *ON_PROD], ids=" ".join)
def test_every_command_refuses_an_env_py_that_goes_elsewhere(
    arguments: tuple[str, ...], world: World, lockgate: RunLockgate
) -> None:
    elsewhere = world.dev if arguments in ON_PROD else world.prod
    world.env_py(hard_coded(elsewhere, "psycopg"))
    before = [dump(url, world.server) for url in world.involved]

    answer = lockgate(world.project, *arguments)

    assert (3, "", "error[LG-ENV-1]") == (
        answer.returncode,
        answer.stdout,
        answer.stderr.partition(":")[0],
    )
    assert before == [dump(url, world.server) for url in world.involved]


def test_an_error_in_json_is_the_one_document_on_stdout(
    world: World, lockgate: RunLockgate
) -> None:
    world.env_py(hard_coded(world.prod, "psycopg"))

    answer = lockgate(world.project, "upgrade", "--env", "dev", "--format", "json")

    refusal = marked_prod(world)
    document = json.loads(answer.stdout)
    assert refusal.hint in document.pop("hint")
    assert {
        "schema": "lockgate/error/1",
        "code": refusal.code,
        "message": refusal.message,
        "exit": 3,
    } == document
    assert "" == answer.stderr


# What looks like a mix-up and is none


def recorded(url: DatabaseUrl) -> list[tuple[object, ...]]:
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def assert_upgrades(world: World, lockgate: RunLockgate, *arguments: str, **environ: str) -> None:
    answer = lockgate(world.project, "upgrade", *arguments, **environ)

    assert (0, "") == (answer.returncode, answer.stderr.partition("error")[1]), answer.stderr


def test_a_cluster_may_be_shared_on_purpose(world: World, lockgate: RunLockgate) -> None:
    dev = world.database(world.second_server)
    world.settings(dev=dev.render(), top="shared_cluster = true")
    enrolled = lockgate(world.project, "env", "enroll", "dev", "--yes", "dev")

    assert 0 == enrolled.returncode, enrolled.stderr
    assert_upgrades(world, lockgate, "--env", "dev")
    assert ([("three",)], [("one",)]) == (recorded(dev), recorded(world.prod))


def test_environments_of_one_role_may_share_a_cluster(world: World, lockgate: RunLockgate) -> None:
    other = world.database(world.server)
    file = world.project / "lockgate.toml"
    table = f'[environments.feature]\nrole = "development"\nurl = "{other.render()}"\n'
    file.write_text(file.read_text() + table)
    enrolled = lockgate(world.project, "env", "enroll", "feature", "--yes", "feature")

    assert 0 == enrolled.returncode, enrolled.stderr
    assert_upgrades(world, lockgate, "--env", "feature")


def test_another_name_of_the_host_may_be_allowed(
    world: World, lockgate: RunLockgate, tcp_server: Server
) -> None:
    dev = reached_by_tcp(world.new_database(tcp_server), tcp_server)
    execute(dev, AT_REVISION_ONE)
    world.settings(dev="env:DEV_URL")
    world.enroll("dev", DEV_URL=dev.render())
    file = world.project / "lockgate.toml"
    file.write_text(
        file.read_text().replace("[environments.dev]", '[environments.dev]\nhosts = ["db"]')
    )
    alias = replace(dev, host="db", parameters=(("hostaddr", "127.0.0.1"),)).render()

    assert_upgrades(world, lockgate, DATABASE_URL=alias, DEV_URL=alias)
    assert_upgrades(world, lockgate, "--env", "dev", DEV_URL=dev.render())


def test_a_role_that_may_not_read_the_system_identifier_is_told_by_the_rest(
    world: World, lockgate: RunLockgate
) -> None:
    server = world.start_server()
    dev = world.new_database(server)
    execute(dev, AT_REVISION_ONE)
    execute(
        dev,
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; CREATE ROLE app LOGIN;"
        f"ALTER DATABASE {dev.database} OWNER TO app; ALTER SCHEMA public OWNER TO app;"
        "ALTER TABLE item OWNER TO app; ALTER TABLE alembic_version OWNER TO app",
    )
    as_app = replace(dev, user="app")
    world.settings(dev=as_app.render())
    world.enroll("dev")
    copy = world.new_database(server, template=dev.database)
    world.settings(dev=replace(copy, user="app").render())
    refused = lockgate(world.project, "upgrade", "--env", "dev")
    world.settings(dev=as_app.render())

    assert (None, 3) == (mark(as_app).system_identifier, refused.returncode), refused.stderr
    assert "as it was enrolled, with name" in refused.stderr
    assert_upgrades(world, lockgate, "--env", "dev")


def test_a_pool_that_outlives_a_run_is_not_trusted_by_the_next(
    world: World, lockgate: RunLockgate, tmp_path: Path
) -> None:
    """An installed module makes its engine once; the rehearsal's runs are led to scratch."""
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "app_database.py").write_text(
        "import os\nfrom sqlalchemy import create_engine\n"
        "engine = create_engine(os.environ['DATABASE_URL'])\n"
    )
    world.env_py(
        lambda text: "from app_database import engine\n" + re.sub(r"engine = .*", "", text)
    )
    before = dump(world.dev, world.server)

    answer = lockgate(world.project, "rehearse", "--env", "dev", PYTHONPATH=str(installed))

    assert 0 == answer.returncode, answer.stderr
    assert before == dump(world.dev, world.server)
