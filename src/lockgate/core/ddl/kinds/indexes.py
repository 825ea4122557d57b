"""Indexes that no constraint owns, and the parents that indexes of partitions are attached to."""

from __future__ import annotations

import re

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.options import changed_options, with_options
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import ATTACHMENT, Structure, Unit

KINDS = ("index", ATTACHMENT)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE INDEX; for a partitioned table without its partitions, which attach theirs."""
    if unit.kind == ATTACHMENT:
        return [Step(f"ALTER INDEX {unit.definition} ATTACH PARTITION {unit.name}")]
    table = structure.relation(unit.table)
    only = "ONLY " if table is not None and table.get("partitioned by") else ""
    kind = "UNIQUE INDEX" if unit.get("unique") else "INDEX"
    text = f"CREATE {kind} {unit.own_name} ON {only}{unit.table}"
    text += f" USING {unit.properties['method']} {unit.properties['columns']}"
    if unit.get("nulls not distinct"):
        text += " NULLS NOT DISTINCT"
    text += with_options(unit.get("storage parameters"))
    if predicate := unit.get("predicate"):
        text += f" WHERE {predicate}"
    return [Step(text), *_targets(None, unit)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP INDEX; an attachment ends with either index."""
    return [] if unit.kind == ATTACHMENT else [Step(f"DROP INDEX {unit.name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Storage parameters and statistics targets; anything else needs a new index."""
    if new.kind == ATTACHMENT:
        return None
    if alteration.property_differs(old, new, "storage parameters", "statistics targets"):
        return None
    clauses = changed_options(old.get("storage parameters"), new.get("storage parameters"))
    steps = [
        Step(f"ALTER INDEX {new.name} {clause}", ("storage parameters",)) for clause in clauses
    ]
    return steps + _targets(old, new)


def _targets(old: Unit | None, new: Unit) -> list[Step]:
    before = _numbers(old.get("statistics targets") if old else None)
    after = _numbers(new.get("statistics targets"))
    return [
        Step(
            f"ALTER INDEX {new.name} ALTER COLUMN {column} SET STATISTICS {after.get(column, -1)}",
            ("statistics targets",),
        )
        for column in sorted(before.keys() | after.keys())
        if before.get(column) != after.get(column)
    ]


def _numbers(text: str | None) -> dict[str, str]:
    return dict(re.findall(r"column (\d+): (-?\d+)", text or ""))
