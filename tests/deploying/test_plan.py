"""Plans: what they say, what their hash covers, and the file that holds one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lockgate.core.environment import Role
from lockgate.core.plan import Plan, PlanStatement, PlanStep, Verdict, differences, plan_document
from lockgate.report.plan import plan_text
from lockgate.workflows.plan import PlanUnreadable, RevisionNotHere, read_plan

if TYPE_CHECKING:
    from tests.deploying.conftest import MakeSite, Site

STEP = PlanStep(
    revision="b2",
    message="names",
    file="versions/b2.py",
    syntax="sha256:5",
    irreversible=None,
    statements=(
        PlanStatement("ALTER TABLE ship ADD name text", 12, True),
        PlanStatement("UPDATE ship SET name = 'Anna' WHERE id = 1", 13, True),
    ),
)
PLAN = Plan(
    environment="prod",
    role=Role.PRODUCTION,
    uuid="u",
    server_major=18,
    from_heads=("a1",),
    from_fingerprint="sha256:1",
    to_heads=("b2",),
    to_fingerprint="sha256:2",
    steps=(STEP,),
    lock_timeout_ms=2_000,
    lock_budget_ms=300_000,
    statement_timeout_ms=0,
    waivers=(),
    git_commit="c0ffee",
    scratch="18.4",
    lockgate="0.1.0",
    created_at="2026-03-02T20:00:00+00:00",
    verdicts=(Verdict("window", True, "the settings name no window"),),
)


# The hash


def with_statement(sql: str, line: int = 12) -> Plan:
    return replace(PLAN, steps=(replace(STEP, statements=(PlanStatement(sql, line, True),)),))


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, created_at="2027-01-01T00:00:00+00:00"),
        replace(PLAN, verdicts=()),
        replace(PLAN, scratch="18.9"),
    ],
    ids=["later", "no verdicts", "another minor of scratch"],
)
def test_hash_leaves_out_what_differs_between_two_plannings(other: Plan) -> None:
    assert PLAN.hash == other.hash
    assert differences(PLAN, other) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("INSERT INTO a VALUES ('x', 1)", "INSERT INTO a VALUES ('y', 22)", True),
        ("UPDATE a SET b = 'x'", "UPDATE a SET b = E'y\\n'", True),
        ("SELECT b FROM a WHERE c = 1", "SELECT b FROM a WHERE c = 2.5", True),
        ("DELETE FROM a WHERE b = 'é'", "DELETE FROM a WHERE b = 'ünï'", True),
        ("UPDATE a SET b = 1", "UPDATE a SET c = 1", False),
        ("ALTER TABLE a ADD b int DEFAULT 1", "ALTER TABLE a ADD b int DEFAULT 2", False),
        ("CREATE TABLE a (b varchar(8))", "CREATE TABLE a (b varchar(9))", False),
        ("INSERT INTO a VALUES (1); DROP TABLE a", "INSERT INTO a VALUES (2); DROP TABLE a", False),
        ("not sql 1", "not sql 2", False),
    ],
)
def test_hash_takes_constants_for_structure_but_not_for_rows(
    one: str, other: str, same: bool
) -> None:
    assert same == (with_statement(one).hash == with_statement(other).hash)


def test_hash_takes_no_line_numbers() -> None:
    assert with_statement("SELECT 1", line=12).hash == with_statement("SELECT 1", line=99).hash


MOVED: list[tuple[dict[str, Any], str]] = [
    ({"uuid": "v"}, 'the database\'s mark was "u" and is "v"'),
    ({"from_heads": ()}, 'the database\'s revision was "a1" and is none'),
    (
        {"from_fingerprint": "sha256:9"},
        'the database\'s structure was "sha256:1" and is "sha256:9"',
    ),
    ({"to_heads": ("c3",)}, 'the target was "b2" and is "c3"'),
    ({"to_fingerprint": None}, 'the structure at the end was "sha256:2" and is none'),
    ({"server_major": 17}, 'the server\'s major was "18" and is "17"'),
    ({"scratch": "17.1"}, 'the major of scratch was "18" and is "17"'),
    ({"lock_timeout_ms": 1}, 'lock_timeout in ms was "2000" and is "1"'),
    ({"lock_budget_ms": 1}, 'lock_budget in ms was "300000" and is "1"'),
    ({"statement_timeout_ms": 1}, 'statement_timeout in ms was none and is "1"'),
    ({"waivers": (("window", "why"),)}, 'what is waived was none and is "window"'),
    ({"git_commit": "dead"}, 'the git commit was "c0ffee" and is "dead"'),
    ({"lockgate": "0.2.0"}, 'the version of lockgate was "0.1.0" and is "0.2.0"'),
    ({"environment": "dev"}, 'the environment was "prod" and is "dev"'),
    ({"steps": ()}, 'what is to run was "b2" and is none'),
    ({"steps": (replace(STEP, syntax="sha256:6"),)}, "revision b2 was edited"),
    ({"steps": (replace(STEP, statements=()),)}, "revision b2 sends other statements"),
]


@pytest.mark.parametrize(("changes", "said"), MOVED, ids=[next(iter(m[0])) for m in MOVED])
def test_hash_covers_what_the_plan_is_bound_to_and_a_difference_has_words(
    changes: dict[str, Any], said: str
) -> None:
    other = replace(PLAN, **changes)

    assert PLAN.hash != other.hash
    assert differences(PLAN, other) == (said,)


# Planning


def test_two_plans_of_one_world_have_one_hash_on_two_machines(site: Site, tmp_path: Path) -> None:
    site.add_revision(
        "four",
        "import datetime, uuid\n"
        "    where = op.get_bind().engine.url.database\n"
        "    op.execute(f'COMMENT ON DATABASE \"{where}\" IS NULL')\n"
        "    op.execute(f\"INSERT INTO item VALUES (1, '{uuid.uuid4()}', 2)\")\n"
        "    op.get_bind().execute(sa.text('UPDATE item SET note = :note'), "
        "{'note': str(datetime.datetime.now())})",
    )
    site.commit()

    first = site.plan()
    site.folder = Path(shutil.copytree(site.folder, tmp_path / "elsewhere" / "checkout"))
    second = site.plan()

    assert first.hash == second.hash
    texts = [statement.sql for statement in second.steps[-1].statements]
    assert texts[0] == 'COMMENT ON DATABASE "lockgate_scratch" IS NULL'
    assert texts[2].startswith("UPDATE item SET note = %(note)s")


def test_plan_holds_no_parameters_and_no_password(site: Site) -> None:
    site.add_revision(
        "four",
        "op.bulk_insert(sa.table('item', sa.column('id'), sa.column('note')), "
        "[{'id': 1, 'note': 'very secret'}])",
    )

    document = json.dumps(plan_document(site.plan()))

    assert "INSERT INTO item (id, note)" in document
    assert "very secret" not in document
    assert "postgresql://" not in document


def test_plan_with_nothing_to_run_says_so(make_site: MakeSite) -> None:
    site = make_site(prod_at="three")

    plan = site.plan()

    assert plan_text(plan, width=80).splitlines()[1] == "  at three; nothing to run"
    assert plan.from_fingerprint == plan.to_fingerprint


def test_plan_from_base_has_every_revision(make_site: MakeSite) -> None:
    site = make_site(prod_at=None)

    plan = site.plan()

    assert ((), ("three",)) == (plan.from_heads, plan.to_heads)
    assert ["one", "two", "three"] == [step.revision for step in plan.steps]


def test_plan_ends_where_it_is_told_to(make_site: MakeSite) -> None:
    site = make_site(prod_at=None)

    plan = site.plan(to="two")

    assert (("two",), ["one", "two"]) == (plan.to_heads, [step.revision for step in plan.steps])
    assert [] == [v.gate for v in plan.verdicts if not v.ok]


@pytest.mark.parametrize("to", ["-1", "nonsense"])
def test_plan_to_what_is_no_way_up_is_a_usage_error(site: Site, to: str) -> None:
    done = site.run("plan", "prod", f"--to={to}")

    assert done.returncode == 2
    assert done.stdout == ""
    assert f"'{to}'" in done.stderr or f'"{to}"' in done.stderr or "-1" in done.stderr


def test_plan_of_a_database_ahead_of_this_checkout_is_refused(site: Site) -> None:
    site.take_to("prod", "three")
    site.revision_file("three").unlink()

    with pytest.raises(RevisionNotHere) as caught:
        site.plan()

    expected = (
        '"prod" is at revision "three", and no file here has it: this checkout is older, '
        "or of another branch"
    )
    assert expected == caught.value.message
    assert caught.value.exit_status == 1
    assert "`lockgate log prod` names it" in caught.value.hint


def test_plan_of_several_branches_ends_at_all_of_their_heads(site: Site) -> None:
    site.add_revision("sky", "op.create_table('star')", "op.drop_table('star')", parent=None)
    site.add_revision("moon", "op.create_table('moon')", "op.drop_table('moon')", parent="sky")
    site.rehearse()

    everything, one = site.plan(), site.plan(to="sky")

    assert everything.to_heads == ("moon", "three")
    assert {"three", "sky", "moon"} == {step.revision for step in everything.steps}
    assert (one.to_heads, [step.revision for step in one.steps]) == (("sky", "two"), ["sky"])
    refusing = [v.gate for v in everything.verdicts if not v.ok]
    assert refusing == ["one-head", "committed", "applied-before"]


def test_plan_knows_a_branch_by_replaying_it_where_others_were_rehearsed_beside_it(
    site: Site,
) -> None:
    site.add_revision("left", "op.create_table('hand')", "op.drop_table('hand')")
    site.add_revision("right", "op.create_table('foot')", "op.drop_table('foot')")
    site.rehearse()
    site.take_to("prod", "left")

    assert site.verdict("start-state").ok

    site.do("prod", "DROP TABLE hand")

    assert not site.verdict("start-state").ok


def test_plan_counts_what_a_revision_depends_on_as_passed(site: Site) -> None:
    site.add_revision("sky", "op.create_table('star')", "op.drop_table('star')", parent=None)
    depends = "\n\n\ndepends_on = 'sky'"
    site.add_revision("four", f"op.create_table('map'){depends}", "op.drop_table('map')")
    site.upgrade("dev")

    plan = site.plan()

    assert site.version("dev") == list(plan.to_heads) == ["four"]


# The file


def test_plan_writes_the_file_that_deploy_takes(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"

    done = site.run("plan", "prod", "-o", str(path), "--format", "json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(path.read_text())
    assert read_plan(path).hash == json.loads(done.stdout)["hash"]


def written(plan: Plan, tmp_path: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    document: dict[str, Any] = {"schema": "lockgate/plan/1"} | plan_document(plan)
    document = json.loads(json.dumps(document))
    edit(document)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return path


def test_plan_file_reads_back_as_the_plan(tmp_path: Path) -> None:
    plan = replace(PLAN, waivers=(("window", "now or never"),))

    assert plan == read_plan(written(plan, tmp_path, lambda _: None))


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a timeout": (lambda d: d["timeouts"].update(lock_timeout_ms=0), "it was edited"),
    "a verdict": (lambda d: d["verdicts"][0].update(reason="fine"), "it was edited"),
    "a constant of an UPDATE": (
        lambda d: d["steps"][0]["statements"][1].update(sql="UPDATE ship SET name = 'Eve'"),
        "it was edited",
    ),
    "a waiver": (lambda d: d["waivers"].update(window="because"), "it was edited"),
    "a key less": (lambda d: d.pop("from"), "it lacks or misspells 'from'"),
    "a list for a table": (lambda d: d.update(environment=[]), "it lacks or misspells"),
    "an unknown role": (lambda d: d["environment"].update(role="king"), "it lacks or misspells"),
    "a newer schema": (
        lambda d: d.update(schema="lockgate/plan/2"),
        'its schema is "lockgate/plan/2", not "lockgate/plan/1"',
    ),
    "no schema": (lambda d: d.pop("schema"), "it is no plan"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_plan_file_is_refused(tmp_path: Path, edit: str) -> None:
    change, said = EDITS[edit]
    path = written(PLAN, tmp_path, change)

    with pytest.raises(PlanUnreadable) as caught:
        read_plan(path)

    assert said in caught.value.message
    assert caught.value.exit_status == 2


def test_plan_file_that_is_cut_short_or_missing_is_refused(tmp_path: Path) -> None:
    path = written(PLAN, tmp_path, lambda _: None)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(PlanUnreadable, match="it is no JSON, or was cut short"):
        read_plan(path)
    with pytest.raises(PlanUnreadable, match="No such file"):
        read_plan(tmp_path / "nothing")


# How it reads


def test_plan_text_keeps_each_statement_in_one_line_of_the_terminal() -> None:
    columns = ",\n".join(f"    column_{number} integer NOT NULL" for number in range(40))
    long = PlanStatement(f"CREATE TABLE ship (\n{columns}\n)", 3, True)
    outside = PlanStatement("CREATE INDEX CONCURRENTLY i ON ship (column_1)", 4, False)
    plan = replace(PLAN, steps=(replace(STEP, statements=(long, outside)),) * 20)

    short, whole = plan_text(plan, width=80), plan_text(plan, width=80, verbose=True)

    assert max(len(line) for line in short.splitlines()) <= 80
    assert short.splitlines()[3:6] == [
        "  b2  names",
        "    CREATE TABLE ship ( column_0 integer NOT NULL, column_1 integer NOT NULL ...",
        "  ! CREATE INDEX CONCURRENTLY i ON ship (column_1)",
    ]
    assert "  --verbose shows the statements whole" in short.splitlines()
    assert "  ! outside a transaction: what it made stays if a later one fails" in short
    assert "        column_39 integer NOT NULL\n    )" in whole
