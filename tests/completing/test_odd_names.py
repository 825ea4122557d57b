"""`lockgate revision` with names that need quotes, escapes or all of the 63 bytes."""

from __future__ import annotations

from .test_completing import MakeIt, assert_complete
from .test_completing import project as project
from .test_completing import project_on as project_on

MODELS = r"""
NAMES = ['a b', "a.b", "größe 大き", 'a"b', "50%s %%", "a\nb", "select", "it's", "a: :b", "x" * 62]
for n, name in enumerate(NAMES):
    table = sa.Table("t" + name, metadata, sa.Column(name, sa.Integer, primary_key=True),
        sa.Column("c" + name[:61], sa.Enum(name, "b", name="e" + name))ADDED_HERE)
"""
ADDED = r""",
        sa.Column("n" + name[:61], sa.Text, server_default=name, comment=name),
        sa.CheckConstraint(sa.column(name).op(">")(sa.literal_column("0")), name="k" + name),
        sa.Index("i" + name, "n" + name[:61], postgresql_where=sa.column(name) > 2)"""


def test_revision_leads_there_and_back_whatever_the_names(project: MakeIt) -> None:
    made = project()
    made.models(MODELS.replace("ADDED_HERE", ""))
    first = made.revision()
    made.models(MODELS.replace("ADDED_HERE", ADDED))

    second = made.revision()

    assert_complete(first)
    assert_complete(second)
