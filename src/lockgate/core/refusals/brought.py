"""Types, functions and operator classes of common extensions that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.extensions import EXTENSION_OF, EXTENSION_WITH
from lockgate.core.effects.structure import Structure
from lockgate.core.effects.trees import nodes, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import Refusal, Why


def lacking(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """What a statement takes from an extension that nobody made, where all of them are known."""
    if not structure.complete:
        return
    for kind, found in nodes(tree):
        match kind:
            case "ColumnDef" | "TypeCast":
                type_name = found.get("typeName", {})
                yield from _lacks(structure, "type", words(type_name.get("names")))
            case "FuncCall":
                yield from _lacks(structure, "function", words(found.get("funcname")))
            case "IndexElem" if "opclass" in found:
                yield from _lacks(structure, "operator class", words(found["opclass"]))


def _lacks(structure: Structure, what: str, parts: tuple[str, ...]) -> Iterator[Refusal]:
    name = parts[-1] if parts else ""
    extension = (EXTENSION_OF if what == "type" else EXTENSION_WITH).get(name)
    if extension is None or extension in structure.certainty.extensions:
        return
    own = (structure.enums, structure.domains, structure.routines, structure.relations)
    named = any(name == other for known in own for _, other in known)
    if not named and not _is_used(structure, name):
        quoted = f'"{extension}"' if "-" in extension else extension
        remedy = f"write CREATE EXTENSION {quoted} before it"
        yield Refusal(Why.MISSING, f"there is no {what} {name}", remedy, (name, extension))


def _is_used(structure: Structure, name: str) -> bool:
    """Whether something has it, so that it is there though the schema's text does not say how."""
    for relation in structure.relations.values():
        for column in relation.columns.values():
            calls = [] if column.default is None else nodes(column.default.tree)
            if (column.type is not None and column.type.name == name) or any(
                kind == "FuncCall" and words(found.get("funcname"))[-1:] == (name,)
                for kind, found in calls
            ):
                return True
    return False
