"""Reads the parser's trees: names, options, and every node below a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lockgate.core.parsed import Tree

Node = Any  # a Tree, a list of them, or a leaf


def only(node: Tree | None) -> tuple[str, Tree]:
    """The type and the content of a node, which is a dict of one key."""
    for kind, body in (node or {}).items():
        return kind, body
    return "", {}


def body(node: Tree | None, kind: str) -> Tree:
    """The content of `node` if it is of `kind`, else empty."""
    found = (node or {}).get(kind)
    return found if isinstance(found, dict) else {}


def words(nodes: Iterable[Tree] | None) -> tuple[str, ...]:
    """The parts of a name."""
    return tuple(
        node["String"].get("sval", "") if "String" in node else "*" for node in nodes or ()
    )


def object_name(node: Tree | None) -> tuple[str, ...]:
    """The parts of the name that a DROP, COMMENT or RENAME gives, however the node holds it."""
    kind, found = only(node)
    if kind == "List":
        return words(found.get("items"))
    if kind == "TypeName":
        return words(found.get("names"))
    if kind == "ObjectWithArgs":
        return words(found.get("objname"))
    if kind == "String":
        return (found.get("sval", ""),)
    return ()


def options(nodes: Iterable[Tree] | None) -> dict[str, Node]:
    """Options by name, each with the node of its value, None where it has none."""
    found = {}
    for node in nodes or ():
        element = node.get("DefElem")
        if element is not None:
            prefix = element.get("defnamespace")
            name = f"{prefix}.{element['defname']}" if prefix else element["defname"]
            found[name] = element.get("arg")
    return found


def is_on(found: dict[str, Node], name: str) -> bool:
    """Whether an option such as `(FULL)` or `(FULL on)` is on."""
    if name not in found:
        return False
    value = literal(found[name]) if found[name] is not None else True
    return value in (True, 1, "1", "on", "true", "yes")


def literal(node: Tree | None) -> Node:
    """The value of a constant; None where `node` is no constant, or is NULL."""
    kind, found = only(node)
    if kind == "A_Const":
        for key in ("sval", "ival", "fval", "boolval", "bsval"):
            if key in found:
                return found[key].get(key, _ZERO[key])
        return None
    if kind in _LEAF:
        return found.get(_LEAF[kind], _ZERO[_LEAF[kind]])
    return None


_ZERO: dict[str, Node] = {"sval": "", "ival": 0, "fval": "0", "boolval": False, "bsval": ""}
_LEAF = {"String": "sval", "Integer": "ival", "Float": "fval", "Boolean": "boolval"}


def is_null(node: Tree | None) -> bool:
    """Whether `node` is the constant NULL, also under casts."""
    kind, found = only(node)
    while kind == "TypeCast":
        kind, found = only(found.get("arg"))
    return kind == "A_Const" and found.get("isnull") is True


def nodes(node: Node) -> Iterator[tuple[str, Tree]]:
    """Every node in `node` and below it, outer ones first."""
    stack = [node]
    while stack:
        found = stack.pop()
        if type(found) is dict:
            for kind, value in found.items():
                if type(value) is dict:
                    if kind[0] < "a":  # fields are in lower case, types of nodes are not
                        yield kind, value
                    stack.append(value)
                elif type(value) is list:
                    stack.append(value)
        elif type(found) is list:
            stack.extend(reversed(found))


def words_in(node: Node) -> Iterator[str]:
    """Every string in a tree, which may be a name."""
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, dict):
            stack.extend(found.values())
        elif isinstance(found, list):
            stack.extend(found)
        elif isinstance(found, str):
            yield found


def columns_in(node: Node) -> frozenset[str]:
    """The last parts of the names of columns in an expression; `*` for a whole row."""
    found = set()
    for kind, value in nodes(node):
        if kind == "ColumnRef":
            found.add(words(value.get("fields"))[-1])
    return frozenset(found)


def same(one: Node, other: Node) -> bool:
    """Whether two trees say the same, wherever they stand."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = {*one, *other} - _PLACES
        return all(same(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


_PLACES = frozenset(("location", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"))
