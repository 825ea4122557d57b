"""What lint sees of a revision without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.core.statement import Direction
from lockgate.migrations.offline import Offline, run_offline
from lockgate.migrations.revision_files import run_file


@pytest.fixture
def offline(tmp_path: Path) -> Callable[[str], Offline]:
    """Runs the body of an upgrade."""

    def run(body: str) -> Offline:
        path = tmp_path / "one.py"
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        path.write_text(f"import sqlalchemy as sa\nfrom alembic import op\ndef upgrade():\n{lines}")
        return run_offline(run_file(str(path)).upgrade, str(path), Direction.UP)

    return run


def first_words(found: Offline) -> list[str]:
    return [" ".join(statement.sql.split()[:3]) for statement in found.statements]


def test_the_type_of_an_enum_is_made_before_its_table(offline: Callable[[str], Offline]) -> None:
    found = offline(
        'op.create_table("t", sa.Column("state", sa.Enum("on", "off", name="state")))\n'
        'sa.Enum(name="state").drop(op.get_bind())'
    )

    assert ["CREATE TYPE state", "CREATE TABLE t", "DROP TYPE state"] == first_words(found)
    assert [4, 4, 5] == [statement.line for statement in found.statements]
    assert found.problem is None


def test_who_looks_for_tables_finds_none(offline: Callable[[str], Offline]) -> None:
    found = offline(
        "inspector = sa.inspect(op.get_bind())\n"
        'if "t" not in inspector.get_table_names() and not inspector.has_table("t"):\n'
        '    op.create_table("t", sa.Column("id", sa.Integer))'
    )

    assert ["CREATE TABLE t"] == first_words(found)
    assert "it asks the database, and was answered as if there were no rows" == found.problem
    assert 4 == found.line


def test_operations_after_what_needs_a_server_are_seen(offline: Callable[[str], Offline]) -> None:
    found = offline(
        'most = max(op.get_bind().execute(sa.text("SELECT 1")))\n'
        'op.create_table("t", sa.Column("id", sa.Integer))\n'
        'op.add_column("t", sa.Column("a", sa.String(most)))\n'
        'with op.batch_alter_table("t") as table:\n'
        '    table.drop_column("id")'
    )

    assert ["SELECT 1", "CREATE TABLE t", "ALTER TABLE t"] == first_words(found)
    assert [4, 5, 7] == [statement.line for statement in found.statements]
    assert "it stops without a server with ValueError" == found.problem
    assert 4 == found.line
