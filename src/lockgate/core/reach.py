"""How many rows of a table a WHERE lets through, as far as its text and the table tell.

Whether it leaves out none for sure is `core.dependents.whole`'s to say.
"""

from __future__ import annotations

from enum import IntEnum

from lockgate.core.effects.expressions import without_casts
from lockgate.core.effects.structure import ConstraintKind, Relation
from lockgate.core.effects.trees import Node, body, columns_in, is_null, literal, only, words
from lockgate.core.parsed import Tree
from lockgate.core.shape import share_of_rows
from lockgate.core.target import RelationStatistics


class Reach(IntEnum):
    """How far a condition reaches, the least first."""

    BOUNDED = 0
    """Some rows: those with given values, between two, or as many as a LIMIT says."""
    OPEN = 1
    """However many there are on one side of a value, or that are not something."""
    NULLS = 2
    """Those without a value in a column, which are all until the column is filled."""


def reach(where: Node, table: Relation) -> Reach:
    """How far a WHERE over one table reaches that is not known to leave out none."""
    kind, found = only(where)
    match kind:
        case "BoolExpr" if found.get("boolop") == "AND_EXPR":
            args = found.get("args", ())
            return Reach.BOUNDED if _two_sided(args) else min(reach(one, table) for one in args)
        case "BoolExpr" if found.get("boolop") == "OR_EXPR":
            return max(reach(one, table) for one in found.get("args", ()))
        case "NullTest" if found.get("nulltesttype") == "IS_NULL":
            return _nulls(found, table)
        case "SubLink" if found.get("subLinkType") == "ANY_SUBLINK":
            return Reach.BOUNDED  # the rows that another query chooses, which may have a LIMIT
        case "A_Expr":
            return _compared(found)
    return Reach.OPEN


def _nulls(test: Tree, table: Relation) -> Reach:
    fields = words(body(test.get("arg"), "ColumnRef").get("fields"))
    column = table.columns.get(fields[-1]) if fields else None
    if column is not None and column.not_null:
        return Reach.BOUNDED
    return Reach.NULLS if fields else Reach.OPEN


_EQUAL = ("AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_IN", "AEXPR_NOT_DISTINCT")
_BETWEEN = ("AEXPR_BETWEEN", "AEXPR_BETWEEN_SYM")


def _compared(found: Tree) -> Reach:
    operator = words(found.get("name"))[-1:]
    if found.get("kind") in _BETWEEN or (found.get("kind") in _EQUAL and operator == ("=",)):
        nothing = found.get("kind") == "AEXPR_NOT_DISTINCT" and is_null(found.get("rexpr"))
        return Reach.NULLS if nothing else Reach.BOUNDED
    return Reach.OPEN


def _two_sided(conditions: Node) -> bool:
    """Whether a column is held between two values."""
    sides: dict[str, set[str]] = {}
    for one in conditions:
        found = body(one, "A_Expr")
        operator = (words(found.get("name")) or ("",))[-1]
        left, right = found.get("lexpr", {}), found.get("rexpr", {})
        if "ColumnRef" in without_casts(right) and "ColumnRef" not in without_casts(left):
            left, operator = right, operator.translate(_TURNED)
        for column in columns_in(without_casts(left)):
            sides.setdefault(column, set()).add(operator[:1])
    return any({"<", ">"} <= both for both in sides.values())


_TURNED = str.maketrans("<>", "><")


def covers_key(comparison: Tree, table: Relation) -> bool:
    """Whether a comparison lets through every number that a sequence gives, as `id > 0` does."""
    fields = words(body(comparison.get("lexpr"), "ColumnRef").get("fields"))
    value = literal(comparison.get("rexpr"))
    operator = words(comparison.get("name"))[-1:]
    if comparison.get("kind") != "AEXPR_OP" or not fields or type(value) is not int:
        return False
    least = {">": value + 1, ">=": value, "<>": 1 if value < 1 else 2}.get("".join(operator))
    if least is None or least > 1:
        return False
    column = table.columns.get(fields[-1])
    if column is None:
        return not table.known and fields[-1] == "id"
    keys = [c for c in table.constraints.values() if c.kind is ConstraintKind.PRIMARY]
    key = any(c.columns == (column.name,) for c in keys)
    counts = column.type is not None and column.type.name in ("int2", "int4", "int8")
    return counts and (key or column.identity or column.sequence is not None)


def rows_reached(where: Node, table: RelationStatistics) -> int | None:
    """How many rows a WHERE may let through by the statistics of a target; None if they say not.

    Of a value that is asked for nobody keeps how often it is there: it may be the most common.
    """
    share, sure = share_of_rows(where, table)
    if not sure:
        return None
    found = body(where, "A_Expr")
    fields = words(body(found.get("lexpr"), "ColumnRef").get("fields"))
    column = table.column(fields[-1]) if fields else None
    if column is not None and column.common:
        share = max(share, column.common[0])
    return round(share * table.rows)
