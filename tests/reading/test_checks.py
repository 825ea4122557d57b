"""Functional checks: SQL with an expected answer, and commands."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.core.environment import Check, Environment, Role
from lockgate.core.health import CheckResult
from lockgate.core.identity import Expectation
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.health import answer_check
from lockgate.postgres.servers import Server
from lockgate.workflows.checks import _run_command, run_checks
from lockgate.workflows.destination import Destination

if TYPE_CHECKING:
    from tests.reading.conftest import Project

CHECKED = """
[[environments.dev.checks]]
name = "jobs"
sql = "SELECT count(*) FROM job"
expect = "0"

[[environments.dev.checks]]
name = "states"
sql = "SELECT state FROM job"

[[environments.dev.checks]]
name = "here"
command = "test -f lockgate.toml"
"""


def answer(url: DatabaseUrl, check: Check) -> str | None:
    with psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True) as connection:
        return answer_check(connection, check).reason


def test_checks_answer_in_the_order_of_the_settings(project: Project) -> None:
    project.write_settings(dev=CHECKED)

    found = [(r.name, r.reason) for r in run_checks(project.destination("dev"))]

    expected = [("jobs", None), ("states", "it gave no row"), ("here", None)]
    assert expected == found


def test_an_environment_without_checks_has_no_answers(project: Project) -> None:
    assert run_checks(project.destination("prod")) == ()


@pytest.mark.parametrize(
    ("sql", "expect", "reason"),
    [
        ("SELECT 1", "1", None),
        ("SELECT 1;", None, None),
        ("SELECT NULL", None, None),
        ("SELECT true", "true", None),
        ("SELECT 1.50", "1.50", None),
        ("SELECT 'ä%s'", "ä%s", None),
        ("SELECT 2", "1", 'expected "1", got "2"'),
        ("SELECT NULL", "1", 'expected "1", got NULL'),
        ("SELECT 1 WHERE false", None, "it gave no row"),
        ("DO 'BEGIN END'", "1", "it gave no row"),
        ("SELECT 1/0", "1", "division by zero (SQLSTATE 22012)"),
        (
            "COMMIT; CREATE TABLE t ()",
            None,
            "cannot insert multiple commands into a prepared statement (SQLSTATE 42601)",
        ),
        (
            "CREATE TABLE t ()",
            None,
            "cannot execute CREATE TABLE in a read-only transaction (SQLSTATE 25006)",
        ),
    ],
)
def test_sql_is_compared_as_the_server_spells_it(
    database: DatabaseUrl, sql: str, expect: str | None, reason: str | None
) -> None:
    assert reason == answer(database, Check("c", sql=sql, expect=expect))


def test_sql_that_takes_too_long_is_ended(database: DatabaseUrl) -> None:
    found = answer(database, Check("c", sql="SELECT pg_sleep(60)", timeout_ms=50))

    assert found == "it took longer than 50 ms"


def command(project: Project, line: str, timeout_ms: int = 10_000) -> CheckResult:
    return _run_command(project.destination("dev"), Check("c", command=line, timeout_ms=timeout_ms))


def test_a_command_is_told_where_to_look(project: Project) -> None:
    line = """sh -c 'echo $LOCKGATE_ENVIRONMENT $DATABASE_URL; exit 3'"""

    expected = f"it ended with status 3: dev {project.urls['dev'].render()}"
    assert expected == command(project, line).reason


def test_a_command_that_takes_too_long_is_ended_with_its_children(project: Project) -> None:
    os.mkfifo(project.root / "alive")
    with open(os.open(project.root / "alive", os.O_RDONLY | os.O_NONBLOCK), "rb") as alive:
        found = command(project, "sh -c 'exec > alive; echo yes; sleep 60 & wait'", timeout_ms=500)

        assert found.reason == "it took longer than 500 ms"
        assert alive.readline() == b"yes\n"
        # The pipe ends once nobody who could write into it is left.
        assert select.select([alive], [], [], 10)[0] == [alive]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "lockgate-has-no-such-program",
            "the command cannot be started: No such file or directory",
        ),
        ("", "the command cannot be started: it is empty"),
        ("echo 'open", "the command cannot be read: No closing quotation"),
    ],
)
def test_a_command_that_cannot_run_fails_in_words(project: Project, line: str, reason: str) -> None:
    assert reason == command(project, line).reason


def test_no_password_comes_back_from_a_command(project: Project, tcp_server: Server) -> None:
    url = tcp_server.tcp_url
    assert url is not None
    assert url.password is not None
    environment = Environment("dev", Role.DEVELOPMENT, (("", "env:X"),))
    destination = Destination(environment, {"": url}, Expectation("dev"), project.workspace)
    line = """sh -c 'echo "$DATABASE_URL"; exit 1'"""

    found = _run_command(destination, Check("c", command=line)).reason

    assert found is not None
    assert ":***@" in found
    assert url.password not in found
