"""The structure that made-up rows have to meet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TypeKind(StrEnum):
    """What a type is made of: `pg_type.typtype`, with arrays as a kind of their own."""

    BASE = "b"
    COMPOSITE = "c"
    ENUM = "e"
    RANGE = "r"
    MULTIRANGE = "m"
    ARRAY = "A"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one part of a column's type.

    `type` is its type in full, `base` the name in pg_type, of a domain those of the type below it,
    which `base_type` is in full. `length` is the number in `varchar(20)` or the precision and
    `scale` of a numeric. `parts` are the attributes of a composite type, the element of an array,
    what a range is over, the range of a multirange. `labels` are those of an enum, `rules` the
    CHECKs of a domain.
    """

    name: str
    type: str
    base: str
    base_type: str = ""
    kind: TypeKind = TypeKind.BASE
    not_null: bool = False
    length: int | None = None
    scale: int | None = None
    parts: tuple[Column, ...] = ()
    labels: tuple[str, ...] = ()
    has_default: bool = False
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that have to be a key of another table, in the order of its `keys`."""

    columns: tuple[str, ...]
    referenced: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns whose values have to differ from row to row; `plain` without WHERE or expressions."""

    name: str
    columns: tuple[str, ...]
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """A CHECK constraint, or the bounds of a partition, with the columns that it names."""

    name: str
    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table that can hold rows itself; generated columns are left out.

    `parents` are the partitioned tables that it is a partition of; `excludes` is whether it has
    an exclusion constraint.
    """

    name: str
    columns: tuple[Column, ...]
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Named, ...] = ()
    excludes: bool = False
    parents: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column called `name`, None where it is generated or not there."""
        return next((column for column in self.columns if column.name == name), None)
