"""Environments side by side: what each answers, and what does not spoil the others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lockgate.cli.status import status as status_command
from lockgate.cli.terminal import Format
from lockgate.config import EnvironmentUnknown
from lockgate.core.lockfile import LockedRehearsal, LockedRevision, LockFile
from lockgate.core.status import (
    EnvironmentStatus,
    Standing,
    recorded_fingerprint,
    status_exit,
)
from lockgate.core.url import DatabaseUrl
from lockgate.migrations.driver import VersionTable
from lockgate.postgres.servers import Server
from lockgate.report.status import status_document, status_text
from lockgate.workflows.catalogs import read_catalogs
from lockgate.workflows.status import status
from lockgate.workflows.workspace import Workspace

if TYPE_CHECKING:
    from tests.reading.conftest import Project

PROMISED = {
    "name", "role", "url", "identity", "current", "heads", "pending", "drift", "sealed", "last",
}  # fmt: skip


def ask(project: Project, *names: str) -> Standing:
    return status(project.workspace, names)


def of(standing: Standing, name: str) -> EnvironmentStatus:
    return next(one for one in standing.environments if one.name == name)


def text(standing: Standing, *, width: int = 80, verbose: bool = False) -> str:
    now = datetime.now(UTC)
    return status_text(standing, now=now, width=width, colour=False, verbose=verbose)


def lock_as_it_is(project: Project, name: str, revision: str) -> None:
    """Records the structure that `name` has now as the one of `revision`."""
    tables = [VersionTable("alembic_version", "public")]
    (catalog,) = read_catalogs(project.destination(name), tables).values()
    rehearsal = LockedRehearsal(18, "ok", "ok", True, catalog.fingerprint, None)
    locked = LockedRevision(revision, (), (), "sha256:x", rehearsals=(rehearsal,))
    project.workspace.write_lock(project.workspace.lock.with_revision(locked))


def test_each_environment_says_where_it_is(project: Project) -> None:
    found = ask(project)

    assert [head.revision for head in found.heads] == ["bbb"]
    assert [
        (one.name, one.identity, [c.revision for c in one.current or ()], one.pending)
        for one in found.environments
    ] == [("dev", "ok", ["bbb"], 0), ("prod", "ok", ["aaa"], 1)]
    assert status_exit(found.environments) == 0


def test_the_last_entry_of_the_ledger_is_told(project: Project) -> None:
    last = of(ask(project), "prod").last

    assert last is not None
    assert (last.entry["action"], last.entry["revision"]) == ("deploy", "aaa")


def test_only_the_environments_asked_for_are_asked(project: Project) -> None:
    assert [one.name for one in ask(project, "prod").environments] == ["prod"]
    with pytest.raises(EnvironmentUnknown):
        ask(project, "qa")


def test_one_that_does_not_answer_does_not_spoil_the_others(project: Project) -> None:
    project.urls["prod"] = DatabaseUrl("/nowhere", None, "postgres", None, "postgres")
    project.write_settings()

    found = ask(project)

    assert (of(found, "dev").pending, of(found, "prod").identity) == (0, "unreachable")
    assert "cannot connect to" in str(of(found, "prod").problem)
    assert status_exit(found.environments) == 0
    assert status_exit(ask(project, "prod").environments) == 4


def test_credentials_that_are_not_there_do_not_spoil_the_others(project: Project) -> None:
    settings = project.config.read_text()
    project.config.write_text(settings.replace(project.urls["prod"].render(), "env:PROD_URL"))

    found = ask(project)

    assert (of(found, "dev").pending, of(found, "prod").identity) == (0, "unreachable")
    assert of(found, "prod").url is None


@pytest.mark.parametrize(
    ("sql", "identity", "exit_status"),
    [
        ("UPDATE lockgate.mark SET environment = 'dev'", "wrong", 1),
        ("UPDATE lockgate.mark SET role = 'staging'", "wrong", 1),
        ("UPDATE lockgate.mark SET format = 99", "wrong", 1),
        ("UPDATE lockgate.mark SET oid = 1", "moved", 1),
        ("DELETE FROM lockgate.mark", "unmarked", 0),
    ],
)
def test_an_identity_that_is_not_the_expected_one_is_told(
    project: Project, sql: str, identity: str, exit_status: int
) -> None:
    project.execute("prod", sql)

    found = of(ask(project), "prod")

    assert (found.identity, status_exit([found])) == (identity, exit_status)
    assert found.problem is not None
    # Of a database that may be anybody's, nothing more is read.
    assert (found.current is None) == (identity != "unmarked")


def test_a_revision_without_a_file_is_told(project: Project) -> None:
    project.execute("prod", "UPDATE alembic_version SET version_num = 'gone'")

    found = ask(project)

    prod = of(found, "prod")
    assert [(c.revision, c.message) for c in prod.current or ()] == [("gone", None)]
    assert prod.pending is None
    assert 'records revision "gone", and no file here has it' in str(prod.problem)
    assert "gone (its file is not here)" in text(found)


def test_drift_is_not_known_without_a_rehearsal(project: Project) -> None:
    structure = of(ask(project), "prod").structure

    assert (structure.drifted, structure.reason) == (None, "lockgate.lock does not have aaa")


@pytest.mark.parametrize(
    ("recorded", "part", "expected"),
    [("sha256:a", "", "sha256:a"), ("sha256:a", "x", "sha256:a"), ("x=a y=b", "y", "b")],
)
def test_each_of_several_databases_has_its_fingerprint(
    recorded: str, part: str, expected: str
) -> None:
    rehearsal = LockedRehearsal(18, "ok", "ok", True, recorded, None)
    lock = LockFile((LockedRevision("aaa", (), (), "sha256:x", rehearsals=(rehearsal,)),))

    found = recorded_fingerprint(lock, ("aaa",), major=18, part=part)

    assert expected == found.fingerprint


def test_no_drift_where_the_lock_file_has_the_same_fingerprint(project: Project) -> None:
    lock_as_it_is(project, "prod", "aaa")

    found = of(ask(project), "prod")

    assert (found.structure.drifted, found.structure.changes) == (False, ())


def test_drift_is_counted_where_another_environment_has_the_recorded_structure(
    project: Project,
) -> None:
    project.take_to("prod", "bbb")
    lock_as_it_is(project, "prod", "bbb")
    project.execute("prod", "ALTER TABLE job ADD by_hand int; CREATE INDEX too ON job (id)")

    found = ask(project)

    document = {e["name"]: e for e in status_document(found)["environments"]}
    assert (document["prod"]["drift"], document["prod"]["drifted"]) == (2, True)
    assert (document["dev"]["drift"], document["dev"]["drifted"]) == (0, False)
    assert status_exit(found.environments) == 1
    assert "prod differs from bbb Add states:\n  + column public.job.by_hand" in text(
        found, verbose=True
    )


def test_drift_is_told_and_not_counted_where_nobody_has_the_recorded_structure(
    project: Project,
) -> None:
    lock_as_it_is(project, "prod", "aaa")
    project.execute("prod", "ALTER TABLE job ADD by_hand int")

    found = ask(project)

    (document,) = status_document(replace(found, environments=(of(found, "prod"),)))["environments"]
    assert (document["drift"], document["drifted"]) == (None, True)
    assert status_exit(found.environments) == 1


def test_the_document_has_what_the_contract_promises(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_status = status_command(config=project.config, output=Format.JSON)

    document = json.loads(capsys.readouterr().out)
    assert exit_status == 0
    assert document["schema"] == "lockgate/status/1"
    for environment in document["environments"]:
        assert environment.keys() >= PROMISED
        assert environment["sealed"] is False
        assert environment["last"]["outcome"] == "done"


@pytest.mark.parametrize(("environments", "tables"), [(2, 1), (3, 1), (4, 2)])
def test_the_table_fits_80_columns(project: Project, environments: int, tables: int) -> None:
    for number in range(environments - 2):
        nowhere = DatabaseUrl(f"/nowhere-{number}", None, "somebody", None, "x" * 60)
        project.urls[f"stage-{number}"] = nowhere
    project.write_settings()

    table = text(ask(project)).partition("head  ")[0]

    assert max(len(line) for line in table.splitlines()) <= 80
    assert table.count("identity") == tables


def test_no_password_is_shown(
    project: Project, tcp_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = tcp_server.tcp_url
    assert url is not None
    assert url.password is not None
    settings = project.config.read_text()
    project.config.write_text(settings.replace(project.urls["prod"].render(), "env:PROD_URL"))
    environ = {"PROD_URL": url.render()}

    found = status(Workspace(project.workspace.settings, environ=environ))
    shown = text(found) + json.dumps(status_document(found), ensure_ascii=False)

    assert of(found, "prod").identity == "unmarked"
    assert ":***@" in shown
    assert url.password not in shown
