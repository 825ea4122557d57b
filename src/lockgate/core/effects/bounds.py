"""Whether the constraints of a table prove that all of its rows lie within a partition's bounds."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.core.effects.expressions import conjuncts, without_casts
from lockgate.core.effects.structure import ConstraintKind, Relation, Structure
from lockgate.core.effects.trees import Node, body, columns_in, literal, nodes, only, words
from lockgate.core.parsed import Tree


def bound_is_proven(parent: Relation, child: Relation, bound: Tree) -> bool:
    """Whether valid constraints of `child` spare reading it when it is attached.

    Understands what one writes for it: comparisons of the key with the very constants of the
    bounds, beside NOT NULL. What it does not understand is not proven.
    """
    keys = partition_keys(parent)
    if not keys or bound.get("is_default") or not bound:
        return False
    conditions = _checks(child)
    not_null = {c.name for c in child.columns.values() if c.not_null and c.valid_not_null}
    not_null |= {name for c in conditions if (name := _not_null(c))}
    match bound.get("strategy"):
        case "r":
            return len(keys) == 1 and keys[0] in not_null and _in_range(keys[0], conditions, bound)
        case "l":
            return _in_list(keys[0], conditions, bound, keys[0] in not_null)
    return False


def default_is_proven(parent: Relation, default: Relation, bound: Tree) -> bool:
    """Whether valid constraints keep out of the default partition what a new one will take."""
    keys = partition_keys(parent)
    if len(keys) != 1 or not bound or bound.get("is_default"):
        return False
    for condition in _checks(default):
        options = _options(condition)
        found = {pair for option in options if (pair := _compared(option, keys[0])) is not None}
        if len(found) != len(options):
            continue
        if bound.get("strategy") == "r":
            low, high = (_edge(bound.get(name, ())) for name in ("lowerdatums", "upperdatums"))
            known = None not in (low, high)
            if known and all(_lies_outside(pair, low, high) for pair in found):
                return True
        elif bound.get("strategy") == "l":
            wanted = {constant(node) for node in bound.get("listdatums", ())}
            if len(wanted) == 1 and found == {("<>", *wanted)}:
                return True
    return False


def _checks(relation: Relation) -> list[Tree]:
    """The conditions that its valid checks hold all rows to."""
    return [
        condition
        for constraint in relation.constraints.values()
        if constraint.kind is ConstraintKind.CHECK and constraint.valid and constraint.expression
        for condition in conjuncts(constraint.expression.tree)
        for condition in _without_between(condition)
    ]


def _without_between(condition: Tree) -> list[Tree]:
    found = body(condition, "A_Expr")
    ends = body(found.get("rexpr"), "List").get("items", ())
    if found.get("kind") != "AEXPR_BETWEEN" or len(ends) != 2:
        return [condition]
    left = {"kind": "AEXPR_OP", "lexpr": found.get("lexpr", {})}
    pairs = zip((">=", "<="), ends, strict=True)
    return [{"A_Expr": {**left, "name": _operator(op), "rexpr": end}} for op, end in pairs]


def _operator(name: str) -> list[Tree]:
    return [{"String": {"sval": name}}]


def _options(condition: Tree) -> list[Tree]:
    """The conditions of which one has to hold; those of NOT (a AND b) are turned round."""
    choice = body(condition, "BoolExpr")
    if choice.get("boolop") == "OR_EXPR":
        return list(choice.get("args", ()))
    if choice.get("boolop") != "NOT_EXPR":
        return [condition]
    turned = []
    for node in conjuncts(choice["args"][0]):
        found = body(node, "A_Expr")
        opposite = _OPPOSITE.get("".join(words(found.get("name"))[-1:]))
        if opposite is None:
            return [condition]
        turned.append({"A_Expr": {**found, "name": _operator(opposite)}})
    return turned


_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "<>", "<>": "="}


def _lies_outside(pair: tuple[str, object], low: object, high: object) -> bool:
    """Whether a comparison with a constant keeps a value below `low` or from `high` on."""
    operator, value = pair
    below = value == low or _ordered(value, low) is True
    above = value == high or _ordered(high, value) is True
    if operator == "<=":
        return below and value != low
    return (operator == "<" and below) or (operator in (">=", ">") and above)


def partitions_left(
    structure: Structure, parent: Relation, condition: Tree | None
) -> list[Relation] | None:
    """The partitions that a query with that condition looks at; None where only values tell.

    All of them, but for those that a comparison of the first key with a constant leaves out.
    """
    children = [structure.get(name) for name in parent.children]
    keys = partition_keys(parent)
    if not condition or not keys:
        return children
    pairs = []
    for one in conjuncts(condition):
        pair = _compared(one, keys[0])
        if pair is not None and pair[1] is not None:
            pairs.append(pair)
        elif pair is None and not columns_in(one).isdisjoint(keys) and _has_constant(one):
            return None
    if not pairs:
        return children
    left = []
    for child in children:
        bound = child.bound or {}
        if bound.get("is_default"):
            continue
        found = [_may_hold(bound, len(keys) == 1, pair) for pair in pairs]
        if None in found:
            return None
        if all(found):
            left.append(child)
    default = structure.default_partition(parent)
    equal = any(operator == "=" for operator, _ in pairs)
    covered = (equal and left) or _cover(left, pairs)
    if default is not None and not covered:
        left.append(default)
    return left


def _cover(partitions: list[Relation], pairs: list[tuple[str, object]]) -> bool:
    """Whether range partitions, one after the other, hold all that lies between two constants."""
    low = next((value for operator, value in pairs if operator in (">", ">=")), None)
    high = next((value for operator, value in pairs if operator == "<"), None)
    bounds = [partition.bound for partition in partitions if isinstance(partition.bound, dict)]
    edges = [tuple(_edge(b.get(e, [])) for e in ("lowerdatums", "upperdatums")) for b in bounds]
    if low is None or high is None or any(None in edge for edge in edges):
        return False
    reached = low
    for start, end in sorted(edges, key=str):
        from_there = start == "MINVALUE" or _ordered(start, reached)
        if not from_there:
            return False
        if end == "MAXVALUE" or _ordered(high, end):
            return True
        reached = end
    return False


def partition_of(
    structure: Structure, parent: Relation, row: Mapping[str, Node]
) -> Relation | None:
    """The partition that takes a row of those columns; None where only a server can tell."""
    keys = partition_keys(parent)
    value = constant(row.get(keys[0]) or {}) if len(keys) == 1 else None
    if value is None:
        return None
    for child in map(structure.get, parent.children):
        holds = not child.is_default_partition and _may_hold(child.bound or {}, True, ("=", value))
        if holds is None:
            return None
        if holds:
            return child
    return structure.default_partition(parent)


def _has_constant(condition: Tree) -> bool:
    """Whether the planner may know what a condition compares a key with."""
    return any(kind in ("A_Const", "ParamRef", "SQLValueFunction") for kind, _ in nodes(condition))


def _may_hold(bound: Tree, whole_key: bool, pair: tuple[str, object]) -> bool | None:
    """Whether a partition may have rows for which the comparison is true; None if unknown."""
    operator, value = pair
    if bound.get("strategy") == "l":
        held = [constant(node) for node in bound.get("listdatums", ())]
        if operator == "=":
            return value in held
        return None if operator not in ("<", "<=", ">", ">=") else True
    if bound.get("strategy") != "r":
        return None
    low, high = (_first_edge(bound.get(name, ())) for name in ("lowerdatums", "upperdatums"))
    if None in (low, high):
        return None
    above = low == "MINVALUE" or _ordered(low, value)
    below = high == "MAXVALUE" or _ordered(value, high)
    if above is None or below is None:
        return None
    # The upper edge is outside, unless more columns of the key follow.
    within = below and (whole_key is False or value != high)
    return {
        "=": bool(above and within),
        "<": bool(above and value != low),
        "<=": bool(above),
        ">": bool(within),
        ">=": bool(within),
    }.get(operator)


def _first_edge(edge: list[Tree]) -> object:
    return _edge(edge[:1])


def _ordered(low: object, high: object) -> bool | None:
    """Whether `low` is not above `high`; None where that depends on more than the text."""
    if isinstance(low, int) and isinstance(high, int):
        return low <= high
    if isinstance(low, str) and isinstance(high, str) and low[:4].isdigit() and high[:4].isdigit():
        return low <= high  # dates, as they are usually written
    return None


def partition_keys(parent: Relation) -> list[str]:
    """The columns that put its rows into partitions; none where it is an expression."""
    spec = parent.partitioned_by
    if not isinstance(spec, dict):
        return []
    names = [body(node, "PartitionElem").get("name") for node in spec.get("partParams", ())]
    return [str(name) for name in names] if all(names) else []


def _not_null(condition: Tree) -> str | None:
    test = body(condition, "NullTest")
    if test.get("nulltesttype") != "IS_NOT_NULL":
        return None
    return words(body(test.get("arg"), "ColumnRef").get("fields"))[-1:][0]


def _compared(condition: Tree, key: str) -> tuple[str, object] | None:
    """The operator and the constant that a condition compares the key with."""
    found = body(condition, "A_Expr")
    left = body(without_casts(found.get("lexpr", {})), "ColumnRef")
    if found.get("kind") != "AEXPR_OP" or words(left.get("fields"))[-1:] != (key,):
        return None
    return words(found.get("name"))[-1], constant(found.get("rexpr", {}))


def constant(node: Tree) -> object:
    """A constant's value, its type apart: casts and spellings do not matter. None for others."""
    value = literal(without_casts(node))
    if isinstance(value, str):
        text = value.strip()
        # A timestamp at midnight is written both ways, and a server adds its zone.
        for suffix in ("+00", ":00", " 00:00"):
            text = text.removesuffix(suffix)
        return text
    return value


def _in_range(key: str, conditions: list[Tree], bound: Tree) -> bool:
    low, high = (_edge(bound.get(name, ())) for name in ("lowerdatums", "upperdatums"))
    found = [pair for c in conditions if (pair := _compared(c, key)) is not None]
    above = low == "MINVALUE" or any(
        op in (">=", ">", "=") and (value == low or _ordered(low, value) is True)
        for op, value in found
    )
    below = high == "MAXVALUE" or any(
        (op == "<" and (value == high or _ordered(value, high) is True))
        or (op in ("<=", "=") and value != high and _ordered(value, high) is True)
        for op, value in found
    )
    return low is not None and high is not None and above and below


def _edge(nodes: list[Tree]) -> object:
    if len(nodes) != 1:
        return None
    kind, found = only(nodes[0])
    if kind == "ColumnRef":
        word = words(found.get("fields"))[-1].upper()
        return word if word in ("MINVALUE", "MAXVALUE") else None
    if kind == "PartitionRangeDatum":
        return constant(found.get("value", {}))
    return constant(nodes[0])


def _in_list(key: str, conditions: list[Tree], bound: Tree, not_null: bool) -> bool:
    wanted = {constant(node) for node in bound.get("listdatums", ())}
    if None in wanted or not not_null:
        return False
    for condition in conditions:
        found = body(condition, "A_Expr")
        left = body(without_casts(found.get("lexpr", {})), "ColumnRef")
        if words(left.get("fields"))[-1:] != (key,) or words(found.get("name")) != ("=",):
            continue
        if found.get("kind") == "AEXPR_OP":
            values = {constant(found.get("rexpr", {}))}
        else:
            right = without_casts(found.get("rexpr", {}))
            items = body(right, "List").get("items") or body(right, "A_ArrayExpr").get("elements")
            values = {constant(node) for node in items or ()}
        if values and None not in values and values <= wanted:
            return True
    return False
