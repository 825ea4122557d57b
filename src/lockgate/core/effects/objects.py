"""Effects of statements about objects of any kind: names, owners, comments, privileges, types."""

from __future__ import annotations

from lockgate.core.effect import LockMode
from lockgate.core.effects.drop import tables_with_type
from lockgate.core.effects.modes import AX, READ, SUX
from lockgate.core.effects.reading import INDEXED, ON_TABLE, RELATION_KINDS, parts_of
from lockgate.core.effects.structure import ConstraintKind, Domain, Kind, Relation
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, is_on, object_name, options, words
from lockgate.core.parsed import Tree


def _named(touched: Touched, tree: Tree, kind: Kind = Kind.TABLE) -> Relation | None:
    relation = touched.structure.find(parts_of(tree.get("relation", {})), kind)
    skipped = not relation.known and tree.get("missing_ok") and touched.structure.complete
    return None if skipped else relation


def rename(touched: Touched, tree: Tree) -> None:
    """ALTER ... RENAME."""
    kind = tree.get("renameType", "")
    if "relation" not in tree:
        if kind == "OBJECT_TYPE":
            _lock_composite(touched, object_name(tree.get("object")))
        return
    structure = touched.structure
    relation = _named(touched, tree, RELATION_KINDS.get(kind, Kind.TABLE))
    if relation is None:
        return
    if kind == "OBJECT_INDEX" and relation.kind is Kind.INDEX:
        touched.lock(relation, SUX)
    elif kind in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        recurses = tree["relation"].get("inh", False)
        for found in structure.with_below(relation) if recurses else [relation]:
            touched.lock(found, AX)
        if kind == "OBJECT_ATTRIBUTE" and tree.get("behavior") == "DROP_CASCADE":
            for found in structure.relations.values():
                if found.of_type == relation.name:
                    for below in structure.with_below(found):
                        touched.lock(below, AX)
    elif kind == "OBJECT_TABCONSTRAINT":
        touched.lock(relation, AX)
        constraint = relation.constraints.get(tree.get("subname", ""))
        if constraint is not None and constraint.kind in INDEXED and constraint.index:
            touched.lock(constraint.index, SUX)
        elif constraint is not None and constraint.kind is ConstraintKind.CHECK:
            inherited = not constraint.no_inherit and tree["relation"].get("inh")
            for found in structure.below(relation) if inherited else ():
                touched.lock(found, AX)
    elif kind == "OBJECT_TRIGGER" and relation.kind is Kind.PARTITIONED and touched.version > 14:
        for found in structure.with_below(relation):
            touched.lock(found, AX)
    else:
        touched.lock(relation, AX)


def set_schema(touched: Touched, tree: Tree) -> None:
    """ALTER ... SET SCHEMA; a table takes its sequences along."""
    kind = tree.get("objectType", "")
    if kind in RELATION_KINDS and "relation" in tree:
        relation = _named(touched, tree, RELATION_KINDS[kind])
        if relation is None:
            return
        touched.lock(relation, AX)
        for sequence in touched.structure.sequences_of(relation.name):
            touched.lock(sequence, AX)


def set_owner(touched: Touched, tree: Tree) -> None:
    """ALTER ... OWNER TO, of what is no relation."""
    if tree.get("objectType") == "OBJECT_TYPE":
        _lock_composite(touched, object_name(tree.get("object")))


def _lock_composite(touched: Touched, parts: tuple[str, ...]) -> None:
    if parts:
        found = touched.structure.relations.get(touched.structure.resolve(parts))
        if found is not None and found.kind is Kind.COMPOSITE:
            touched.lock(found, AX)


def comment(touched: Touched, tree: Tree) -> None:
    """COMMENT and SECURITY LABEL: on a relation a lock, on what hangs on it a weak one."""
    kind, parts = tree.get("objtype", ""), object_name(tree.get("object"))
    structure = touched.structure
    if kind in RELATION_KINDS:
        touched.lock(structure.find(parts, RELATION_KINDS[kind]), SUX)
    elif kind == "OBJECT_COLUMN" and len(parts) > 1:
        touched.lock(structure.find(parts[:-1]), SUX)
    elif (kind in ON_TABLE or kind == "OBJECT_TABCONSTRAINT") and len(parts) > 1:
        touched.lock(structure.find(parts[:-1]), READ)


def extension_member(touched: Touched, tree: Tree) -> None:
    """ALTER EXTENSION ... ADD and DROP, of a relation."""
    kind = tree.get("objtype", "")
    if kind in RELATION_KINDS:
        touched.lock(
            touched.structure.find(object_name(tree.get("object")), RELATION_KINDS[kind]), SUX
        )


def depends(touched: Touched, tree: Tree) -> None:
    """ALTER ... DEPENDS ON EXTENSION."""
    if "relation" not in tree:
        return
    kind = tree.get("objectType", "")
    relation = touched.structure.find(
        parts_of(tree["relation"]), RELATION_KINDS.get(kind, Kind.TABLE)
    )
    touched.lock(relation, READ if kind in ON_TABLE else AX)


def grant(touched: Touched, tree: Tree) -> None:
    """GRANT and REVOKE, which lock the relations they name since PostgreSQL 18."""
    if touched.version < 18 or tree.get("targtype") != "ACL_TARGET_OBJECT":
        return
    if tree.get("objtype") in ("OBJECT_TABLE", "OBJECT_SEQUENCE", "OBJECT_COLUMN"):
        for node in tree.get("objects", ()):
            touched.lock(touched.structure.find(parts_of(body(node, "RangeVar"))), READ)


# Types


def alter_domain(touched: Touched, tree: Tree) -> None:
    """ALTER DOMAIN reads every table that has the domain, where its values have to be looked at."""
    subtype = tree.get("subtype")
    constraint = body(tree.get("def"), "Constraint")
    if subtype == "C":
        looks = not constraint.get("skip_validation", False)
        domain = _domain(touched, words(tree.get("typeName")))
        already = constraint.get("contype") == "CONSTR_NOTNULL" and domain and domain.not_null
        looks = looks and not already
    elif subtype == "O":
        domain = _domain(touched, words(tree.get("typeName")))
        looks = domain is None or not domain.not_null
    else:
        looks = subtype == "V"
    if not looks:
        return
    parts = words(tree.get("typeName"))
    if _domain(touched, parts) is None:
        touched.unknown = not touched.structure.complete
    for name in [parts, *_domains_over(touched, parts)]:
        for relation in tables_with_type(touched.structure, name):
            if relation.kind not in (Kind.VIEW, Kind.PARTITIONED):
                touched.scan(relation, LockMode.SHARE)


def _domain(touched: Touched, parts: tuple[str, ...]) -> Domain | None:
    structure = touched.structure
    for schema in structure.path_for(parts):
        if (schema, parts[-1]) in structure.domains:
            return structure.domains[(schema, parts[-1])]
    return None


def _domains_over(touched: Touched, parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        name
        for name, domain in touched.structure.domains.items()
        if domain.base is not None and domain.base.name == parts[-1] and name[1] != parts[-1]
    ]


# What is no relation, and may not stand in a transaction


def always_alone(touched: Touched, tree: Tree) -> None:
    """CREATE DATABASE and its like."""
    touched.forbidden = True


def alter_database(touched: Touched, tree: Tree) -> None:
    """ALTER DATABASE, alone where it moves files."""
    touched.forbidden = "tablespace" in options(tree.get("options"))


def create_subscription(touched: Touched, tree: Tree) -> None:
    """CREATE SUBSCRIPTION, alone where it makes a slot."""
    found = options(tree.get("options"))
    connects = is_on(found, "connect") if "connect" in found else True
    touched.forbidden = is_on(found, "create_slot") if "create_slot" in found else connects


def alter_subscription(touched: Touched, tree: Tree) -> None:
    """ALTER SUBSCRIPTION, alone where it asks the publisher for its tables."""
    kind = tree.get("kind", "")
    found = options(tree.get("options"))
    if kind == "ALTER_SUBSCRIPTION_REFRESH":
        touched.forbidden = True
    elif kind.endswith("PUBLICATION"):
        touched.forbidden = is_on(found, "refresh") if "refresh" in found else True


def discard(touched: Touched, tree: Tree) -> None:
    """DISCARD ALL."""
    touched.forbidden = tree.get("target", "DISCARD_ALL") == "DISCARD_ALL"


def transaction(touched: Touched, tree: Tree) -> None:
    """COMMIT PREPARED and ROLLBACK PREPARED."""
    touched.forbidden = tree.get("kind") in (
        "TRANS_STMT_COMMIT_PREPARED",
        "TRANS_STMT_ROLLBACK_PREPARED",
    )


def move_all(touched: Touched, tree: Tree) -> None:
    """ALTER TABLE ALL IN TABLESPACE: which they are is in no Structure for certain."""
    touched.unknown = True
