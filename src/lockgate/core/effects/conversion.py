"""Whether a change of a column's type writes the table anew, and which indexes it builds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from lockgate.core.effects.reading import read_type
from lockgate.core.effects.structure import Column, Expression, TypeName
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import Node, only, words

UTC = frozenset(("utc", "etc/utc", "gmt", "etc/gmt", "zulu", "etc/uct", "uct", "etc/zulu"))

_TIMESTAMPS = frozenset(("timestamp", "timestamptz"))


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a change of type does; `same_order` is whether an index can be kept.

    It is `doubted` where that rests on something that nobody said: the old type, the time zone.
    """

    rewrites: bool
    same_order: bool
    array: bool = False
    doubted: bool = False


def conversion(
    touched: Touched, column: Column | None, new: TypeName | None, using: Node, collation: Node
) -> Conversion:
    """What it takes to turn `column`, None where it is not known, into `new`."""
    if column is None or column.type is None or new is None:
        return Conversion(True, False, doubted=column is None)
    old, new = _bare(touched, column.type), _bare(touched, new)
    steps = [old]
    node = using
    inner = []
    kind, found = only(node)
    while kind in ("TypeCast", "CollateClause"):
        if kind == "TypeCast":
            cast = read_type(found.get("typeName"))
            inner.append(cast and _bare(touched, cast))
        kind, found = only(found.get("arg"))
    itself = kind == "ColumnRef" and words(found.get("fields"))[-1] == column.name
    if using is not None and not itself:
        return Conversion(True, False)
    for step in [*reversed(inner), new]:
        if step is None:
            return Conversion(True, False)
        steps.append(step)
    rewrites = False
    # A cast on the way leaves no modifiers that a later one could be wider than.
    for before, after in itertools.pairwise(steps):
        rewrites = rewrites or _step_rewrites(touched, before, after)
    alike = _indexed_as(touched, old) == _indexed_as(touched, new)
    same = not rewrites and (alike or (_is_same(touched, old, new) and old.array == new.array))
    before_collation = column.collation or ("default",)
    new_collation = words((collation or {}).get("collname")) or ("default",)
    return Conversion(
        rewrites,
        same and before_collation[-1] == new_collation[-1],
        new.array,
        doubted=rewrites and not inner and _hangs_on_time_zone(touched, old, new),
    )


def _hangs_on_time_zone(touched: Touched, old: TypeName, new: TypeName) -> bool:
    """Whether a session at UTC, which may be the server's default, would have nothing to do."""
    pair = {old.name, new.name}
    plain = new.modifiers is None and not (old.array or old.schema or new.array or new.schema)
    return plain and pair == _TIMESTAMPS and not touched.structure.time_zone


def _step_rewrites(touched: Touched, old: TypeName, new: TypeName) -> bool:
    domain = touched.structure.domain(new)
    if domain is not None:
        if touched.structure.domain(old) is domain and not new.array:
            return False
        if touched.structure.is_constrained(new) or domain.base is None:
            return True
        return _step_rewrites(touched, old, domain.base)
    source = touched.structure.domain(old)
    if source is not None:
        # A domain's values have lost the modifiers of what it is made of.
        base = source.base
        plain = TypeName(base.schema, base.name, None, base.array) if base else None
        return plain is None or _step_rewrites(touched, plain, new)
    if not _is_same(touched, old, new):
        if old.array:
            return True  # element by element, also where an element stays as it is
        return not _coercible(touched, old, new) or (
            new.modifiers is not None or old.array != new.array
        )
    if old.array != new.array:
        return True
    if new.modifiers is None or new.modifiers == old.modifiers:
        # bpchar without modifiers is char(1) in no statement: the parser has written it out.
        return False
    return old.array or not _relaxes(touched, old, new)


def _bare(touched: Touched, found: TypeName) -> TypeName:
    """A type of a common extension without the schema that a Catalog gives it."""
    default = found.schema == touched.structure.search_path[0]
    known = default and found.name in touched.facts.contributed
    return replace(found, schema=None) if known else found


def _is_same(touched: Touched, old: TypeName, new: TypeName) -> bool:
    """Whether two names are one type's; a Catalog has its schema, where a statement may not."""
    if old.name != new.name or old.schema == new.schema:
        return old.name == new.name
    found = touched.structure.search_path
    own = new.name in touched.facts.types  # PostgreSQL's come first, whatever the search_path
    return not own and {old.schema, new.schema} <= {None, *found[:1]}


def _coercible(touched: Touched, old: TypeName, new: TypeName) -> bool:
    if old.schema or new.schema:
        return False
    if (old.name, new.name) in touched.facts.coercible:
        return True
    # Between the two timestamps nothing moves where the session is at UTC.
    pair = {old.name, new.name}
    return pair == _TIMESTAMPS and touched.structure.time_zone.lower() in UTC


def _relaxes(touched: Touched, old: TypeName, new: TypeName) -> bool:
    """Whether every value of the old modifiers is one of the new, as the planner knows it."""
    if new.name not in touched.facts.relaxed or new.modifiers is None:
        return False
    before, after = old.modifiers, new.modifiers
    numbers = [m for m in (*(before or ()), *after) if isinstance(m, int)]
    if len(numbers) != len((*(before or ()), *after)):
        return False
    match new.name:
        case "varchar" | "varbit":
            return before is not None and _int(after[0]) >= _int(before[0])
        case "numeric":
            if before is None:
                return False
            scales = [_int(m[1]) if len(m) > 1 else 0 for m in (before, after)]
            return scales[0] == scales[1] and _int(after[0]) >= _int(before[0])
        case "interval":
            return _interval_relaxes(before or (), after)
        case _:  # times and timestamps, of at most six digits
            digits = _int(after[0])
            return digits >= 6 or (before is not None and digits >= _int(before[0]))


_FIELDS = ((1 << 12, 0), (1 << 11, 1), (1 << 10, 2), (1 << 3, 3), (1 << 1, 4), (1 << 2, 5))
"""The bits of an interval's fields, from the seconds up, each with its rank."""


def _interval_relaxes(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    finest, digits = [], []
    for modifiers in (before, after):
        mask = _int(modifiers[0]) if modifiers else 0x7FFF
        finest.append(next((rank for bit, rank in _FIELDS if mask & bit), 0))
        digits.append(_int(modifiers[1]) if len(modifiers) > 1 else 6)
    return finest[1] <= finest[0] and (finest[0] > 0 or digits[1] >= digits[0])


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _indexed_as(touched: Touched, type_name: TypeName) -> object:
    domain = touched.structure.domain(type_name)
    if domain is not None and domain.base is not None:
        return _indexed_as(touched, domain.base)
    if type_name.schema is None and not type_name.array:
        return touched.facts.indexed_as.get(type_name.name, type_name.name)
    if type_name.array:
        return "array"
    return type_name.schema, type_name.name


def default_of(touched: Touched, column: Column) -> Expression | None:
    """What an added column is filled with: its default, or that of its domain."""
    if column.default is not None:
        return column.default
    domain = touched.structure.domain(column.type)
    return domain.default if domain is not None else None
