"""How objects of each kind are made, dropped and altered: a file for kinds that belong together.

A module here that has `KINDS` is found by that. It has

- `create(unit, structure)`: the Steps that make a unit as it is in `structure`;
- `drop(unit, structure)`: the Steps that take it away;
- `alter(old, new, alteration)`: the Steps from the one to the other, or None where it has to be
  dropped and made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from lockgate.core.ddl.script import Step
from lockgate.core.ddl.structure import Structure, Unit


@dataclass(frozen=True, slots=True)
class Alteration:
    """What an `alter` may look at.

    `swapped` says that a type of the unit, a column, is made anew under the column, which has to
    be led from the old one to the new.
    """

    before: Structure
    after: Structure
    major: int
    swapped: bool = False
    concurrently: bool = False

    def property_differs(self, old: Unit, new: Unit, *but: str) -> bool:
        """Whether anything differs that is not among `but`; the definition is one of them."""
        if "definition" not in but and old.definition != new.definition:
            return True
        names = (old.properties.keys() | new.properties.keys()) - set(but)
        return any(old.get(name) != new.get(name) for name in names)


class NeedsTable(Exception):
    """An `alter` that nothing but making the whole table anew brings about."""


class NeedsInheritance(Exception):
    """An `alter` that taking the table from its parents, and giving it back, brings about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The three functions of one kind."""

    create: Callable[[Unit, Structure], list[Step]]
    drop: Callable[[Unit, Structure], list[Step]]
    alter: Callable[[Unit, Unit, Alteration], list[Step] | None]


@cache
def kinds() -> dict[str, Kind]:
    """Every kind that statements are known for."""
    found: dict[str, Kind] = {}
    for info in iter_modules(__path__):
        module: Any = import_module(f"{__name__}.{info.name}")  # Any: found by its shape
        for kind in getattr(module, "KINDS", ()):
            found[kind] = Kind(module.create, module.drop, module.alter)
    return found
