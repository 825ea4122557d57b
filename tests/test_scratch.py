"""Scratch: never where production is, and nothing left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"
[environments.prod]
role = "production"
url = "env:PROD_URL"
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Three revisions, a production environment, and a scratch server."""
    return make_project(SETTINGS)


def names(server: Server) -> set[str]:
    """The databases of a server."""
    with psycopg.connect(make_conninfo(**server.url.conninfo())) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}


@pytest.mark.parametrize("database_named", ["prod itself", "another on its server"])
def test_rehearse_refuses_a_scratch_server_that_holds_production(
    database_named: str, project: Path, server: Server, database: DatabaseUrl, lockgate: Run
) -> None:
    scratch = database if database_named == "prod itself" else server.url
    run = partial(lockgate, project, PROD_URL=database.render(), SCRATCH_URL=scratch.render())
    assert run("env", "enroll", "prod", "--yes", "prod").returncode == 0
    before = names(server)

    done = run("rehearse")

    assert done.returncode == 3, done.stdout
    assert 'expected a scratch server, but scratch.url leads to "prod"' in done.stderr
    assert names(server) == before


def test_rehearse_leaves_no_database_behind_even_when_it_fails(
    make_project: Callable[..., Path], second_server: Server, lockgate: Run
) -> None:
    project = make_project(SETTINGS, revisions={"one": ("op.execute('SELECT 1/0')", "pass")})
    before = names(second_server)

    done = lockgate(project, "rehearse", SCRATCH_URL=second_server.url.render())

    assert done.returncode == 1
    assert "division by zero" in done.stdout
    assert names(second_server) == before
