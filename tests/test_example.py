"""The example's history: what it promises to everyone who rehearses or deploys it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.servers import Server

NewDatabase = Callable[..., DatabaseUrl]

EXAMPLE = Path(__file__).parents[1] / "examples" / "science_archive"

CREATE_ALL = """
from sqlalchemy import create_engine
from science_archive.database import database_url
from science_archive.ddl import Base
engine = create_engine(database_url())
Base.metadata.create_all(engine)
Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
"""

SCIENCE_FILE = """
INSERT INTO science_file
    (file_name, instrument, data_level, descriptor, start_time, version, extension, size_bytes)
VALUES (%s, 'mag', 'L1B', 'burst', '2025-01-01', %s, 'cdf', 1)
"""

DIGEST = """
SELECT count(*), md5(string_agg(science_file::text, '' ORDER BY id)) FROM science_file
"""


@pytest.fixture
def alembic_config(monkeypatch: pytest.MonkeyPatch, database: DatabaseUrl) -> Config:
    """The example's set-up on `database`, without alembic.ini and so without its logging."""
    monkeypatch.setenv("DATABASE_URL", database.render())
    return config()


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(EXAMPLE / "migrations"))
    made.set_main_option("prepend_sys_path", str(EXAMPLE))
    made.set_main_option("path_separator", "os")
    return made


def run(url: DatabaseUrl, *arguments: str, directory: Path = EXAMPLE) -> str:
    """The output of `python ARGUMENTS` in the example, which must succeed."""
    answer = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, "DATABASE_URL": url.render()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout
    return answer.stdout


def structure(url: DatabaseUrl, major: int) -> list[str]:
    """The statements of `pg_dump --schema-only`, sorted, and so the columns of each table."""
    arguments = (
        "--schema-only",
        "--exclude-table=alembic_version",
        make_conninfo(**url.conninfo()),
    )
    answer = subprocess.run(
        [find_pg_dump(major), *arguments], capture_output=True, text=True, check=True
    )
    # \restrict, which recent versions write, holds a random key.
    lines = [line for line in answer.stdout.splitlines() if not line.startswith(("--", "\\"))]
    statements = [part.strip() for part in re.split(r"\n{2,}", "\n".join(lines))]
    return sorted(_sort_columns(statement) for statement in statements if statement)


def _sort_columns(statement: str) -> str:
    if not statement.startswith("CREATE TABLE"):
        return statement
    first, *columns, last = statement.splitlines()
    return "\n".join([first, *sorted(column.rstrip(",") for column in columns), last])


def rows(url: DatabaseUrl, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        return connection.execute(query.encode()).fetchall()


def change(url: DatabaseUrl, statement: str, *values: object) -> None:
    with psycopg.connect(make_conninfo(**url.conninfo())) as connection:
        connection.execute(statement.encode(), values)


def test_every_revision_goes_down_to_the_structure_it_came_from(
    any_server: Server, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_database(any_server)
    monkeypatch.setenv("DATABASE_URL", database.render())
    major = any_server.binaries.major
    revisions = list(ScriptDirectory.from_config(config()).walk_revisions())[::-1]
    expected, actual = {}, {}
    for revision in revisions:
        before = structure(database, major)
        command.upgrade(config(), revision.revision)
        after = structure(database, major)
        command.downgrade(config(), "-1")
        restored = structure(database, major)
        command.upgrade(config(), revision.revision)
        expected[revision.doc] = before, after
        actual[revision.doc] = restored, structure(database, major)

    assert expected == actual
    assert len(revisions) >= 12


def test_revisions_and_models_make_the_same_structure(
    any_server: Server, new_database: NewDatabase
) -> None:
    by_revisions, by_models = new_database(any_server), new_database(any_server)
    run(by_revisions, "-m", "alembic", "upgrade", "head")
    run(by_models, "-c", CREATE_ALL)

    major = any_server.binaries.major
    assert structure(by_models, major) == structure(by_revisions, major)


def test_autogenerate_finds_nothing_at_head(alembic_config: Config, database: DatabaseUrl) -> None:
    command.upgrade(alembic_config, "head")

    assert "No new upgrade operations detected" in run(database, "-m", "alembic", "check")


def test_versions_are_split_and_joined_with_their_data(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "092fa7e4b6cd")
    for name, version in [("a", "v001"), ("b", "v012"), ("c", "v1000"), ("d", "v002.0003")]:
        change(database, SCIENCE_FILE, name, version)
    texts = rows(database, "SELECT file_name, version FROM science_file ORDER BY file_name")

    command.upgrade(alembic_config, "f5607b3d91ae")
    numbers = rows(
        database,
        "SELECT file_name, major_version, minor_version FROM science_file ORDER BY file_name",
    )
    command.downgrade(alembic_config, "-1")

    assert numbers == [("a", 1, 0), ("b", 12, 0), ("c", 1000, 0), ("d", 2, 3)]
    assert texts == rows(database, "SELECT file_name, version FROM science_file ORDER BY file_name")


def test_the_version_split_refuses_text_that_is_no_version(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "092fa7e4b6cd")
    change(database, SCIENCE_FILE, "a", "latest")

    with pytest.raises(ValueError, match='science_file has a version that is no version: "latest"'):
        command.upgrade(alembic_config, "f5607b3d91ae")

    assert rows(database, "SELECT version FROM science_file") == [("latest",)]


def add_pointing(url: DatabaseUrl, kernel: str) -> None:
    change(
        url,
        "INSERT INTO repoint (repoint_id, start_sclk, start_time) VALUES (7, 0, '2025-01-01')",
    )
    change(
        url,
        "INSERT INTO pointing VALUES (7, %s, 7, '2025-01-01', '2025-01-02', 281.4, -22.9)",
        kernel,
    )


def test_pointings_keep_their_kernel_when_the_key_is_replaced(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "c7e52a8d046b")
    for kernel in ("other.ah.bc", "recon.ah.bc"):
        change(
            database,
            "INSERT INTO spice_kernel (file_name, kernel_type, version) VALUES (%s, 'ck', 1)",
            kernel,
        )
    add_pointing(database, "recon.ah.bc")

    command.upgrade(alembic_config, "6f0da3b1e927")
    kernels = rows(
        database,
        "SELECT pointing_id, file_name FROM pointing JOIN spice_kernel ON id = kernel_id",
    )
    command.downgrade(alembic_config, "-1")

    assert kernels == [(7, "recon.ah.bc")]
    assert kernels == rows(database, "SELECT pointing_id, kernel_file_name FROM pointing")


def test_the_key_is_not_replaced_while_a_kernel_is_unknown(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "c7e52a8d046b")
    add_pointing(database, "lost.ah.bc")

    with pytest.raises(ValueError, match=r"kernels that spice_kernel does not have: lost\.ah\.bc"):
        command.upgrade(alembic_config, "6f0da3b1e927")

    assert rows(database, "SELECT kernel_file_name FROM pointing") == [("lost.ah.bc",)]


def test_l1c_is_not_removed_while_a_row_uses_it(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "2d7a60e5f3c9")
    change(
        database,
        "INSERT INTO processing_job (instrument, data_level, descriptor, start_time) "
        "VALUES ('mag', 'L1C', 'pset', '2026-02-10')",
    )

    with pytest.raises(ValueError, match="processing_job has 1 rows at level L1C"):
        command.downgrade(alembic_config, "-1")

    assert rows(database, "SELECT data_level::text FROM processing_job") == [("L1C",)]


def test_fill_makes_the_same_rows_each_time(server: Server, new_database: NewDatabase) -> None:
    first, second = new_database(server), new_database(server)
    for url in (first, second):
        run(url, "-m", "alembic", "upgrade", "head")
        run(url, "-m", "science_archive.fill", "--rows", "2000")

    digest = rows(first, DIGEST)
    assert digest[0][0] == 2000
    assert digest == rows(second, DIGEST)


def test_fill_leaves_no_table_empty(alembic_config: Config, database: DatabaseUrl) -> None:
    command.upgrade(alembic_config, "head")
    run(database, "-m", "science_archive.fill", "--rows", "2000")

    never_analyzed_or_empty = rows(
        database,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'alembic_version' AND reltuples <= 0",
    )
    assert never_analyzed_or_empty == []


def test_a_filled_catalogue_goes_to_base_and_back(
    alembic_config: Config, database: DatabaseUrl
) -> None:
    command.upgrade(alembic_config, "head")
    run(database, "-m", "science_archive.fill", "--rows", "2000")
    files = (
        "SELECT file_name, major_version, minor_version, repoint_id FROM science_file ORDER BY 1"
    )
    before = rows(database, files)

    # Below this revision there is no repoint_id to keep.
    command.downgrade(alembic_config, "a6e31f94c07b")
    command.upgrade(alembic_config, "head")
    after = rows(database, files)
    command.downgrade(alembic_config, "base")

    assert before == after


def test_autogenerate_finds_precisely_the_provenance_change(
    database: DatabaseUrl, tmp_path: Path
) -> None:
    copy = tmp_path / "science_archive"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    run(database, "-m", "alembic", "upgrade", "head", directory=copy)
    subprocess.run(["git", "apply", "changes/01_add_provenance.patch"], cwd=copy, check=True)
    run(
        database,
        *("-m", "alembic", "revision", "--autogenerate", "--rev-id", "new", "-m", "provenance"),
        directory=copy,
    )
    (revision,) = (copy / "migrations" / "versions").glob("*-new_provenance.py")

    assert {
        function.name: [ast.unparse(line) for line in function.body]
        for function in ast.parse(revision.read_text()).body
        if isinstance(function, ast.FunctionDef)
    } == {
        "upgrade": [
            "op.add_column('science_file', "
            "sa.Column('ingested_by', sa.String(length=80), nullable=True))",
            "op.create_index('ix_science_file_instrument_start_time', 'science_file', "
            "['instrument', 'start_time'], unique=False)",
        ],
        "downgrade": [
            "op.drop_index('ix_science_file_instrument_start_time', table_name='science_file')",
            "op.drop_column('science_file', 'ingested_by')",
        ],
    }
