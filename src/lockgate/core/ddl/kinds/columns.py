"""Columns of tables and of views, and the defaults of those of tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lockgate.core.ddl.kinds import Alteration, NeedsInheritance, NeedsTable
from lockgate.core.ddl.options import changed_foreign_options, changed_options, foreign_options
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import (
    COLUMN_DEFAULT,
    INHERITANCE,
    PARTITION,
    VIEW_COLUMN,
    Structure,
    Unit,
)
from lockgate.core.ddl.text import beside, mentions, unquote

KINDS = ("column", VIEW_COLUMN, COLUMN_DEFAULT)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """ADD COLUMN with its default, SET DEFAULT, and what a view's column has of its own."""
    begin = f"ALTER TABLE ONLY {unit.table} ALTER COLUMN {unit.own_name}"
    if unit.kind == COLUMN_DEFAULT:
        return [Step(f"{begin} SET DEFAULT {unit.definition}")]
    if unit.kind == VIEW_COLUMN:
        return _of_view(Unit(unit.kind, unit.name), unit, structure)
    added = f"ALTER TABLE {unit.table} ADD COLUMN {definition(unit, structure)}"
    return [Step(added), *after_create(unit, structure)]


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """DROP COLUMN, DROP DEFAULT."""
    if unit.kind == COLUMN_DEFAULT:
        return [Step(f"ALTER TABLE ONLY {unit.table} ALTER COLUMN {unit.own_name} DROP DEFAULT")]
    if unit.kind == VIEW_COLUMN:
        return _of_view(unit, Unit(unit.kind, unit.name), structure)
    lost = None if unit.get("generated") else f"what {unit.name} holds"
    return [Step(f"ALTER TABLE {unit.table} DROP COLUMN {unit.own_name}", loses=lost)]


def definition(unit: Unit, structure: Structure, *, typed: bool = False) -> str:
    """A column as CREATE TABLE and ADD COLUMN say it; of a typed table only what it adds."""
    parts = [] if typed else [unit.properties["type"]]
    if not typed and (options := unit.get("foreign options")):
        parts.append(foreign_options(options).strip())
    if not typed and (collation := unit.get("collation")):
        parts.append(f"COLLATE {collation}")
    if not typed and (compression := unit.get("compression")):
        parts.insert(1, f"COMPRESSION {compression}")
    identity = Identity.read(unit)
    default = structure.units.get((COLUMN_DEFAULT, unit.name))
    if default is not None and default.key not in structure.apart:
        parts.append(f"DEFAULT {default.definition}")
    elif generated := unit.get("generated"):
        how, _, expression = generated.partition(" ")
        parts.append(f"GENERATED ALWAYS AS ({expression}) {how.upper()}")
    elif identity is not None and identity.sequence:
        parts.append(f"GENERATED {identity.when} AS IDENTITY{identity.listed(unit)}")
    if unit.get("not null") == "yes" and "AS IDENTITY" not in " ".join(parts[-1:]):
        parts.append("NOT NULL")
    elif unit.get("not null") == "no inherit":
        parts.append("NOT NULL NO INHERIT")
    if typed:
        return f"{unit.own_name} WITH OPTIONS {' '.join(parts)}" if parts else ""
    return " ".join([unit.own_name, *parts])


def after_create(unit: Unit, structure: Structure) -> list[Step]:
    """What a column can only be given once it is there."""
    if unit.get("inherited") == "yes":
        return inherited(unit, structure)
    bare = {
        name: value
        for name, value in unit.properties.items()
        if name not in ("storage", "statistics target", "options")
    }
    steps = _tuned(Unit(unit.kind, unit.name, "", bare), unit, structure, structure.major)
    if (unit.get("not null") or "").endswith("not valid"):
        steps.append(Step(f"ALTER TABLE {unit.table} {_not_null(unit)}"))
    identity = Identity.read(unit)
    if identity is not None and identity.logged and structure.major >= 15:
        steps.append(Step(f"ALTER SEQUENCE {identity.sequence} SET {identity.logged.upper()}"))
    return steps


def inherited(unit: Unit, structure: Structure) -> list[Step]:
    """What a column that a parent has brought has of its own."""
    (parent, *_) = (
        found
        for name in structure.parents(unit.table)
        if (found := structure.units.get(("column", f"{name}.{unit.own_name}"))) is not None
    )
    defaults = [structure.units.get((COLUMN_DEFAULT, one.name)) for one in (parent, unit)]
    texts = [default.definition if default else None for default in defaults]
    steps = []
    if texts[0] != texts[1]:
        begin = f"ALTER TABLE ONLY {unit.table} ALTER COLUMN {unit.own_name}"
        verb = "DROP DEFAULT" if texts[1] is None else f"SET DEFAULT {texts[1]}"
        steps.append(Step(f"{begin} {verb}"))
    if unit.get("not null") == "yes" and parent.get("not null") != "yes":
        steps.append(Step(f"ALTER TABLE {unit.table} ALTER COLUMN {unit.own_name} SET NOT NULL"))
    return steps + _tuned(parent, unit, structure, structure.major)


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """One ALTER COLUMN for each property; a generated column may have to be made anew."""
    if new.kind == COLUMN_DEFAULT:
        return create(new, alteration.after)
    if new.kind == VIEW_COLUMN:
        return _of_view(old, new, alteration.after)
    _check_inheritance(old, new, alteration)
    by_parent = _inherited_changes(new, alteration)
    steps: list[Step] = []
    if old.get("generated") != new.get("generated") and "generated" not in by_parent:
        expressed = _expression(old, new, alteration)
        if expressed is None:
            return None
        steps += expressed
    before, after = Identity.read(old), Identity.read(new)
    begin = f"ALTER TABLE {new.table} ALTER COLUMN {new.own_name}"
    if before is not None and before.sequence and (after is None or not after.sequence):
        steps.append(Step(f"{begin} DROP IDENTITY", ("identity",)))
    retyped = any(old.get(name) != new.get(name) for name in ("type", "collation"))
    if (retyped or alteration.swapped) and not {"type", "collation"} & by_parent:
        if _in_partition_key(new, alteration):
            raise NeedsTable
        if old.get("generated") or alteration.before.relation(new.table) is None:
            return None
        if not _typed(new, alteration):
            steps.append(_retype(old, new, alteration))
    if old.get("not null") != new.get("not null"):
        steps += _null_steps(old, new, alteration)
    if old.get("identity") != new.get("identity") and after is not None and after.sequence:
        steps += _identity_steps(before, after, new, alteration.major)
    if retyped and alteration.swapped is False and old.get("storage") == new.get("storage"):
        old = Unit(old.kind, old.name, "", {**old.properties, "storage": ""})
    return steps + _tuned(old, new, alteration.after, alteration.major)


def _check_inheritance(old: Unit, new: Unit, alteration: Alteration) -> None:
    before, after = old.get("inherited"), new.get("inherited")
    if after == "yes" and before != "yes":
        raise NeedsTable
    if after == "and declared" and before == "yes":
        raise NeedsInheritance


def _inherited_changes(new: Unit, alteration: Alteration) -> set[str]:
    """The properties that a change of the same column of a parent changes here too."""
    found: set[str] = set()
    for kind in (PARTITION, INHERITANCE):
        key = (kind, new.table)
        if alteration.before.units.get(key) != alteration.after.units.get(key):
            continue
        for parent in alteration.after.parents(new.table):
            column = ("column", f"{parent}.{new.own_name}")
            pair = alteration.before.units.get(column), alteration.after.units.get(column)
            if pair[0] is not None and pair[1] is not None:
                found |= {
                    name
                    for name in ("type", "collation", "generated")
                    if pair[0].get(name) != pair[1].get(name)
                }
                if alteration.swapped:
                    found.add("type")
    return found


def _expression(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    before, after = old.get("generated"), new.get("generated")
    begin = f"ALTER TABLE {new.table} ALTER COLUMN {new.own_name}"
    if before is not None and before.startswith("stored") and after is None:
        return [Step(f"{begin} DROP EXPRESSION", ("generated",))]
    if before is None or after is None or alteration.major < 17:
        return None
    (was, _, _), (how, _, expression) = before.partition(" "), after.partition(" ")
    if was != how:
        return None
    return [Step(f"{begin} SET EXPRESSION AS ({expression})", ("generated",))]


def _in_partition_key(new: Unit, alteration: Alteration) -> bool:
    relation = alteration.before.relation(new.table)
    key = relation.get("partitioned by") if relation else None
    return key is not None and new.own_name in mentions(key.partition("(")[2]).words


def _typed(new: Unit, alteration: Alteration) -> bool:
    """Whether the table takes its columns from a type, which changes them."""
    tables = alteration.before.relation(new.table), alteration.after.relation(new.table)
    return all(table is not None and table.get("of type") for table in tables)


def _retype(old: Unit, new: Unit, alteration: Alteration) -> Step:
    wanted = new.properties["type"]
    text = f"ALTER TABLE {new.table} ALTER COLUMN {new.own_name} TYPE {wanted}"
    if collation := new.get("collation"):
        text += f" COLLATE {collation}"
    foreign = ("foreign table", new.table) in alteration.after.units
    if not foreign and (alteration.swapped or not _casts_itself(old.properties["type"], wanted)):
        arrays = old.properties["type"].endswith("[]") and wanted.endswith("[]")
        text += f" USING {new.own_name}::text{'[]' if arrays else ''}::{wanted}"
    return Step(text, ("type", "collation"))


_MODIFIER = re.compile(r"\(\d+(,-?\d+)?\)")
_ALIKE = (
    {"smallint", "integer", "bigint", "numeric", "real", "double precision"},
    {"date", "timestamp without time zone", "timestamp with time zone"},
    {"time without time zone", "time with time zone"},
    {"json", "jsonb"},
    {"inet", "cidr"},
    {"text", "character varying", "character", "name"},
)
_TEXT = _ALIKE[-1]


def _casts_itself(old: str, new: str) -> bool:
    """Whether PostgreSQL casts `old` to `new` in an assignment, without being told how."""
    before, after = (_MODIFIER.sub("", name) for name in (old, new))
    if before.startswith("interval") and after.startswith("interval"):
        return True
    return after in _TEXT or alike(before, after)


def alike(old: str, new: str) -> bool:
    """Whether two types are compared with each other, and cast to each other unasked."""
    before, after = (_MODIFIER.sub("", name) for name in (old, new))
    return before == after or any({before, after} <= group for group in _ALIKE)


def _not_null(unit: Unit) -> str:
    return f"ADD NOT NULL {unit.own_name} {unit.properties['not null'].upper().replace(',', '')}"


def _null_steps(old: Unit, new: Unit, alteration: Alteration) -> list[Step]:
    before, after = old.get("not null"), new.get("not null")
    begin = f"ALTER TABLE {new.table}"
    column = f"{begin} ALTER COLUMN {new.own_name}"
    settles = ("not null",)
    steps = []
    if after is None or (before is not None and (before, after) != ("not valid", "yes")):
        steps.append(Step(f"{column} DROP NOT NULL", settles))
        steps += _kept_not_null(new, alteration.after)
    if after == "yes":
        steps.append(Step(f"{column} SET NOT NULL", settles))
    elif after is not None:
        steps.append(Step(f"{begin} {_not_null(new)}", settles))
    return steps


def _kept_not_null(new: Unit, after: Structure) -> list[Step]:
    """What the heirs keep when their parent's column may be null again."""
    steps = []
    for heir in after.heirs.get(new.table, ()):
        column = after.units.get(("column", f"{heir}.{new.own_name}"))
        if column is not None and column.get("not null") == "yes":
            steps.append(Step(f"ALTER TABLE {heir} ALTER COLUMN {new.own_name} SET NOT NULL"))
    return steps


def _tuned(old: Unit, new: Unit, structure: Structure, major: int) -> list[Step]:
    """Storage, compression, statistics target and options."""
    begin = f"ALTER TABLE ONLY {new.table} ALTER COLUMN {new.own_name}"
    steps = []
    if (old.get("storage") or None) != new.get("storage"):
        storage = new.get("storage") or _usual_storage(new.properties.get("type", ""), major)
        steps.append(Step(f"{begin} SET STORAGE {storage.upper()}", ("storage",)))
    if old.get("compression") != new.get("compression"):
        compression = new.get("compression") or "default"
        steps.append(Step(f"{begin} SET COMPRESSION {compression}", ("compression",)))
    if old.get("statistics target") != new.get("statistics target"):
        target = new.get("statistics target") or "-1"
        steps.append(Step(f"{begin} SET STATISTICS {target}", ("statistics target",)))
    clauses = changed_options(old.get("options"), new.get("options"))
    steps += [Step(f"{begin} {clause}", ("options",)) for clause in clauses]
    if old.get("foreign options") != new.get("foreign options"):
        changed = changed_foreign_options(old.get("foreign options"), new.get("foreign options"))
        steps.append(Step(f"{begin} {changed}", ("foreign options",)))
    return steps


def _usual_storage(name: str, major: int) -> str:
    """What a column of this type has if nobody says otherwise."""
    if major >= 16:
        return "default"
    return "main" if name.startswith(("numeric", "inet", "cidr")) else "extended"


def _of_view(old: Unit, new: Unit, structure: Structure) -> list[Step]:
    relation = structure.relation(new.table)
    word = relation.kind.upper() if relation is not None else "VIEW"
    steps = []
    if old.get("default") != new.get("default"):
        default = new.get("default")
        verb = "DROP DEFAULT" if default is None else f"SET DEFAULT {default}"
        begin = f"ALTER {word} {new.table} ALTER COLUMN {new.own_name}"
        steps.append(Step(f"{begin} {verb}", ("default",)))
    tuned = _tuned(old, new, structure, structure.major)
    begin = f"ALTER TABLE ONLY {new.table} "
    return steps + [
        Step(step.sql.replace(begin, f"ALTER {word} {new.table} ", 1), step.properties)
        for step in tuned
    ]


# Identity


_IDENTITY = re.compile(
    r"(?P<when>always|by default)(?: \((?:(?P<logged>logged|unlogged) )?(?P<type>.*?) sequence"
    r" (?P<sequence>.*) start (?P<start>-?\d+) increment (?P<increment>-?\d+)"
    r" minimum (?P<minimum>-?\d+) maximum (?P<maximum>-?\d+) cache (?P<cache>\d+)"
    r"(?P<cycle> cycle)?\))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity column, with its sequence where it has one of its own."""

    when: str
    sequence: str
    options: tuple[str, ...]
    logged: str

    @classmethod
    def read(cls, unit: Unit) -> Identity | None:
        """What the property `identity` says."""
        text = unit.get("identity")
        match = _IDENTITY.fullmatch(text) if text else None
        if match is None:
            return None
        options = (
            f"START WITH {match['start']}",
            f"INCREMENT BY {match['increment']}",
            f"MINVALUE {match['minimum']}",
            f"MAXVALUE {match['maximum']}",
            f"CACHE {match['cache']}",
            "CYCLE" if match["cycle"] else "NO CYCLE",
        )
        when, sequence = match["when"].upper(), match["sequence"] or ""
        return cls(when, sequence, options if sequence else (), match["logged"] or "")

    def listed(self, unit: Unit) -> str:
        """What stands behind AS IDENTITY; nothing where all of it is as usual."""
        table, column = (unquote(name) for name in unit.name_parts[1:])
        usual = beside(unit.name, f"{table}_{column}_seq")
        if self.sequence == usual and self.options == _usual_options(unit.properties["type"]):
            return ""
        return f" (SEQUENCE NAME {self.sequence} {' '.join(self.options)})"


_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def _usual_options(name: str) -> tuple[str, ...]:
    limit = _LIMITS.get(name, 0)
    return (
        "START WITH 1",
        "INCREMENT BY 1",
        "MINVALUE 1",
        f"MAXVALUE {limit}",
        "CACHE 1",
        "NO CYCLE",
    )


def _identity_steps(before: Identity | None, after: Identity, new: Unit, major: int) -> list[Step]:
    begin = f"ALTER TABLE {new.table} ALTER COLUMN {new.own_name}"
    settles = ("identity",)
    if before is None or not before.sequence:
        added = f"{begin} ADD GENERATED {after.when} AS IDENTITY{after.listed(new)}"
        return [Step(added, settles)]
    steps = []
    if before.when != after.when:
        steps.append(Step(f"{begin} SET GENERATED {after.when}", settles))
    if before.options != after.options:
        put = " ".join(f"SET {option}" for option in after.options)
        steps.append(Step(f"{begin} {put}", settles))
    if before.sequence != after.sequence:
        name = after.sequence.removeprefix(beside(before.sequence, ""))
        steps.append(Step(f"ALTER SEQUENCE {before.sequence} RENAME TO {name}", settles))
    if before.logged != after.logged and major >= 15:  # before, a sequence is always logged
        logged = after.logged or {"logged": "unlogged", "unlogged": "logged"}[before.logged]
        steps.append(Step(f"ALTER SEQUENCE {after.sequence} SET {logged.upper()}", settles))
    return steps
