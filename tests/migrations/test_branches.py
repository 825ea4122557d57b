"""A branch found, and a revision file that is given another parent with nothing else changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config

from lockgate.migrations.branches import (
    BranchNotMovable,
    ParentNotRewritable,
    find_branch,
    with_parent,
)
from lockgate.migrations.revisions import open_script_directory

WRITTEN = '''\
"""Weigh items

Revision ID: bb
Revises: aa
Create Date: 2026-06-30 08:55:46.332591

Undoes what Revises: aa had.
"""
from alembic import op

revision: str = "bb"
down_revision: str | None = "aa"  # "aa" is kept here
branch_labels = None


def upgrade():
    op.execute("SELECT 'aa'")
'''
MOVED = WRITTEN.replace("\nRevises: aa\n", "\nRevises: cc\n").replace('= "aa"', '= "cc"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WRITTEN, MOVED),
        (WRITTEN.replace("\n", "\r\n"), MOVED.replace("\n", "\r\n")),
        ("\ufeff" + WRITTEN, "\ufeff" + MOVED),
        (
            WRITTEN.replace("\nRevises: aa", "\nRevises: zz"),
            MOVED.replace("\nRevises: cc", "\nRevises: zz"),
        ),
        (
            "revision = 'bb'; down_revision = ('aa', )\n",
            "revision = 'bb'; down_revision = 'cc'\n",
        ),
        (
            "é = 'ä'; revision = 'b'; down_revision = 'aa'",
            "é = 'ä'; revision = 'b'; down_revision = 'cc'",
        ),
        ('revision = "bb"\ndown_revision = None\n', 'revision = "bb"\ndown_revision = "cc"\n'),
        (
            'revision = "bb"\ndown_revision = (\n    "aa"\n)\n',
            'revision = "bb"\ndown_revision = (\n    "cc"\n)\n',
        ),
    ],
)
def test_parent_is_rewritten_and_nothing_else(before: str, after: str) -> None:
    assert after == with_parent(before.encode(), "bb.py", "cc").decode()


def test_parent_is_rewritten_in_the_files_own_encoding() -> None:
    text = "# coding: latin-1\né = 'ä'; revision = 'bb'; down_revision = 'aa'\n"

    moved = with_parent(text.encode("latin-1"), "bb.py", "cc")

    assert text.replace("'aa'", "'cc'").encode("latin-1") == moved


@pytest.mark.parametrize(
    "text",
    [
        'revision = "bb"\nimport os\ndown_revision = os.environ["PARENT"]\n',
        'from parents import down_revision\nrevision = "bb"\n',
    ],
)
def test_parent_that_only_running_tells_is_left_alone(text: str) -> None:
    with pytest.raises(ParentNotRewritable, match="only running it tells"):
        with_parent(text.encode(), "bb.py", "cc")


LINE = {"one": None, "two": "one", "left": "two", "up": "left", "right": "two"}


def branch_of(folder: Path, history: dict[str, object], head: str, onto: str) -> tuple[str, ...]:
    """The revisions that would move; of a value with a dict, its other names are set, too."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for revision, said in history.items():
        names = said if isinstance(said, dict) else {"down_revision": said}
        lines = [f"{name} = {value!r}" for name, value in ({"revision": revision} | names).items()]
        (versions / f"{revision}.py").write_text("\n".join(lines) + "\n")
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    return find_branch(open_script_directory(config), head, onto).revisions


@pytest.mark.parametrize(
    ("head", "onto", "moved"), [("up", "right", ("left", "up")), ("right", "up", ("right",))]
)
def test_branch_is_what_the_other_head_lacks(
    tmp_path: Path, head: str, onto: str, moved: tuple[str, ...]
) -> None:
    assert moved == branch_of(tmp_path, dict(LINE), head, onto)


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ({"left": None, "right": None}, "they have no revision in common"),
        (LINE | {"third": "left"}, "third builds on left, too"),
        (LINE | {"third": "one", "up": ("left", "third")}, "up is a merge"),
        (
            LINE | {"right": {"down_revision": "two", "depends_on": "left"}},
            "right depends on left itself",
        ),
        (
            LINE | {"left": {"down_revision": "two", "branch_labels": ("reports",)}},
            'left has the branch label "reports", to be kept apart',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_branch_that_is_no_plain_line_does_not_move(
    tmp_path: Path, history: dict[str, object], reason: str
) -> None:
    head = "up" if "up" in history else "left"

    with pytest.raises(BranchNotMovable) as refused:
        branch_of(tmp_path, dict(history), head, "right")

    assert f'"{head}" cannot be put on top of "right": {reason}' == refused.value.message
