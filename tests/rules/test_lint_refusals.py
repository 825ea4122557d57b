"""What `lockgate lint` is sure of in whole histories, and in files that are linted together."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lockgate = Callable[..., subprocess.CompletedProcess[str]]
MakeProject = Callable[..., Path]

TABLES = (
    "op.create_table('item', sa.Column('id', sa.Integer), sa.Column('note', sa.Text),"
    " sa.UniqueConstraint('id'))\n"
    "    op.create_table('bill', sa.Column('id', sa.Integer))"
)
MISTAKES = "op.drop_column('item', 'notes')\n    op.drop_column('bill', 'paid')"
READS = (
    "for row in op.get_bind().execute(sa.text('SELECT id FROM item')):\n"
    "        op.execute('ALTER TABLE item ADD ' + row[0])"
)
INSPECTS = "if sa.inspect(op.get_bind()).has_table('other'):\n        op.drop_table('other')"
STOPS = "op.get_bind().nothing()"
ITEM, BILL = "there is no column notes in item", "there is no column paid in bill"


def refused(lockgate: Lockgate, folder: Path, *words: str) -> list[str]:
    """The messages of LG056 to LG058, without their `fails: `."""
    answer = lockgate(folder, "lint", "--format", "json", *words)
    assert answer.returncode in (0, 1), answer.stderr
    return [
        finding["message"].removeprefix("fails: ")
        for finding in json.loads(answer.stdout)["findings"]
        if finding["code"] in ("LG056", "LG057", "LG058")
    ]


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ("op.add_column('item', sa.Column('more', sa.Text))", [ITEM, BILL]),
        (READS, [BILL]),
        (INSPECTS, []),
        (STOPS, []),
    ],
)
def test_history_is_sure_of_what_no_unseen_statement_may_have_changed(
    lockgate: Lockgate, make_project: MakeProject, between: str, said: list[str]
) -> None:
    revisions = {"one": (TABLES, "pass"), "two": (between, "pass"), "three": (MISTAKES, "pass")}
    folder = make_project("", revisions=revisions)

    assert said == refused(lockgate, folder, "three")
    assert said == refused(lockgate, folder, "base:heads")


def test_revision_after_one_that_was_left_out_is_not_sure(
    lockgate: Lockgate, make_project: MakeProject
) -> None:
    more = "op.add_column('item', sa.Column('notes', sa.Text))"
    revisions = {"one": (TABLES, "pass"), "two": (more, "pass"), "three": (MISTAKES, "pass")}
    folder = make_project("", revisions=revisions)

    assert [] == refused(lockgate, folder, "one", "three")
    assert [BILL] == refused(lockgate, folder, "three")


def test_name_that_a_convention_may_give_is_left_alone(
    lockgate: Lockgate, make_project: MakeProject
) -> None:
    drops = "op.drop_constraint('uq_item_id', 'item')\n    op.drop_constraint('uq_bill', 'bill')"
    folder = make_project("", revisions={"one": (TABLES, "pass"), "two": (drops, "pass")})

    assert ["there is no constraint uq_bill of bill"] == refused(lockgate, folder, "two")


def test_wrong_name_of_a_column_comes_with_the_one_that_is_near(
    lockgate: Lockgate, make_project: MakeProject
) -> None:
    folder = make_project("", revisions={"one": (TABLES, "pass"), "two": (MISTAKES, "pass")})

    answer = lockgate(folder, "lint", "two")

    assert "-> write note, if that is meant, or leave it out" in answer.stdout


def test_files_that_are_linted_together_are_not_taken_to_run_together(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE item (id int); CREATE TABLE bill (sum int);")
    (tmp_path / "a.sql").write_text("CREATE TABLE more (id int); ALTER TABLE item ADD paid int;")
    (tmp_path / "b.sql").write_text("CREATE TABLE more (id int); ALTER TABLE item ADD paid int;")
    (tmp_path / "c.sql").write_text("ALTER TABLE bill ADD sum int;")

    said = refused(lockgate, tmp_path, "--schema", "schema.sql", "a.sql", "b.sql", "c.sql")

    assert ["column sum of bill is there already"] == said
