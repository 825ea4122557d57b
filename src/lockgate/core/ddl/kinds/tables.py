"""Tables, their place under others, and what of them needs an index that is made later."""

from __future__ import annotations

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.kinds.columns import after_create, definition
from lockgate.core.ddl.options import (
    changed_foreign_options,
    changed_options,
    foreign_options,
    with_options,
)
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import (
    CLUSTERING,
    INHERITANCE,
    PARTITION,
    REPLICA_IDENTITY,
    TABLES,
    Structure,
    Unit,
)
from lockgate.core.ddl.text import split_list

KINDS = (*TABLES, PARTITION, INHERITANCE, REPLICA_IDENTITY, CLUSTERING)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """CREATE TABLE with its columns, and ATTACH PARTITION, INHERIT, CLUSTER ON."""
    begin = f"ALTER TABLE ONLY {unit.name}"
    match unit.kind:
        case "partition":
            attached = f"ATTACH PARTITION {unit.name} {unit.properties['bounds']}"
            return [Step(f"ALTER TABLE ONLY {unit.properties['parents']} {attached}")]
        case "inheritance":
            parents = split_list(unit.properties["parents"])
            return [Step(f"{begin} INHERIT {parent}") for parent in parents]
        case "replica identity":
            index = unit.definition.removeprefix("index ")
            what = unit.definition.upper() if index == unit.definition else f"USING INDEX {index}"
            return [Step(f"{begin} REPLICA IDENTITY {what}")]
        case "clustering":
            return [Step(f"ALTER TABLE {unit.name} CLUSTER ON {unit.definition}")]
    steps = [Step(_created(unit, structure)), *_row_security(None, unit)]
    for column in structure.columns.get(unit.name, ()):
        steps += after_create(column, structure)
    return steps


def _created(unit: Unit, structure: Structure) -> str:
    columns = structure.columns.get(unit.name, ())
    typed = unit.get("of type")
    parents = structure.units.get((INHERITANCE, unit.name))
    if typed:
        columns = [one for one in columns if definition(one, structure, typed=True)]
    elif parents:
        columns = [one for one in columns if one.get("inherited") != "yes"]
    lines = [f"    {definition(one, structure, typed=bool(typed))}" for one in columns]
    listed = "(\n{}\n)".format(",\n".join(lines)) if lines else "()"
    unlogged = "UNLOGGED " if unit.get("unlogged") else ""
    foreign = "FOREIGN " if unit.kind == "foreign table" else ""
    parts = [f"CREATE {unlogged}{foreign}TABLE {unit.name}"]
    if typed:
        parts.append(f"OF {typed}")
    if lines or not typed:
        parts.append(listed)
    if parents:
        parts.append(f"INHERITS ({parents.properties['parents']})")
    if partitioned := unit.get("partitioned by"):
        parts.append(f"PARTITION BY {partitioned}")
    if method := unit.get("access method"):
        parts.append(f"USING {method}")
    text = " ".join(parts)
    if foreign:
        return f"{text} SERVER {unit.properties['server']}{foreign_options(unit.get('options'))}"
    return text + with_options(unit.get("storage parameters"), unit.get("toast parameters"))


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP TABLE, DETACH PARTITION, NO INHERIT."""
    begin = f"ALTER TABLE ONLY {unit.name}"
    match unit.kind:
        case "partition":
            return [Step(f"ALTER TABLE {unit.properties['parents']} DETACH PARTITION {unit.name}")]
        case "inheritance":
            parents = split_list(unit.properties["parents"])
            return [Step(f"{begin} NO INHERIT {parent}") for parent in parents]
        case "replica identity":
            return [Step(f"{begin} REPLICA IDENTITY DEFAULT")]
        case "clustering":
            return [Step(f"ALTER TABLE {unit.name} SET WITHOUT CLUSTER")]
        case "foreign table":
            return [Step(f"DROP FOREIGN TABLE {unit.name}")]
    dropped = Step(f"DROP TABLE {unit.name}", loses=f"all rows of {unit.name}")
    partition = structure.units.get((PARTITION, unit.name))
    if partition is None or not _is_referred_to(partition.properties["parents"], structure):
        return [dropped]
    # The foreign keys of others to the whole depend on each partition.
    return [*drop(partition, structure), dropped]


def _is_referred_to(parent: str, structure: Structure) -> bool:
    """Whether another table has a foreign key to `parent`, or to what that is a partition of."""
    while parent:
        if any(
            structure.units[key].is_foreign_key and structure.units[key].table != parent
            for key in structure.dependents(("table", parent))
        ):
            return True
        above = structure.units.get((PARTITION, parent))
        parent = above.properties["parents"] if above is not None else ""
    return False


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Everything but the partition key; another type, server or order of parents needs more."""
    if new.kind in (REPLICA_IDENTITY, CLUSTERING):
        return create(new, alteration.after)
    if new.kind == PARTITION:
        return None
    begin = f"ALTER TABLE {new.name}"
    if new.kind == INHERITANCE:
        before, after = (split_list(unit.properties["parents"]) for unit in (old, new))
        if after[: len(before)] != before:
            return None
        return [Step(f"{begin} INHERIT {parent}") for parent in after[len(before) :]]
    if alteration.property_differs(old, new, *ALTERED):
        return None
    steps = []
    if old.get("of type") != new.get("of type"):
        typed = new.get("of type")
        steps.append(Step(f"{begin} {f'OF {typed}' if typed else 'NOT OF'}", ("of type",)))
    if old.get("access method") != new.get("access method"):
        if alteration.major < 15 or (new.get("partitioned by") and alteration.major < 17):
            return None
        method = new.get("access method") or ("DEFAULT" if alteration.major >= 17 else "heap")
        steps.append(Step(f"{begin} SET ACCESS METHOD {method}", ("access method",)))
    if old.get("unlogged") != new.get("unlogged"):
        logged = "UNLOGGED" if new.get("unlogged") else "LOGGED"
        steps.append(Step(f"{begin} SET {logged}", ("unlogged",)))
    for name in ("storage parameters", "toast parameters"):
        clauses = changed_options(old.get(name), new.get(name))
        steps += [Step(f"{begin} {clause}", (name,)) for clause in clauses]
    if old.get("options") != new.get("options"):
        changed = changed_foreign_options(old.get("options"), new.get("options"))
        steps.append(Step(f"{begin} {changed}", ("options",)))
    return steps + _row_security(old, new)


ALTERED = (
    "of type",
    "access method",
    "unlogged",
    "storage parameters",
    "toast parameters",
    "options",
    "row security",
)


def _row_security(old: Unit | None, new: Unit) -> list[Step]:
    before = (old.get("row security") if old else None) or "disabled"
    after = new.get("row security") or "disabled"
    begin = f"ALTER TABLE {new.name}"
    steps = []
    if before.startswith("enabled") != after.startswith("enabled"):
        verb = "ENABLE" if after.startswith("enabled") else "DISABLE"
        steps.append(Step(f"{begin} {verb} ROW LEVEL SECURITY", ("row security",)))
    if before.endswith("forced") != after.endswith("forced"):
        verb = "FORCE" if after.endswith("forced") else "NO FORCE"
        steps.append(Step(f"{begin} {verb} ROW LEVEL SECURITY", ("row security",)))
    return steps
