"""The Ledger as a person reads it, and what checking its chain finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lockgate.cli.log import log
from lockgate.cli.terminal import Format
from lockgate.core.identity import MarkMissing
from lockgate.core.url import DatabaseUrl

if TYPE_CHECKING:
    from tests.reading.conftest import Project

UNGUARDED = "ALTER TABLE lockgate.ledger DISABLE TRIGGER ALL;"

Printed = pytest.CaptureFixture[str]


def test_the_newest_row_comes_first(project: Project, capsys: Printed) -> None:
    status = log("dev", config=project.config)

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert [line.split("UTC  ")[1] for line in lines if line.startswith("#")] == [
        "deploy bbb done",
        "deploy aaa done",
        "enroll done",
    ]


def test_only_as_many_rows_as_asked_for_are_shown(project: Project, capsys: Printed) -> None:
    log("dev", config=project.config, last=1)

    out = capsys.readouterr().out
    assert [line[:2] for line in out.splitlines() if line.startswith("#")] == ["#3"]
    assert out.endswith("(2 older; -n 0 shows all)\n")


def test_verbose_shows_statements_with_their_durations(project: Project, capsys: Printed) -> None:
    log("dev", config=project.config, last=1, verbose=True)

    out = capsys.readouterr().out
    assert "    upgrade to bbb\n      ALTER TABLE job ADD state text\n        -- line 10, " in out


def test_a_failed_run_is_told_with_its_error(project: Project, capsys: Printed) -> None:
    project.execute("prod", "ALTER TABLE job ADD state int")
    with pytest.raises(Exception, match="already exists"):
        project.take_to("prod", "bbb")

    log("prod", config=project.config, last=1)

    out = capsys.readouterr().out
    assert "deploy bbb failed" in out
    assert "error: upgrade of revision bbb failed and was rolled back" in out


def test_a_whole_chain_exits_with_0(project: Project, capsys: Printed) -> None:
    status = log("dev", config=project.config, verify=True, last=1)

    assert status == 0
    assert capsys.readouterr().out.endswith("the ledger of dev is whole: 3 rows\n")


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("UPDATE lockgate.ledger SET entry = replace(entry, 'aaa', 'abc')", "row 2 was changed"),
        ("UPDATE lockgate.ledger SET entry = 'gone' WHERE id = 2", "row 2 was changed"),
        ("DELETE FROM lockgate.ledger WHERE id = 2", "row 2 is missing"),
        ("DELETE FROM lockgate.ledger WHERE id = 3", "row 3 is missing"),
        ("DELETE FROM lockgate.ledger_end", "lockgate.ledger_end has no row"),
    ],
)
def test_a_broken_chain_exits_with_1_and_names_the_place(
    project: Project, capsys: Printed, sql: str, fault: str
) -> None:
    project.execute("dev", UNGUARDED + sql)

    status = log("dev", config=project.config, verify=True)

    out = capsys.readouterr().out
    assert status == 1
    assert "the ledger of dev is broken in " in out
    assert f"\n  {fault}\n" in out


def test_the_document_has_the_rows_and_the_faults(project: Project, capsys: Printed) -> None:
    project.execute("dev", UNGUARDED + "DELETE FROM lockgate.ledger WHERE id = 2")

    status = log(None, env="dev", config=project.config, verify=True, output=Format.JSON)

    document = json.loads(capsys.readouterr().out)
    (ledger,) = document["ledgers"]
    assert status == 1
    assert document["schema"] == "lockgate/log/1"
    assert [row["id"] for row in ledger["rows"]] == [3, 1]
    assert [fault["row"] for fault in ledger["faults"]] == [2]


def test_a_database_without_a_mark_is_refused(project: Project) -> None:
    project.execute("dev", "DROP SCHEMA lockgate CASCADE")

    with pytest.raises(MarkMissing):
        log("dev", config=project.config)


def test_a_marked_database_without_a_ledger_is_no_whole_chain(
    project: Project, capsys: Printed
) -> None:
    project.execute("dev", "DROP TABLE lockgate.ledger, lockgate.ledger_end")

    status = log("dev", config=project.config, verify=True)

    assert status == 1
    assert capsys.readouterr().out.startswith("there is no ledger: ")


def test_a_read_only_role_may_read_the_ledger(project: Project, capsys: Printed) -> None:
    project.execute("dev", "CREATE ROLE ledger_reader LOGIN")
    url = project.urls["dev"]
    project.urls["dev"] = DatabaseUrl(url.host, url.port, "ledger_reader", None, url.database)
    project.write_settings()
    try:
        status = log("dev", config=project.config, verify=True)
    finally:
        project.urls["dev"] = url
        project.execute("dev", "DROP ROLE ledger_reader")

    assert status == 0
    assert "is whole: 3 rows" in capsys.readouterr().out
