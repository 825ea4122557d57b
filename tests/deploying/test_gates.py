"""Gates on real servers and a real repository: where each passes, refuses, and how it says so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lockgate.core.gates import gates
from lockgate.postgres.servers import Server
from lockgate.postgres.session import DEPLOY_LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deploying.conftest import MakeSite, Site

ROOT = Path(__file__).parents[2]
ADD = "op.add_column('item', sa.Column('weight', sa.Integer))"
DROP = "op.drop_column('item', 'weight')"


def test_every_gate_passes_and_says_why(site: Site) -> None:
    site.write_settings(prod='requires = ["dev"]\nbranch = "main"\nwindow = "00:00-24:00"')
    site.commit()

    plan = site.plan()

    commit = site.git("rev-parse", "HEAD")[:12]
    expected = {
        "identity": f"the database is prod, mark {plan.uuid}",
        "one-head": "the only head is three",
        "lock-file": "every revision file is as lockgate.lock has it",
        "committed": f"the work tree is clean at {commit}",
        "branch": "on main, as the settings ask",
        "rehearsed": "the revision went up on PostgreSQL 18, and again for this plan",
        "way-back": "every downgrade restored the structure in its rehearsal",
        "applied-before": "the revision is applied on dev (asked there)",
        "start-state": "prod is at two, with the structure of two",
        "one-deployer": "nobody else is deploying",
        "no-long-transaction": "no transaction is older than 30.0 s",
        "disk": "it writes next to nothing",
        "window": f"{datetime.now(UTC):%a %H:%M UTC} is inside 00:00-24:00",
    }
    found = {verdict.gate: verdict.reason for verdict in plan.verdicts}
    assert re.sub(r"\d\d:\d\d UTC", "", str(expected)) == re.sub(r"\d\d:\d\d UTC", "", str(found))
    assert all(verdict.ok for verdict in plan.verdicts)


def test_nothing_to_run_passes_every_gate(make_site: MakeSite) -> None:
    site = make_site(prod_at="three")

    plan = site.plan()

    assert plan.steps == ()
    assert {"nothing to run"} == {
        v.reason for v in plan.verdicts if v.gate in ("rehearsed", "way-back", "applied-before")
    }
    assert all(verdict.ok for verdict in plan.verdicts)


def refuses(site: Site, gate: str) -> str:
    """The reason of `gate`, which refuses; a waiver passes it by and keeps the reason."""
    plan = site.plan()
    verdict = next(v for v in plan.verdicts if v.gate == gate)
    assert not verdict.ok
    assert not verdict.passes
    return verdict.reason


# One head, lock file


def test_one_head_refuses_two(site: Site) -> None:
    site.add_revision("b", ADD, DROP, parent="two")
    site.rehearse()

    reason = refuses(site, "one-head")

    assert "there are 2 heads (b, three): run `lockgate merge heads -m MESSAGE`" == reason


def test_lock_file_refuses_an_edited_revision(site: Site) -> None:
    path = site.revision_file("three")
    path.write_text(path.read_text().replace("sa.Integer", "sa.BigInteger"))

    reason = refuses(site, "lock-file")

    assert "three edited: run `lockgate rehearse` and commit lockgate.lock" == reason


def test_lock_file_is_not_asked_about_revisions_that_the_plan_does_not_need(site: Site) -> None:
    site.add_revision("four", ADD, DROP)

    verdicts = {v.gate: v.ok for v in site.plan(to="three").verdicts}

    assert verdicts["lock-file"]
    assert not site.verdict("lock-file").ok


# Git


def test_committed_refuses_changed_models(site: Site) -> None:
    models = site.folder / "app" / "models.py"
    models.parent.mkdir()
    models.write_text("one = 1\n")
    site.commit()
    models.write_text("one = 2\n")
    (site.folder / "notes.txt").write_text("nobody reads this\n")

    reason = refuses(site, "committed")

    assert "not committed: app/models.py; commit or stash them" == reason


def test_committed_refuses_an_untracked_revision_file(site: Site) -> None:
    site.add_revision("four", ADD, DROP)

    reason = refuses(site, "committed")

    assert "not committed: migrations/versions/four.py; commit or stash them" == reason


def test_committed_refuses_where_there_is_no_repository(site: Site) -> None:
    (site.folder / ".git").rename(site.folder / "not-git")

    reason = refuses(site, "committed")

    expected = "git names no commit here: deploy from a repository with the revisions committed"
    assert expected == reason
    assert not site.verdict("branch").ok


def test_committed_lets_the_lock_file_say_where_an_environment_is(site: Site) -> None:
    site.add_revision("four", ADD, DROP)
    site.rehearse()
    site.commit()
    site.upgrade("dev")

    assert site.git("status", "--porcelain") == "M lockgate.lock"
    assert site.verdict("committed").ok


def test_committed_refuses_a_lock_file_with_a_rehearsal_that_is_not_committed(site: Site) -> None:
    site.add_revision("four", ADD, DROP)
    site.commit()
    site.rehearse()

    reason = refuses(site, "committed")

    assert "not committed: lockgate.lock; commit or stash them" == reason


def test_gates_find_a_project_that_is_a_folder_of_a_repository(site: Site) -> None:
    top = site.folder.parent
    (site.folder / ".git").rename(top / ".git")
    site.commit("Move")
    (top / "other-team.txt").write_text("not tracked\n")

    assert site.verdict("committed").ok

    site.revision_file("three").write_text(site.revision_file("three").read_text() + "\nx = 1\n")

    reason = "not committed: project/migrations/versions/three.py; commit or stash them"
    assert reason == refuses(site, "committed")


def test_branch_refuses_another_branch(site: Site) -> None:
    site.git("switch", "-q", "-c", "faster")

    reason = refuses(site, "branch")

    expected = (
        "prod is deployed from branch main, and here is on faster: merge first, then plan there"
    )
    assert expected == reason


def test_branch_takes_a_detached_head_that_the_branch_contains(site: Site) -> None:
    commit = site.git("rev-parse", "--short", "HEAD")
    site.git("switch", "-q", "--detach")

    verdict = site.verdict("branch")

    assert (True, f"at {commit}, which is in main, as the settings ask") == (
        verdict.ok,
        verdict.reason,
    )

    site.git("commit", "-q", "--allow-empty", "-m", "Elsewhere")
    commit = site.git("rev-parse", "--short", "HEAD")

    assert f"here is at {commit}, on no branch: merge first" in refuses(site, "branch")


def test_branch_takes_the_shallow_clone_of_a_build_server(site: Site, tmp_path: Path) -> None:
    upstream = site.folder.rename(tmp_path / "upstream")
    site.folder = tmp_path / "clone"
    site.folder.mkdir()
    site.git("clone", "-q", "--depth", "1", f"file://{upstream}", ".")
    site.git("switch", "-q", "--detach")
    site.git("branch", "-q", "-D", "main")

    verdict = site.verdict("branch")

    assert verdict.ok
    assert "which is in origin/main, as the settings ask" in verdict.reason
    assert site.verdict("committed").ok


# Rehearsal


def test_rehearsed_refuses_a_revision_that_was_never_rehearsed(site: Site) -> None:
    site.add_revision("four", ADD, DROP)

    reason = refuses(site, "rehearsed")

    expected = "four was never rehearsed on PostgreSQL 18: run `lockgate rehearse --postgres 18`"
    assert expected == reason


def test_rehearsed_refuses_what_fails_on_the_structure_of_the_target(site: Site) -> None:
    site.do("prod", "ALTER TABLE item ADD size text")

    reason = refuses(site, "rehearsed")

    assert reason.startswith("the plan fails on scratch: upgrade of revision three failed and was")
    assert reason.endswith('column "size" of relation "item" already exists (SQLSTATE 42701)')


def test_rehearsed_says_that_the_targets_major_is_not_here(
    make_site: MakeSite, servers_by_major: Callable[[int], Server]
) -> None:
    site = make_site(prod_server=servers_by_major(15))

    reason = refuses(site, "rehearsed")

    assert reason.startswith("prod is PostgreSQL 15, and the plan could only be tried on 18.")
    assert reason.endswith("install PostgreSQL 15 here, or name a server with scratch.url")
    assert site.plan().to_fingerprint is None
    assert "the structure of two on PostgreSQL 15 is not known" in refuses(site, "start-state")


def test_every_gate_passes_for_an_older_major_that_is_here(
    make_site: MakeSite, servers_by_major: Callable[[int], Server]
) -> None:
    site = make_site(prod_server=servers_by_major(15))
    site.write_settings(top="[scratch]\npostgres = 15\n")
    site.rehearse(major=15)
    site.commit()

    plan = site.plan()

    assert [v for v in plan.verdicts if not v.ok] == []
    assert plan.scratch_major == 15
    assert plan.to_fingerprint is not None


def test_way_back_refuses_a_downgrade_that_does_not_restore(site: Site) -> None:
    site.add_revision("four", ADD, "pass")
    site.rehearse()

    reason = refuses(site, "way-back")

    expected = 'the downgrade of four is missing: mend it, or say irreversible = "why" in the file'
    assert expected == reason


def test_way_back_names_what_is_irreversible_on_purpose(site: Site) -> None:
    site.add_revision("four", f"{ADD}\n\n\nirreversible = 'weights are not kept'", "pass")
    site.ready()

    verdict = site.verdict("way-back")

    assert verdict.ok
    assert "no way back, on purpose: four is irreversible (weights are not kept)" == verdict.reason


# Other environments


def test_applied_before_refuses_what_dev_does_not_have(site: Site) -> None:
    site.add_revision("four", ADD, DROP)

    reason = refuses(site, "applied-before")

    assert "four not applied on dev (asked there): run `lockgate upgrade --env dev`" == reason


def test_applied_before_refuses_what_was_edited_since(site: Site) -> None:
    path = site.revision_file("three")
    path.write_text(path.read_text().replace("sa.Integer", "sa.BigInteger"))
    site.rehearse()

    reason = refuses(site, "applied-before")

    assert reason.startswith("three edited since dev took it: take dev back and up again, or put")


def test_applied_before_asks_the_ledger_of_a_dev_that_is_on_another_branch(site: Site) -> None:
    site.add_revision("four", ADD, DROP)
    site.upgrade("dev")
    site.revision_file("four").unlink()

    assert site.verdict("applied-before").ok

    site.add_revision("five", ADD, DROP)

    assert "five not applied on dev (asked there)" in refuses(site, "applied-before")


def test_applied_before_reads_the_lock_file_where_dev_does_not_answer(site: Site) -> None:
    unreachable = site.urls["dev"].render().replace("/test_", "/gone_")
    text = (site.folder / "lockgate.toml").read_text()
    site.folder.joinpath("lockgate.toml").write_text(
        text.replace(site.urls["dev"].render(), unreachable)
    )

    verdict = site.verdict("applied-before")

    expected = "the revision is applied on dev (by lockgate.lock, for it does not answer here)"
    assert (True, expected) == (verdict.ok, verdict.reason)

    workspace = site.workspace
    workspace.write_lock(workspace.lock.without_environment("dev"))

    assert "three not applied on dev (not known: " in refuses(site, "applied-before")


# The target


def test_start_state_refuses_a_structure_that_somebody_changed_by_hand(site: Site) -> None:
    site.do("prod", "CREATE INDEX by_hand ON item (note)")

    reason = refuses(site, "start-state")

    expected = (
        "the structure is not the one that two has in rehearsal: look with `lockgate status prod`, "
        "then undo the difference or put it into a revision"
    )
    assert expected == reason


def test_start_state_refuses_a_filled_database_that_says_it_is_at_base(make_site: MakeSite) -> None:
    site = make_site(prod_at=None)

    assert site.verdict("start-state").ok

    site.do("prod", "CREATE TABLE leftover ()")

    assert refuses(site, "start-state").startswith("the structure is not the one that base has")


def test_one_deployer_refuses_while_another_holds_the_lock(site: Site) -> None:
    with site.connected("prod") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (DEPLOY_LOCK,))

        reason = refuses(site, "one-deployer")
        pid = other.info.backend_pid

    assert reason.startswith(f'session {pid} ("somebody", since ')
    assert reason.endswith(") is deploying: wait until it ends")


def test_no_long_transaction_names_the_session(site: Site) -> None:
    site.write_settings(prod='oldest_transaction = "1ms"')
    with site.connected("prod", autocommit=False) as other:
        other.execute("SELECT 1")

        reason = refuses(site, "no-long-transaction")
        session = f"session {other.info.backend_pid}"

    who = f'{session} ("somebody", {site.urls["prod"].user}, idle in transaction, '
    assert reason.startswith(f"open for more than 1 ms: {who}")
    assert reason.endswith("; let them end first")


def test_no_long_transaction_refuses_what_the_login_may_not_see(site: Site) -> None:
    role = f"deployer_of_{site.urls['prod'].database}"
    site.do(
        "prod",
        f"CREATE ROLE {role} LOGIN;"
        f"GRANT USAGE ON SCHEMA public, lockgate TO {role};"
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, lockgate TO {role}",
    )
    urls = dict(site.urls)
    try:
        with site.connected("prod") as other:
            site.urls = urls | {"prod": replace(urls["prod"], user=role)}
            site.write_settings()

            reason = refuses(site, "no-long-transaction")

            other.execute(f"GRANT pg_read_all_stats TO {role}".encode())
            granted = site.verdict("no-long-transaction")
    finally:
        site.urls = urls
        site.do("prod", f"DROP OWNED BY {role}; DROP ROLE {role}")
    expected = (
        f"the login may not see the transactions of {urls['prod'].user}: "
        "grant it the role pg_read_all_stats"
    )
    assert expected == reason
    assert granted.ok


def test_window_refuses_outside_of_it(site: Site) -> None:
    yesterday = (datetime.now(UTC).weekday() - 2) % 7
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[yesterday]
    site.write_settings(prod=f'window = "{day} 10:00-11:00"')

    reason = refuses(site, "window")

    assert reason.endswith(f" UTC is outside {day} 10:00-11:00: wait for it")


# Waivers


def test_waiver_passes_a_gate_by_and_keeps_its_reason(site: Site) -> None:
    site.do("prod", "CREATE INDEX by_hand ON item (note)")

    verdict = site.verdict("start-state", "start-state=agreed with Ben")

    assert (False, True, "agreed with Ben") == (verdict.ok, verdict.passes, verdict.waived)


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        ("nonsense=why", '--waive "nonsense=why" names no gate'),
        ("window", '--waive "window" gives no reason'),
        ("window= ", '--waive "window= " gives no reason'),
        ("identity=why", '--waive "identity=why" names a gate that nobody may waive'),
        ("one-deployer=why", '--waive "one-deployer=why" names a gate that nobody may waive'),
    ],
)
def test_waiver_that_is_none_is_a_usage_error(site: Site, waiver: str, said: str) -> None:
    done = site.run("plan", "prod", "--waive", waiver)

    assert done.returncode == 2
    assert f"error[LG-GATE-1]: {said}" in done.stderr
    assert 'hint: write --waive "GATE=REASON", with one of one-head, ' in done.stderr


# The page


GATES = gates()
PAGE = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
SECTIONS = {section.partition("\n")[0].strip("`"): section for section in PAGE.split("\n## ")[1:]}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.NAME)
def test_gate_has_the_shape_and_its_section(gate: object) -> None:
    name, waivable = gate.NAME, gate.WAIVABLE  # type: ignore[attr-defined]

    section = SECTIONS[name]

    assert gate.__doc__
    assert gate.decide.__doc__  # type: ignore[attr-defined]
    assert all(f"\n**{word}** " in section for word in ("What.", "Why.", "Mend.", "Waivable."))
    assert waivable == ("\n**Waivable.** Yes" in section)


def test_gates_have_one_name_and_one_place_each() -> None:
    assert len({gate.NAME for gate in GATES}) == len({gate.ORDER for gate in GATES}) == len(GATES)


def test_docs_name_no_gate_that_does_not_exist() -> None:
    names = {gate.NAME for gate in GATES}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/*.md")]

    waived = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"--waive \"?([a-z-]+)=", page.read_text(encoding="utf-8"))
    }

    assert {name for _, name in waived} <= names
    assert set(SECTIONS) == names
