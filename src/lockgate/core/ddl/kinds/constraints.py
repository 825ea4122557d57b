"""Constraints of tables. NOT NULL is told, and altered, with its column."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration, NeedsTable
from lockgate.core.ddl.options import changed_options
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import PARTITION, Structure, Unit
from lockgate.core.ddl.text import beside

KINDS = ("constraint",)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """ADD CONSTRAINT; for a partitioned table's key without its partitions, which attach theirs."""
    parts = [unit.definition]
    if unit.get("no inherit") and unit.definition.startswith("CHECK"):
        parts.append("NO INHERIT")
    parts += _deferral(unit)
    if validity := unit.get("validity"):
        parts.append(validity.upper())
    only = "ONLY " if _has_index(unit) and structure.heirs.get(unit.table) else ""
    added = f"ALTER TABLE {only}{unit.table} ADD CONSTRAINT {unit.own_name} {' '.join(parts)}"
    index = beside(unit.name, unit.own_name)
    tuned = changed_options(None, unit.get("storage parameters"))
    return [Step(added), *(Step(f"ALTER INDEX {index} {clause}") for clause in tuned)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP CONSTRAINT; of a check that a parent has too, what that left of it."""
    exists = "IF EXISTS " if _parents_check(unit, structure) else ""
    return [Step(f"ALTER TABLE {unit.table} DROP CONSTRAINT {exists}{unit.own_name}")]


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """What a foreign key defers, what is to be validated, and the parameters of an index."""
    if alteration.property_differs(old, new, "deferrable", "validity", "storage parameters"):
        return None
    begin = f"ALTER TABLE {new.table}"
    steps = []
    if old.get("deferrable") != new.get("deferrable"):
        if not new.definition.startswith("FOREIGN KEY"):
            return None
        how = " ".join(_deferral(new)) or "NOT DEFERRABLE"
        steps.append(Step(f"{begin} ALTER CONSTRAINT {new.own_name} {how}", ("deferrable",)))
    if old.get("validity") != new.get("validity"):
        if new.get("validity") is not None or old.get("validity") != "not valid":
            return None
        steps.append(Step(f"{begin} VALIDATE CONSTRAINT {new.own_name}", ("validity",)))
    index = beside(new.name, new.own_name)
    clauses = changed_options(old.get("storage parameters"), new.get("storage parameters"))
    return steps + [
        Step(f"ALTER INDEX {index} {clause}", ("storage parameters",)) for clause in clauses
    ]


def check_kept_parent(unit: Unit, alteration: Alteration) -> None:
    """Raises NeedsTable where a check, given up by an heir, is still its parent's."""
    kept = _parents_check(unit, alteration.after)
    if kept and kept == _parents_check(unit, alteration.before):
        raise NeedsTable


def _parents_check(unit: Unit, structure: Structure) -> list[str]:
    """The parents that have a check of this name."""
    if not unit.definition.startswith("CHECK"):
        return []
    checks = [
        (parent, structure.units.get(("constraint", f"{parent}.{unit.own_name}")))
        for parent in structure.parents(unit.table)
    ]
    return [parent for parent, check in checks if check and not check.get("no inherit")]


def is_partition_copy(unit: Unit, structure: Structure) -> bool:
    """Whether a partition has this check from its parent."""
    return (PARTITION, unit.table) in structure.units and bool(_parents_check(unit, structure))


def _has_index(unit: Unit) -> bool:
    return not unit.definition.startswith(("CHECK", "FOREIGN"))


def _deferral(unit: Unit) -> list[str]:
    match unit.get("deferrable"):
        case "initially deferred":
            return ["DEFERRABLE INITIALLY DEFERRED"]
        case "initially immediate":
            return ["DEFERRABLE"]
    return []
