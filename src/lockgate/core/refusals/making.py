"""Names that a statement gives and that another object has already."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects.extensions import BRING_NO_RELATION
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import TABLES, Kind, Name, Structure
from lockgate.core.effects.trees import object_name, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import Refusal, known, missing, refused, shown, taken


def _new(structure: Structure, range_var: Tree) -> Name | None:
    """The name that a new relation gets, None for a temporary one."""
    if range_var.get("relpersistence") == "t" or not range_var.get("relname"):
        return None
    name = structure.new_name(parts_of(range_var))
    return None if name[0].startswith("pg_") else name


def relation_made(
    structure: Structure, name: Name | None, what: str, *, has_type: bool = True
) -> Iterator[Refusal]:
    """That a new relation's name is another's, or for those with a type of rows, a type's."""
    if name is None:
        return
    found = structure.relations.get(name)
    if found is not None and found.known:
        yield taken(f"{found.kind.value} {shown(name)}", name[1], relation=name)
    elif has_type and (name in structure.enums or name in structure.domains):
        yield taken(f"type {shown(name)}", name[1])
    yield from no_schema(structure, name[0])


def no_schema(structure: Structure, schema: str) -> Iterator[Refusal]:
    """That there is no such schema."""
    if not structure.complete or not structure.certainty.extensions <= BRING_NO_RELATION:
        return
    if schema in structure.schemas or schema in ("public", "information_schema"):
        return
    if schema.startswith("pg_") or any(s == schema for s, _ in structure.relations):
        return
    yield missing(f"schema {schema}", schema)


def table(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TABLE and CREATE FOREIGN TABLE."""
    tree = tree.get("base", tree)
    if not tree.get("if_not_exists"):
        yield from relation_made(structure, _new(structure, tree.get("relation") or {}), "table")


def table_as(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    if not tree.get("if_not_exists"):
        into = tree.get("into", {}).get("rel") or {}
        yield from relation_made(structure, _new(structure, into), "table")


def sequence(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE SEQUENCE."""
    if not tree.get("if_not_exists"):
        name = _new(structure, tree.get("sequence") or {})
        yield from relation_made(structure, name, "sequence", has_type=False)


def index(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE INDEX with a name."""
    found = known(structure, parts_of(tree.get("relation") or {}))
    if found is None or tree.get("if_not_exists") or not tree.get("idxname"):
        return
    name = found.name[0], tree["idxname"]
    yield from relation_made(structure, name, "index", has_type=False)


def view(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE VIEW; with OR REPLACE what is there has to be one."""
    name = _new(structure, tree.get("view") or {})
    if not tree.get("replace"):
        yield from relation_made(structure, name, "view")
        return
    found = structure.relations.get(name) if name else None
    if found is not None and found.known and found.kind is not Kind.VIEW:
        yield taken(f"{found.kind.value} {shown(found.name)}", found.name[1])


def composite(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TYPE ... AS (...)."""
    name = structure.new_name(parts_of(tree.get("typevar") or {}))
    yield from relation_made(structure, name, "type")


def type_made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TYPE ... AS ENUM and CREATE DOMAIN."""
    parts = words(tree.get("typeName") if "vals" in tree else tree.get("domainname"))
    yield from _type_taken(structure, structure.new_name(parts))
    labels = words(tree.get("vals"))
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        yield refused(f"value {label} is there twice", "leave one out", parts[-1])


def enum_made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TYPE ... AS ENUM."""
    yield from type_made(structure, {"vals": [], **tree})


def _type_taken(structure: Structure, name: Name) -> Iterator[Refusal]:
    found = structure.relations.get(name)
    own = (*TABLES, Kind.VIEW, Kind.MATERIALIZED, Kind.COMPOSITE)
    if name in structure.enums or name in structure.domains:
        yield taken(f"type {shown(name)}", name[1])
    elif found is not None and found.known and found.kind in own:
        yield taken(f"{found.kind.value} {shown(name)}, whose rows have a type,", name[1])


def schema(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE SCHEMA."""
    name = tree.get("schemaname", "")
    if not tree.get("if_not_exists") and name in structure.schemas:
        yield taken(f"schema {name}", name)


def trigger(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TRIGGER."""
    found = known(structure, parts_of(tree.get("relation") or {}))
    name = tree.get("trigname", "")
    if found is not None and not tree.get("replace") and name in found.triggers:
        yield taken(f"trigger {name} of {shown(found.name)}", found.name[1], name)


def policy(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE POLICY."""
    found = known(structure, parts_of(tree.get("table") or {}))
    name = tree.get("policy_name", "")
    if found is not None and name in found.policies:
        yield taken(f"policy {name} of {shown(found.name)}", found.name[1], name)


def rule(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE RULE."""
    found = known(structure, parts_of(tree.get("relation") or {}))
    name = tree.get("rulename", "")
    if found is not None and not tree.get("replace") and name in found.rules:
        yield taken(f"rule {name} of {shown(found.name)}", found.name[1], name)


def statistics(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE STATISTICS with a name."""
    parts = words(tree.get("defnames"))
    if (
        parts
        and not tree.get("if_not_exists")
        and structure.new_name(parts) in structure.statistics
    ):
        yield taken(f"statistics object {parts[-1]}", parts[-1])


def publication(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE PUBLICATION."""
    name = tree.get("pubname", "")
    if name in structure.publications:
        yield taken(f"publication {name}", name)


def renamed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """RENAME and SET SCHEMA to a name that is taken, of relations and of types."""
    kind = tree.get("renameType") or tree.get("objectType", "")
    if "newschema" in tree:
        missing = (
            tree.get("missing_ok")
            and structure.resolve(parts_of(tree.get("relation") or {})) not in structure.relations
        )
        yield from () if missing else no_schema(structure, tree["newschema"])
    if kind == "OBJECT_SCHEMA":
        if tree.get("newname") in structure.schemas | {"public"}:
            yield taken(f"schema {tree['newname']}", tree["newname"])
        return
    if kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        parts = object_name(tree.get("object"))
        old = structure.new_name(parts)
        if old in structure.enums or old in structure.domains:
            yield from _type_taken(structure, _moved(old, tree))
        return
    found = known(structure, parts_of(tree.get("relation") or {}))
    if found is None or kind not in _WHOLE:
        return
    new = _moved(found.name, tree)
    has_type = found.kind not in (Kind.INDEX, Kind.SEQUENCE)
    if new != found.name:
        yield from relation_made(structure, new, found.kind.value, has_type=has_type)


_WHOLE = (
    "OBJECT_TABLE",
    "OBJECT_VIEW",
    "OBJECT_MATVIEW",
    "OBJECT_INDEX",
    "OBJECT_SEQUENCE",
    "OBJECT_FOREIGN_TABLE",
)


def _moved(old: Name, tree: Tree) -> Name:
    return tree.get("newschema", old[0]), tree.get("newname", old[1])


def label(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER TYPE ... ADD VALUE and RENAME VALUE."""
    parts = words(tree.get("typeName"))
    name = structure.new_name(parts)
    labels = structure.enums.get(name)
    if labels is None:
        return
    new, old, beside = (tree.get(key) for key in ("newVal", "oldVal", "newValNeighbor"))
    if new in labels and not (tree.get("skipIfNewValExists") and old is None):
        yield taken(
            f"value {new} of {shown(name)}",
            name[1],
            str(new),
            remedy="write ADD VALUE IF NOT EXISTS, or leave the statement out",
        )
    for needed in (old, beside):
        if needed is not None and needed not in labels:
            yield missing(f"value {needed} in {shown(name)}", name[1], needed)
