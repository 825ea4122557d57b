"""Deploys: what stops one, what it leaves behind, and how it goes on after a stop."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lockgate.core.gates import parse_waivers
from lockgate.core.plan import Plan, plan_document
from lockgate.errors import LockgateError
from lockgate.postgres.session import DEPLOY_LOCK
from lockgate.workflows import environments
from lockgate.workflows.deploy import (
    Deployed,
    GatesRefuse,
    NotApproved,
    PlanMoved,
    StructureNotReached,
    deploy,
    require_hash,
)
from lockgate.workflows.downgrade import downgrade
from lockgate.workflows.stamp import stamp

if TYPE_CHECKING:
    from tests.deploying.conftest import MakeSite, Site

Move = Callable[["Site"], object]


def write_plan(site: Site, *waive: str) -> tuple[Path, str]:
    """A plan file outside of the repository, and the hash in it."""
    path = site.folder.parent / "plan.json"
    document = plan_document(site.plan(*waive))
    path.write_text(json.dumps({"schema": "lockgate/plan/1"} | document))
    return path, document["hash"]


def deployed(
    site: Site,
    *,
    plan_file: Path | None = None,
    waive: tuple[str, ...] = (),
    approve: Callable[[Plan], object] = lambda _: None,
    clock: Callable[[], datetime] | None = None,
) -> Deployed:
    """Deploys to prod in this process."""
    workspace = site.workspace
    if clock is not None:
        object.__setattr__(workspace, "clock", clock)

    def ask(plan: Plan) -> None:
        approve(plan)

    return deploy(
        workspace,
        "prod",
        plan_file=plan_file,
        to=None,
        waivers=parse_waivers(waive),
        show=lambda _: None,
        approve=ask,
    )


def untouched(site: Site) -> bool:
    """Whether PROD is at the revision, and has the columns, that it began with."""
    return (site.version(), site.columns()) == (["two"], ["id", "note"])


# What moves


def edit(site: Site) -> None:
    path = site.revision_file("three")
    path.write_text(path.read_text().replace("sa.Integer", "sa.BigInteger"))


MOVES: dict[str, tuple[Move, str]] = {
    "structure": (
        lambda site: site.do("prod", "CREATE INDEX by_hand ON item (note)"),
        "the database's structure was ",
    ),
    "revision": (
        lambda site: site.take_to("prod", "three"),
        'the database\'s revision was "two" and is "three"',
    ),
    "file": (edit, "revision three was edited"),
    "commit": (
        lambda site: site.git("commit", "-q", "--allow-empty", "-m", "Next"),
        "the git commit was ",
    ),
}


@pytest.mark.parametrize("move", MOVES)
def test_deploy_refuses_a_plan_file_if_what_it_is_bound_to_moved(site: Site, move: str) -> None:
    change, said = MOVES[move]
    path, _ = write_plan(site)
    change(site)
    before = (site.version(), site.columns(), len(site.entries()))

    with pytest.raises(PlanMoved) as caught:
        deployed(site, plan_file=path)

    assert f'the plan for "prod" no longer holds: {said}' in caught.value.message
    assert caught.value.hint == "run `lockgate plan prod` and have the new plan approved"
    assert caught.value.exit_status == 1
    assert before == (site.version(), site.columns(), len(site.entries()))


@pytest.mark.parametrize("move", MOVES)
def test_deploy_looks_again_under_the_lock(site: Site, move: str) -> None:
    change, said = MOVES[move]

    with pytest.raises(PlanMoved) as caught:
        deployed(site, approve=lambda _: change(site))

    assert said in caught.value.message
    assert site.columns() == ["id", "note", *(["size"] if move == "revision" else [])]


def test_deploy_refuses_a_plan_file_if_the_timeouts_changed(site: Site) -> None:
    path, _ = write_plan(site)
    site.write_settings(prod='requires = ["dev"]\nlock_timeout = "9s"')

    with pytest.raises(PlanMoved, match='lock_timeout in ms was "2000" and is "9000"'):
        deployed(site, plan_file=path)

    assert untouched(site)


def test_deploy_refuses_a_plan_file_if_the_database_was_relabelled(site: Site) -> None:
    path, _ = write_plan(site)
    environments.relabel(site.workspace, "prod", lambda *_: None)

    with pytest.raises(PlanMoved, match="the database's mark was "):
        deployed(site, plan_file=path)

    assert untouched(site)


def test_deploy_refuses_the_plan_of_another_environment(site: Site) -> None:
    path, _ = write_plan(site)

    done = site.run("deploy", "dev", "--plan", str(path), "--yes", "dev")

    assert done.returncode == 3
    assert 'expected a plan for "dev", but this one is for "prod"' in done.stderr


def test_deploy_refuses_a_target_beside_a_plan_file(site: Site) -> None:
    path, _ = write_plan(site)

    done = site.run("deploy", "prod", "--plan", str(path), "--to", "three", "--yes", "prod")

    assert done.returncode == 2
    assert 'error[LG-DEP-7]: --to "three" is given beside --plan' in done.stderr


def test_gates_are_asked_again_under_the_lock(site: Site) -> None:
    site.write_settings(prod='window = "10:00-11:00"')
    site.commit()
    moments = [datetime(2026, 3, 2, 10, 59, tzinfo=UTC)]

    def approve(_: Plan) -> None:
        moments[0] = datetime(2026, 3, 2, 11, 1, tzinfo=UTC)

    with pytest.raises(GatesRefuse, match="window: Mon 11:01 UTC is outside 10:00-11:00"):
        deployed(site, approve=approve, clock=lambda: moments[0])

    assert untouched(site)


# Approval


def test_deploy_runs_the_plan_whose_hash_was_approved(site: Site) -> None:
    path, approved = write_plan(site)

    done = site.run("deploy", "prod", "--plan", str(path), "--approve", approved)

    assert done.returncode == 0, done.stderr
    assert (site.version(), site.columns()) == (["three"], ["id", "note", "size"])
    assert "prod: two -> three, proved from a new connection" in done.stdout
    assert "the structure is the one that the plan ends at" in done.stdout
    assert (site.entries()[-1]["plan"], site.entries()[-1]["outcome"]) == (approved, "done")


def test_deploy_refuses_another_hash_than_the_plans(site: Site) -> None:
    with pytest.raises(NotApproved) as caught:
        deployed(site, approve=lambda plan: require_hash(plan, "sha256:0000"))

    assert caught.value.message.startswith('approved was "sha256:0000", but the plan is "sha256:')
    assert untouched(site)


@pytest.mark.parametrize(
    ("given", "code", "hint"),
    [
        ((), "LG-DEP-6", "hint: add --approve HASH with the hash of a plan that a person has read"),
        (("--yes", "dev"), "LG-ASK-1", "hint: type the name exactly, or give --yes prod"),
        (("--approve", "0000"), "LG-DEP-3", "hint: read the plan with `lockgate plan ENV`"),
    ],
)
def test_deploy_without_approval_changes_nothing(
    site: Site, given: tuple[str, ...], code: str, hint: str
) -> None:
    done = site.run("deploy", "prod", *given)

    assert done.returncode == 1
    assert f"error[{code}]: " in done.stderr
    assert hint in done.stderr
    assert untouched(site)


@pytest.mark.parametrize(("typed", "status"), [("prod", 0), ("dev", 1), ("\x04", 1)])
def test_deploy_asks_on_a_terminal_for_the_name(site: Site, typed: str, status: int) -> None:
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("lockgate"), "deploy", "prod", "--format", "json"],
        cwd=site.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(site.folder)},
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    os.close(inside)
    os.write(terminal, typed.encode() + b"\n")
    shown, asked = process.communicate(timeout=60)
    os.close(terminal)

    assert process.returncode == status, asked
    assert 'about to deploy this plan to prod\ntype "prod" to go on: ' in asked
    assert "  ✓ identity: the database is prod" in asked
    document = json.loads(shown)
    assert document["schema"] == ("lockgate/deploy/1" if status == 0 else "lockgate/error/1")
    assert untouched(site) == (status != 0)


# Gates, waivers and the Ledger


def test_refusing_gate_is_exit_1_with_its_reason_and_how_to_waive_it(site: Site) -> None:
    site.do("prod", "CREATE INDEX by_hand ON item (note)")

    done = site.run("deploy", "prod", "--yes", "prod", "--format", "json")

    error = json.loads(done.stdout)
    assert done.returncode == error["exit"] == 1
    assert error["message"].startswith('"prod" is not deployed: start-state: the structure is not')
    assert error["hint"].endswith('say why: --waive "start-state=REASON"')
    assert untouched(site)


def test_gate_that_nobody_may_waive_is_refused_without_the_offer(site: Site) -> None:
    with site.connected("prod") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (DEPLOY_LOCK,))

        done = site.run("deploy", "prod", "--yes", "prod")

    assert done.returncode == 1
    assert "one-deployer: session" in done.stderr
    assert "hint: do what the reason says, and plan again\n" in done.stderr


def test_ledger_keeps_the_waiver_and_what_was_waived(site: Site) -> None:
    site.do("prod", "CREATE INDEX by_hand ON item (note)")

    done = site.run("deploy", "prod", "--yes", "prod", "--waive", "start-state=agreed with Ben")

    assert done.returncode == 0, done.stderr
    assert "waived: agreed with Ben" in done.stdout
    remarks = dict(site.entries()[-1]["remarks"])
    said = remarks["waived start-state"]
    assert said.startswith("agreed with Ben (the structure is not the one that two has in")


def test_plan_file_brings_its_waivers_and_takes_no_others(site: Site) -> None:
    site.do("prod", "CREATE INDEX by_hand ON item (note)")
    path, approved = write_plan(site, "start-state=agreed with Ben")

    with pytest.raises(
        PlanMoved, match='what is waived was "start-state" and is "start-state, win'
    ):
        deployed(site, plan_file=path, waive=("window=why not",))

    found = deployed(site, plan_file=path)

    assert approved == found.plan.hash
    assert site.version() == ["three"]


# Failures


def test_wrong_database_is_exit_3(site: Site) -> None:
    done = site.run("deploy", "prod", "--yes", "prod", DATABASE_URL=site.urls["dev"].render())

    assert done.returncode == 3
    assert untouched(site)


def test_downgrade_refuses_production(site: Site) -> None:
    done = site.run("downgrade", "one", "--env", "prod")

    assert done.returncode == 3
    assert 'does not run on "prod": it is production' in done.stderr
    assert "write a revision that undoes the change" in done.stderr
    assert untouched(site)


def test_revision_that_fails_on_the_rows_of_prod_is_exit_5(site: Site) -> None:
    site.add_revision("four", "op.create_unique_constraint('once', 'item', ['note'])")
    site.rehearse()
    site.upgrade("dev")
    site.commit()
    site.take_to("prod", "three")
    site.do("prod", "INSERT INTO item VALUES (1, 'same', 1), (2, 'same', 2)")

    done = site.run("deploy", "prod", "--yes", "prod", "--waive", "way-back=a test")

    assert done.returncode == 5
    assert "could not create unique index" in done.stderr
    assert site.version() == ["three"]
    assert (site.entries()[-1]["revision"], site.entries()[-1]["outcome"]) == ("four", "failed")


def test_lock_that_is_not_obtained_is_exit_7(site: Site) -> None:
    budget = 'lock_timeout = "100ms"\nlock_budget = "200ms"'
    site.write_settings(prod=budget)
    site.commit()
    with site.connected("prod", autocommit=False) as holder:
        holder.execute("SELECT FROM item")

        done = site.run("deploy", "prod", "--yes", "prod")

    assert done.returncode == 7
    assert "in the way: session" in done.stderr
    assert untouched(site)


def test_deployer_that_comes_between_the_gates_and_the_lock_is_exit_7(site: Site) -> None:
    with site.connected("prod") as other, pytest.raises(LockgateError) as caught:
        deployed(
            site,
            approve=lambda _: other.execute("SELECT pg_advisory_lock(%s)", (DEPLOY_LOCK,)),
        )

    assert (caught.value.code, caught.value.exit_status) == ("LG-WAIT-1", 7)
    assert untouched(site)


# Going on

PART_WAY = (
    "with op.get_context().autocommit_block():\n"
    "        op.execute('CREATE INDEX CONCURRENTLY fast ON item (note)')\n"
    "    op.create_unique_constraint('once', 'item', ['note'])"
)
BACK = "op.drop_index('fast'); op.drop_constraint('once', 'item')"


def fill(site: Site) -> None:
    site.do("prod", "INSERT INTO item (id, note) VALUES (1, 'same'), (2, 'same')")


def empty(site: Site) -> None:
    site.do("prod", "DELETE FROM item WHERE id = 2")


@pytest.mark.parametrize("way", ["--plan", "--yes"])
def test_same_command_goes_on_after_a_stop_in_the_middle_of_a_revision(
    site: Site, way: str
) -> None:
    site.add_revision("four", PART_WAY, BACK)
    site.ready()
    path, approved = write_plan(site)
    command = ["deploy", "prod", "--yes", "prod"]
    if way == "--plan":
        command = ["deploy", "prod", "--plan", str(path), "--approve", approved]
    fill(site)

    stopped = site.run(*command)
    at_stop = site.version()
    empty(site)
    done = site.run(*command)

    assert stopped.returncode == 6, stopped.stderr
    assert at_stop == ["three"]
    assert done.returncode == 0, done.stderr
    assert site.version() == ["four"]
    assert "start-state: an earlier run stopped part-way in four; this goes on" in done.stdout
    assert [("three", "done"), ("four", "part-way"), ("four", "done")] == [
        (entry["revision"], entry["outcome"]) for entry in site.entries()[-3:]
    ]


def test_plan_file_goes_on_after_revisions_of_it_that_are_in(site: Site) -> None:
    site.add_revision(
        "four",
        "op.create_unique_constraint('once', 'item', ['note'])",
        "op.drop_constraint('once', 'item')",
    )
    site.ready()
    path, approved = write_plan(site)
    fill(site)

    stopped = site.run("deploy", "prod", "--plan", str(path), "--approve", approved)
    at_stop = site.version()
    empty(site)
    done = site.run("deploy", "prod", "--plan", str(path), "--approve", approved)

    assert (stopped.returncode, at_stop) == (6, ["three"]), stopped.stderr
    assert done.returncode == 0, done.stderr
    assert {approved} == {entry["plan"] for entry in site.entries()[-3:]}
    assert site.version() == ["four"]


def test_plan_file_does_not_go_on_after_what_another_plan_has_run(site: Site) -> None:
    site.add_revision("four", "op.create_table('map')", "op.drop_table('map')")
    site.ready()
    path, _ = write_plan(site)
    site.take_to("prod", "three")

    with pytest.raises(PlanMoved):
        deployed(site, plan_file=path)

    assert site.version() == ["three"]


def test_plan_file_that_ran_has_nothing_left_to_run(site: Site) -> None:
    path, _ = write_plan(site)
    deployed(site, plan_file=path)
    rows = len(site.entries())

    again = deployed(site, plan_file=path)

    assert again.plan.steps == ()
    assert rows == len(site.entries())


# Afterwards


def test_structure_that_is_not_the_planned_one_is_exit_1_and_in_the_ledger(site: Site) -> None:
    there = "op.get_bind().exec_driver_sql('SELECT current_database()').scalar()"
    site.add_revision(
        "four",
        f"op.create_table('a' if 'scratch' in {there} else 'b')",
        f"op.drop_table('a' if 'scratch' in {there} else 'b')",
    )
    site.ready()

    with pytest.raises(StructureNotReached) as caught:
        deployed(site)

    assert caught.value.exit_status == 1
    assert caught.value.message.endswith("not as planned: table public.a, table public.b")
    assert site.version() == ["four"]
    last = site.entries()[-1]
    assert ("check", "failed") == (last["action"], last["outcome"])
    assert dict(last["remarks"])["structure"] == caught.value.message


CHECKS = """
[[environments.prod.checks]]
name = "items are there"
sql = "SELECT count(*) FROM item"
expect = "{expected}"
[[environments.prod.checks]]
name = "the size is known"
sql = "SELECT count(size) FROM item"
"""


@pytest.mark.parametrize(("expected", "status"), [("0", 0), ("7", 1)])
def test_checks_run_after_the_deploy_and_their_answers_are_in_the_ledger(
    site: Site, expected: str, status: int
) -> None:
    site.write_settings(prod=CHECKS.format(expected=expected))
    site.commit()

    done = site.run("deploy", "prod", "--yes", "prod")

    assert done.returncode == status, done.stderr
    assert site.version() == ["three"]
    last = site.entries()[-1]
    answer = "as expected" if status == 0 else 'expected "7", got "0"'
    assert (last["action"], last["outcome"]) == ("check", "done" if status == 0 else "failed")
    assert dict(last["remarks"]) == {"items are there": answer, "the size is known": "as expected"}
    assert ("1 check of 2 failed; the revisions are in" in done.stdout) == (status == 1)


def test_json_is_one_document_with_plan_outcome_and_checks(site: Site) -> None:
    done = site.run("deploy", "prod", "--yes", "prod", "--format", "json")

    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["schema"] == "lockgate/deploy/1"
    assert document["plan"]["from"] == ["two"]
    assert document["outcome"]["revisions"][0]["revision"] == "three"
    assert document["checks"] == []


def test_nothing_to_run_is_exit_0_without_a_question(make_site: MakeSite) -> None:
    site = make_site(prod_at="three")
    rows = len(site.entries())

    done = site.run("deploy", "prod")

    assert done.returncode == 0, done.stderr
    assert "prod is at three; nothing to run" in done.stdout
    assert rows == len(site.entries())


# Where a required environment is


def applied(site: Site, name: str = "dev") -> tuple[str, ...]:
    locked = site.workspace.lock.environment(name)
    return locked.applied if locked else ()


def test_lock_file_follows_an_environment_that_another_requires(site: Site) -> None:
    found = [applied(site)]

    downgrade(site.workspace, "dev", "one", tag=None)
    found.append(applied(site))
    stamp(site.workspace, "dev", ("two",), purge=False, tag=None, confirm=lambda *_: None)
    found.append(applied(site))

    assert found == [("three",), ("one",), ("two",)]
    assert site.workspace.lock.environment("dev").uuid == ""  # type: ignore[union-attr]


def test_lock_file_follows_a_deploy_to_an_environment_that_another_requires(site: Site) -> None:
    site.write_settings(dev='requires = ["prod"]', prod="")
    site.commit()
    uuid = site.workspace.lock.environment("prod").uuid  # type: ignore[union-attr]

    deployed(site)

    assert applied(site, "prod") == ("three",)
    assert site.workspace.lock.environment("prod").uuid == uuid  # type: ignore[union-attr]


def test_lock_file_says_nothing_of_an_environment_that_nobody_requires(site: Site) -> None:
    deployed(site)

    assert applied(site, "prod") == ()


def test_upgrade_stands_where_the_lock_file_cannot_be_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_revision("four", "op.create_table('map')", "op.drop_table('map')")
    in_the_way = site.folder / f".lockgate.lock.{os.getpid()}"
    in_the_way.mkdir()

    def no_unlink(_: Path, **__: Any) -> None: ...

    monkeypatch.setattr(Path, "unlink", no_unlink)
    site.upgrade("dev")

    assert site.version("dev") == ["four"]
    assert applied(site) == ("three",)
