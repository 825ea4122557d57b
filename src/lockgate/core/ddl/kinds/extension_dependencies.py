"""That an object goes with an extension: `DEPENDS ON EXTENSION`."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.core.ddl.kinds import Alteration
from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import EXTENSION_DEPENDENCY, Structure, Unit, dependent_object
from lockgate.core.ddl.text import split_list, split_name

KINDS = (EXTENSION_DEPENDENCY,)


def create(unit: Unit, structure: Structure) -> list[Step]:
    """DEPENDS ON EXTENSION, one after the other."""
    return _steps(unit, "DEPENDS", split_list(unit.definition))


def drop(unit: Unit, structure: Structure) -> list[Step]:
    """NO DEPENDS ON EXTENSION: dropping the extension would take the object along."""
    return _steps(unit, "NO DEPENDS", split_list(unit.definition))


def alter(old: Unit, new: Unit, alteration: Alteration) -> list[Step] | None:
    """Those that are no more, and those that are new."""
    before, after = split_list(old.definition), split_list(new.definition)
    gone = [one for one in before if one not in after]
    come = [one for one in after if one not in before]
    return _steps(new, "NO DEPENDS", gone) + _steps(new, "DEPENDS", come)


def _steps(unit: Unit, verb: str, extensions: Iterable[str]) -> list[Step]:
    kind, name = dependent_object(unit)
    if kind == "trigger":
        *table, own = split_name(name)
        name = f"{own} ON {'.'.join(table)}"
    what = "ROUTINE" if kind in ("function", "procedure", "aggregate") else kind.upper()
    return [Step(f"ALTER {what} {name} {verb} ON EXTENSION {one}") for one in extensions]
