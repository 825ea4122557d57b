"""Partitions whose bounds or columns their parent does not take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lockgate.core.effects.bounds import constant
from lockgate.core.effects.certainty import columns_of
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Kind, Relation, Structure
from lockgate.core.effects.trees import Node, body, only, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.columns import Action, Altered
from lockgate.core.refusals.naming import there
from lockgate.core.refusals.refusal import Refusal, known, refused, shown


def made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TABLE ... PARTITION OF and INHERITS."""
    name = structure.resolve(parts_of(tree.get("relation") or {}))
    if tree.get("if_not_exists") and name in structure.relations:
        return
    for node in tree.get("inhRelations", ()):
        parts = parts_of(body(node, "RangeVar"))
        yield from there(structure, parts)
        parent = known(structure, parts)
        if parent is not None and "partbound" in tree:
            yield from _bound(structure, parent, tree["partbound"], parts_of(tree["relation"])[-1])


def attached(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """ATTACH PARTITION."""
    found = body(command.get("def"), "PartitionCmd")
    structure, parent = asked.structure, asked.table
    child = known(structure, parts_of(found.get("name") or {}))
    yield from _bound(structure, parent, found.get("bound", {}), parts_of(found["name"])[-1])
    if parent.kind is not Kind.PARTITIONED:
        return
    if child is None or child.kind not in (Kind.TABLE, Kind.PARTITIONED):
        return
    names = (parent.name[1], child.name[1], columns_of(parent.name[1]), columns_of(child.name[1]))
    if child.partition:
        said = f"{shown(child.name)} is a partition already"
        yield refused(said, "detach it before", *reversed(names[:2]), relation=parent.name)
        return
    if not (parent.columns and child.columns):
        return
    for name, column in parent.columns.items():
        own = child.columns.get(name)
        if own is None:
            said = f"{shown(child.name)} lacks the column {name} of {shown(parent.name)}"
        elif column.type and own.type and not _alike(column.type.name, own.type.name):
            kinds = f"{own.type} and not {column.type}"
            said = f"{name} of {shown(child.name)} is {kinds}, as in {shown(parent.name)}"
        elif column.not_null and not own.not_null:
            said = f"{name} of {shown(child.name)} is not NOT NULL, as in {shown(parent.name)}"
        else:
            continue
        yield refused(said, "give it the columns of its parent first", *names, name)
        return
    for name in child.columns:
        if name not in parent.columns:
            said = f"{shown(child.name)} has a column {name} that {shown(parent.name)} has not"
            yield refused(said, "drop it first, or add it to the parent", *names, name)
            return


def _alike(one: str, other: str) -> bool:
    return one == other


def _bound(structure: Structure, parent: Relation, bound: Tree, name: str) -> Iterator[Refusal]:
    """That the parent is not partitioned, or not so, or has a partition for some of the rows."""
    rests = (parent.name[1], name)
    if parent.kind is not Kind.PARTITIONED:
        if parent.kind is Kind.TABLE:
            yield refused(f"{shown(parent.name)} is not partitioned", _PARTITION, *rests)
        return
    key = parent.partitioned_by if isinstance(parent.partitioned_by, dict) else {}
    strategy = bound.get("strategy", "")
    wanted = _STRATEGIES.get(str(key.get("strategy", "")), "")
    if wanted and strategy and strategy != wanted and not bound.get("is_default"):
        said = f"{shown(parent.name)} is partitioned by {_CALLED[wanted]}, and this is not"
        yield refused(said, f"write {_FORMS[wanted]}", *rests)
        return
    if len(key.get("partParams", ())) == 1 and strategy == "r" and _is_empty(bound):
        yield refused(f"no row lies within the bounds of {name}", "mend the bounds", *rests)
    for other in parent.children:
        beside = structure.get(other)
        if beside.name[1] == name or not isinstance(beside.bound, dict):
            continue
        if _overlap(bound, beside.bound, len(key.get("partParams", ())) == 1):
            said = f"{shown(beside.name)} takes some of the rows that {name} would"
            yield refused(said, "choose bounds that no other partition has", *rests, other[1])


_PARTITION = "make a new partitioned table, and attach this one to it"
_STRATEGIES = {
    "PARTITION_STRATEGY_RANGE": "r",
    "PARTITION_STRATEGY_LIST": "l",
    "PARTITION_STRATEGY_HASH": "h",
    "range": "r",
    "list": "l",
    "hash": "h",
}
_CALLED = {"r": "range", "l": "list", "h": "hash"}
_FORMS = {
    "r": "FOR VALUES FROM ... TO ...",
    "l": "FOR VALUES IN ...",
    "h": "FOR VALUES WITH (MODULUS ..., REMAINDER ...)",
}


def _overlap(one: Tree, other: Tree, single: bool) -> bool:
    """Whether two bounds take the same rows for sure."""
    defaults = [bool(bound.get("is_default")) for bound in (one, other)]
    if any(defaults):
        return all(defaults)
    match one.get("strategy"):
        case "l":
            mine, theirs = (
                [constant(node) for node in bound.get("listdatums", ())] for bound in (one, other)
            )
            return any(value is not None and value in theirs for value in mine)
        case "h":
            pairs = [(b.get("modulus", 0), b.get("remainder", 0)) for b in (one, other)]
            return pairs[0] == pairs[1]
        case "r" if single:
            low, high = _edges(one)
            from_, to = _edges(other)
            return _below(low, to) and _below(from_, high)
    return False


def _is_empty(bound: Tree) -> bool:
    low, high = _edges(bound)
    return _below(high, low) or (low == high and isinstance(low, int | str) and _plain(low))


def _edges(bound: Tree) -> tuple[object, object]:
    return _edge(bound.get("lowerdatums")), _edge(bound.get("upperdatums"))


def _edge(found: Node) -> object:
    kind, node = only(found[0]) if found else ("", {})
    if kind == "PartitionRangeDatum":
        kind, node = only(node.get("value"))
    if kind == "ColumnRef":
        word = words(node.get("fields"))[-1].upper()
        return word if word in ("MINVALUE", "MAXVALUE") else None
    return constant({kind: node}) if kind else None


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _plain(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and bool(_DAY.fullmatch(value)))


def _below(low: object, high: object) -> bool:
    """Whether one edge is below another for sure."""
    if low == "MINVALUE" or high == "MAXVALUE":
        return low != high and None not in (low, high)
    if not (_plain(low) and _plain(high)) or type(low) is not type(high):
        return False
    return bool(low < high)  # type: ignore[operator]


def detached(asked: Altered, command: Tree) -> Iterator[Refusal]:
    """DETACH PARTITION of what is none."""
    found = body(command.get("def"), "PartitionCmd")
    child = known(asked.structure, parts_of(found.get("name") or {}))
    if child is not None and child.name not in asked.table.children:
        said = f"{shown(child.name)} is no partition of {shown(asked.table.name)}"
        yield refused(said, "name one that is", child.name[1], asked.table.name[1])


ACTIONS: dict[str, Action] = {"AT_AttachPartition": attached, "AT_DetachPartition": detached}
