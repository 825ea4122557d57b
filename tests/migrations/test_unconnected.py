"""`env.py` without a server: the same digest for the same statements, or none and the reason."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.migrations.project import open_project
from lockgate.migrations.unconnected import Told, tell_models

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context
from sqlalchemy import DDL, event

metadata = sa.MetaData()
item = sa.Table("item", metadata, sa.Column("id", sa.Integer))
{models}
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
{engine}
with engine.connect() as connection:
    {before}
    context.configure(connection=connection, target_metadata=metadata, {options})
    with context.begin_transaction():
        context.run_migrations()
    {after}
"""

ASYNC_ENV_PY = """\
import asyncio
import os
import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

metadata = sa.MetaData()
sa.Table("item", metadata, sa.Column("id", sa.Integer))

def migrate(connection):
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()

asyncio.run(main())
"""

Tell = Callable[..., Told]


def written(
    models: str = "", engine: str = "", before: str = "pass", options: str = "", after: str = "pass"
) -> str:
    """An `env.py` with these parts."""
    return ENV_PY.format(models=models, engine=engine, before=before, options=options, after=after)


@pytest.fixture
def tell(make_project: Callable[..., Path]) -> Tell:
    """What a project with that `env.py` tells."""
    folder = make_project("")

    def told(
        env_py: str, *, driver: str | None = None, major: int = 18, beforehand: tuple[str, ...] = ()
    ) -> Told:
        (folder / "migrations" / "env.py").write_text(env_py)
        project = open_project(folder, folder / "alembic.ini", section="alembic")
        return tell_models(
            project, variable="DATABASE_URL", driver=driver, major=major, beforehand=beforehand
        )

    return told


def on_create(body: str) -> str:
    """A listener of the metadata, which is given the connection."""
    return f"""
@event.listens_for(metadata, "before_create")
def before(target, connection, **_):
    {body}
"""


def rewriting(name: str, to: str) -> str:
    """A listener of the engine that turns one statement into another."""
    return f"""
@event.listens_for(engine, "{name}", retval=True)
def rewrite(connection, cursor, statement, parameters, context, many):
    return statement.replace("item", "{to}"), parameters
"""


PATH_FROM_PARAMETER = on_create(
    'connection.execute(sa.text("SELECT set_config(\'search_path\', :to, false)"), {{"to": "{}"}})'
)
PATH_FROM_BOUND = on_create(
    "connection.execute(sa.text(\"SELECT set_config('search_path', :to, false)\")"
    '.bindparams(to="{}"))'
)
PATH_BY_DRIVER = on_create(
    "connection.exec_driver_sql(\"SELECT set_config('search_path', %s, false)\", ('{}',))"
)
TRANSLATED = 'engine = engine.execution_options(schema_translate_map={{None: "{}"}})'
TRANSLATED_LATER = "connection = connection.execution_options(schema_translate_map={{None: '{}'}})"
NOT_NATIVE = (
    'item.append_column(sa.Column("kind", sa.Enum("a", native_enum=False, name="kind", '
    'schema="{}")))'
)
CYCLE = """
sa.Table("box", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("ring", sa.ForeignKey("ring.id", name="box_ring", ondelete="{}")))
sa.Table("ring", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("box", sa.ForeignKey("box.id", name="ring_box")))
"""
WRITES = 'connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS {}")); connection.commit()'
SETS = "connection.execute(sa.text(\"SELECT set_config('role', :to, false)\"), {{'to': '{}'}})"
KEPT = 'connection.execute(sa.text("SET search_path TO other")); connection.{}()'
ON_CONNECT = """
@event.listens_for(engine, "connect")
def connected(dbapi_connection, record):
    dbapi_connection.autocommit = {}
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SET search_path TO other")
    dbapi_connection.autocommit = False
"""
INDEX_LISTENER = 'event.listen(sa.Index("ix", item.c.id), "{}_create", DDL("SELECT 1"))'
TWO_INDEXES = 'sa.Index("one", item.c.id); sa.Index("two", item.c.id, postgresql_where="{}")'


@pytest.mark.parametrize(
    ("part", "text", "one", "other"),
    [
        ("models", 'item.append_column(sa.Column("note", sa.{}))', "Text", "Integer"),
        ("models", TWO_INDEXES, "id > 1", "id > 2"),
        ("models", CYCLE, "CASCADE", "SET NULL"),
        ("models", NOT_NATIVE, "one", "two"),
        ("models", PATH_FROM_PARAMETER, "public", "other"),
        ("models", PATH_FROM_BOUND, "public", "other"),
        ("models", PATH_BY_DRIVER, "public", "other"),
        ("models", 'event.listen(item, "{}_create", DDL("SELECT 1"))', "before", "after"),
        ("models", INDEX_LISTENER, "before", "after"),
        ("engine", TRANSLATED, "one", "two"),
        ("engine", ON_CONNECT, "True", "False"),
        ("before", TRANSLATED_LATER, "one", "two"),
        ("before", WRITES, "one", "two"),
        ("before", SETS, "one", "two"),
        ("before", KEPT, "commit", "rollback"),
        ("after", WRITES, "one", "two"),
        ("options", 'version_table="{}"', "one", "two"),
        ("options", 'version_table_schema="{}"', "one", "two"),
        ("options", "include_object=lambda *_: {}", "True", "False"),
    ],
)
def test_what_is_sent_makes_the_digest(
    part: str, text: str, one: str, other: str, tell: Tell
) -> None:
    first, again, changed = (
        tell(written(**{part: text.format(value)})) for value in (one, one, other)
    )

    assert first.why_not is None
    assert first == again
    assert changed.why_not is None
    assert changed.digest != first.digest


def test_what_the_database_has_beforehand_makes_the_digest(tell: Tell) -> None:
    plain, extended = tell(written()), tell(written(), beforehand=("citext",))

    assert None not in (plain.digest, extended.digest)
    assert plain.digest != extended.digest


def test_models_see_the_major(tell: Tell) -> None:
    body = """
    if connection.dialect.server_version_info >= (15,):
        connection.execute(sa.text("CREATE DOMAIN one AS integer"))
"""
    env_py = written(models=on_create(body))

    assert tell(env_py, major=14).digest != tell(env_py, major=15).digest


SWALLOWING = on_create("""
    try:
        there = {}
    except Exception:
        there = False
    if there:
        connection.execute(sa.text("CREATE DOMAIN one AS integer"))
""")
SELECT = 'connection.execute(sa.text("SELECT 1"))'


@pytest.mark.parametrize(
    ("looks", "why_not"),
    [
        (f"{SELECT}.scalar() == 1", "a listener of the models asks the database"),
        (f"bool({SELECT})", "a listener of the models asks the database"),
        (f"{SELECT} == 1", "a listener of the models asks the database"),
        (f"list({SELECT})", "a listener of the models asks the database"),
        (f"len({SELECT})", "a listener of the models asks the database"),
        (f"{SELECT}[0]", "a listener of the models asks the database"),
        (f"1 in {SELECT}", "a listener of the models asks the database"),
        (
            'sa.inspect(connection).has_table("x")',
            "a listener of the models inspects the database",
        ),
        (
            'connection.scalar(sa.text("SELECT 1"))',
            "a listener of the models uses scalar of its connection",
        ),
        ("connection.engine.begin()", "a listener of the models uses begin of its connection"),
        (
            "connection.connection.cursor()",
            "a listener of the models uses connection of its connection",
        ),
        (
            'connection.execute("SELECT 1")',
            "a listener of the models sends what cannot be compiled",
        ),
        (
            "connection.execute(sa.text('SELECT :a'), {'a': object()})",
            "a value of type object is sent",
        ),
        (
            "sa.create_engine('sqlite://').connect()",
            "env.py connects to sqlite by an engine of its own",
        ),
    ],
)
def test_a_listener_that_swallows_the_missing_answer_is_not_known(
    looks: str, why_not: str, tell: Tell
) -> None:
    assert tell(written(models=SWALLOWING.format(looks))) == Told(None, why_not)


ASKS = 'connection.execute(sa.text("SELECT 1")).scalar()'
RAW = """
    try:
        {}
    except Exception:
        pass
"""
DIALECT_EVENT = """
@event.listens_for(engine, "do_execute")
def execute(cursor, statement, parameters, context):
    cursor.execute(statement.replace("item", "box"), parameters)
    return True
"""
CREATOR = """
import sqlite3
engine = sa.create_engine(os.environ["DATABASE_URL"], creator=lambda: sqlite3.connect(":memory:"))
"""
LISTENER = "a listener of the engine sees the statements"


@pytest.mark.parametrize(
    ("env_py", "why_not"),
    [
        (written(before=ASKS), "env.py asks the database"),
        (written(after=ASKS), "env.py asks the database"),
        (written(engine="metadata.reflect(engine)"), "env.py asks the database"),
        (
            written(before=RAW.format('connection.connection.cursor().execute("A").fetchone()')),
            "env.py asks the database",
        ),
        (
            written(before=RAW.format("[*connection.connection.cursor()]")),
            "env.py asks the database",
        ),
        (
            written(before=RAW.format('connection.execute(sa.text("DELETE FROM a")).rowcount')),
            "env.py asks the database",
        ),
        (
            written(before=RAW.format("connection.connection.lo_open")),
            "env.py uses lo_open of the driver's connection",
        ),
        (
            written(before=RAW.format("connection.dialect.dbapi.connect('dbname=other')")),
            "env.py uses connect of the driver",
        ),
        (written(engine=rewriting("before_cursor_execute", "box")), LISTENER),
        (written(engine=DIALECT_EVENT), LISTENER),
        (written(engine=CREATOR), "env.py connects by a function of its own"),
        (written().replace("target_metadata=metadata, ", ""), "env.py names no models"),
        (written(after="context.run_migrations()"), "env.py configures other than once"),
        (written(before="raise SystemExit"), "env.py stops with SystemExit"),
        ("from alembic import context", "env.py configures other than once"),
        (
            "from alembic import context\ncontext.configure(url='postgresql://')",
            "env.py configures no connection of its own making",
        ),
    ],
)  # fmt: skip
def test_env_py_that_does_something_else_is_not_known(
    env_py: str, why_not: str, tell: Tell
) -> None:
    assert tell(env_py) == Told(None, why_not)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg", "pg8000"])
def test_any_driver_is_told_without_itself(driver: str, tell: Tell) -> None:
    env_py = ASYNC_ENV_PY if driver == "asyncpg" else written()

    assert tell(env_py, driver=driver).why_not is None


def test_an_async_env_py_may_have_psycopg(tell: Tell) -> None:
    assert tell(ASYNC_ENV_PY, driver="psycopg").why_not is None


def test_a_statement_whose_result_nobody_looks_at_is_no_question(tell: Tell) -> None:
    lock = 'connection.execute(sa.text("SELECT pg_advisory_lock(1)")); connection.commit()'

    assert tell(written(before=lock)).why_not is None


def test_the_digest_is_one_for_all_processes(make_project: Callable[..., Path]) -> None:
    indexes = "\n".join(f'sa.Index("ix_{n}", item.c.id)' for n in range(9))
    folder = make_project("", env_py=written(models=indexes + CYCLE.format("CASCADE")))
    program = f"""
from pathlib import Path
from lockgate.migrations.project import open_project
from lockgate.migrations.unconnected import tell_models
folder = Path({str(folder)!r})
project = open_project(folder, folder / "alembic.ini", section="alembic")
print(tell_models(project, variable="DATABASE_URL", driver=None, major=18))
"""

    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(printed) == 1
    assert "why_not=None" in printed.pop()
