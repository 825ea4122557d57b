"""Relations that a statement names and that are not there, or are of another kind."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from lockgate.core.effects.expressions import sequence_of
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import TABLES, Kind, Structure
from lockgate.core.effects.trees import Node, body, nodes, object_name, only, options, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import Refusal, Why, is_absent, known, missing, shown

_PLAIN = (Kind.TABLE, Kind.PARTITIONED)
OF_OBJECT: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "OBJECT_TABLE": ("table", _PLAIN),
    "OBJECT_VIEW": ("view", (Kind.VIEW,)),
    "OBJECT_MATVIEW": ("materialized view", (Kind.MATERIALIZED,)),
    "OBJECT_INDEX": ("index", (Kind.INDEX,)),
    "OBJECT_SEQUENCE": ("sequence", (Kind.SEQUENCE,)),
    "OBJECT_FOREIGN_TABLE": ("foreign table", (Kind.FOREIGN,)),
}
_ANY = tuple(Kind)
_ROWS = (*TABLES, Kind.VIEW, Kind.MATERIALIZED, Kind.SEQUENCE)


def there(
    structure: Structure,
    parts: tuple[str, ...],
    what: str = "table",
    kinds: Container[Kind] = _ANY,
    *,
    missing_ok: bool = False,
) -> Iterator[Refusal]:
    """That the relation of that name is not there, or is of none of `kinds`."""
    if is_absent(structure, parts):
        if not missing_ok:
            among = [n for _, n in structure.relations]
            yield missing(f"{what} {shown(structure.resolve(parts))}", parts[-1], among=among)
        return
    found = known(structure, parts)
    if found is not None and found.kind not in kinds:
        yield wrong_kind(found.name, found.kind, what)


def wrong_kind(name: tuple[str, str], kind: Kind, what: str) -> Refusal:
    """That something is what the statement is not for."""
    article = "an" if kind.value[0] in "aeiou" else "a"
    return Refusal(
        Why.KIND,
        f"{shown(name)} is {article} {kind.value} and no {what}",
        "write the statement for what it is",
        (name[1],),
    )


def dropped(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """DROP of relations, and of triggers and rules of one."""
    kind, spared = tree.get("removeType", ""), tree.get("missing_ok", False)
    for node in tree.get("objects", ()):
        parts = object_name(node)
        if kind in OF_OBJECT:
            what, kinds = OF_OBJECT[kind]
            yield from there(structure, parts, what, kinds, missing_ok=spared)
        elif kind in ("OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"):
            yield from there(structure, parts[:-1], "table", missing_ok=spared)
            if not spared:
                yield from hanging(structure, parts[:-1], kind, parts[-1])
        elif kind == "OBJECT_STATISTIC_EXT" and not spared and structure.complete:
            name = structure.resolve(parts)
            if not any(n == name[1] for _, n in structure.statistics):
                yield missing(f"statistics object {shown(name)}", parts[-1])


def hanging(
    structure: Structure, parts: tuple[str, ...], kind: str, name: str
) -> Iterator[Refusal]:
    """That a table has no trigger, rule or policy of that name."""
    found = known(structure, parts)
    if found is None or found.partition or found.kind is Kind.FOREIGN:
        return
    what = kind.removeprefix("OBJECT_").lower()
    if name not in {"trigger": found.triggers, "rule": found.rules}.get(what, found.policies):
        yield missing(f"{what} {name} of {shown(found.name)}", parts[-1], name)


_TABLE_ONLY = frozenset(
    (
        "AT_AddColumn",
        "AT_DropColumn",
        "AT_AlterColumnType",
        "AT_SetNotNull",
        "AT_DropNotNull",
        "AT_AddConstraint",
        "AT_DropConstraint",
        "AT_ValidateConstraint",
        "AT_AddIdentity",
        "AT_DropIdentity",
        "AT_EnableRowSecurity",
        "AT_DisableRowSecurity",
        "AT_ForceRowSecurity",
        "AT_DropExpression",
    )
)
"""What no view, index or sequence has."""


def altered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER TABLE, VIEW, INDEX and the like."""
    parts, objtype = parts_of(tree.get("relation") or {}), tree.get("objtype", "")
    spared = tree.get("missing_ok", False)
    what: str
    kinds: Container[Kind]
    what, kinds = OF_OBJECT.get(objtype, ("table", _ANY))
    if objtype == "OBJECT_TYPE":
        what, kinds = "composite type", (Kind.COMPOSITE,)
    elif objtype in ("OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"):
        actions = {body(node, "AlterTableCmd").get("subtype") for node in tree.get("cmds", ())}
        kinds = TABLES if actions & _TABLE_ONLY else tuple(k for k in Kind if k != Kind.COMPOSITE)
    if objtype == "OBJECT_TYPE" and not known(structure, parts):
        return
    yield from there(structure, parts, what, kinds, missing_ok=spared)
    for node in tree.get("cmds", ()):
        command = body(node, "AlterTableCmd")
        subtype = command.get("subtype")
        if subtype in ("AT_AttachPartition", "AT_DetachPartition"):
            other = parts_of(body(command.get("def"), "PartitionCmd").get("name") or {})
            if objtype == "OBJECT_TABLE":
                yield from there(structure, other)
        elif subtype in ("AT_AddInherit", "AT_DropInherit"):
            yield from there(structure, parts_of(body(command.get("def"), "RangeVar")))
        elif subtype in _ON_TRIGGERS and not spared:
            yield from hanging(structure, parts, "OBJECT_TRIGGER", command.get("name", ""))


_ON_TRIGGERS = ("AT_EnableTrig", "AT_DisableTrig", "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig")


def renamed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER ... RENAME and SET SCHEMA of relations and of what hangs on them."""
    kind = tree.get("renameType") or tree.get("objectType", "")
    parts = parts_of(tree.get("relation") or {})
    if "relation" not in tree or kind == "OBJECT_ATTRIBUTE":
        return
    what, kinds = OF_OBJECT.get(kind, ("table", _ANY))
    if kind == "OBJECT_TABLE":
        kinds = tuple(k for k in Kind if k is not Kind.COMPOSITE)
    elif kind == "OBJECT_INDEX" and "renameType" in tree:
        kinds = _ANY  # ALTER INDEX ... RENAME takes any relation
    yield from there(structure, parts, what, kinds, missing_ok=tree.get("missing_ok", False))
    if kind in ("OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"):
        yield from hanging(structure, parts, kind, tree.get("subname", ""))


def indexed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE INDEX on what is no table or materialized view."""
    kinds = (Kind.TABLE, Kind.PARTITIONED, Kind.MATERIALIZED)
    yield from there(structure, parts_of(tree.get("relation") or {}), "table", kinds)


_BEFORE, _INSTEAD = 2, 64


def triggered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE TRIGGER on what takes none of its kind."""
    parts = parts_of(tree.get("relation") or {})
    timing, row = tree.get("timing", 0), tree.get("row", False)
    kinds: tuple[Kind, ...] = (*TABLES, Kind.VIEW)
    if timing & _INSTEAD:
        kinds = (Kind.VIEW,)
    elif row:
        kinds = tuple(TABLES)
    yield from there(structure, parts, "view" if timing & _INSTEAD else "table", kinds)
    if tree.get("isconstraint") and "constrrel" in tree:
        yield from there(structure, parts_of(tree["constrrel"]))


Check = Callable[[Structure, Tree], Iterator[Refusal]]


def named_by(*fields: str, what: str = "table", kinds: Container[Kind] = _ANY) -> Check:
    """A check of the relations that stand in those fields of a statement."""

    def check(structure: Structure, tree: Tree) -> Iterator[Refusal]:
        for field in fields:
            for parts in _parts_in(tree.get(field)):
                yield from there(structure, parts, what, kinds)

    return check


def _parts_in(node: Node) -> Iterator[tuple[str, ...]]:
    """The names of a RangeVar, bare or not, or of a list of them."""
    if isinstance(node, list):
        for one in node:
            yield from _parts_in(one)
    elif isinstance(node, dict):
        if "relname" in node:
            yield parts_of(node)
            return
        kind, found = only(node)
        if kind == "RangeVar":
            yield parts_of(found)
        elif kind in ("VacuumRelation", "PublicationObjSpec", "PublicationTable"):
            for field in ("relation", "pubtable"):
                inner = found.get(field)
                yield from _parts_in(inner)
                if isinstance(inner, dict) and "relation" in inner:
                    yield from _parts_in(inner["relation"])


def policy_altered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER POLICY."""
    parts = parts_of(tree.get("table") or {})
    yield from there(structure, parts, "table", TABLES)
    yield from hanging(structure, parts, "OBJECT_POLICY", tree.get("policy_name", ""))


def reindexed(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """REINDEX TABLE and INDEX."""
    parts = parts_of(tree.get("relation") or {})
    if not parts:
        return
    if tree.get("kind") == "REINDEX_OBJECT_INDEX":
        yield from there(structure, parts, "index", (Kind.INDEX,))
    elif tree.get("kind") == "REINDEX_OBJECT_TABLE":
        yield from there(structure, parts, "table", (*_PLAIN, Kind.MATERIALIZED))


def granted(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """GRANT on tables and sequences by name."""
    if tree.get("targtype") != "ACL_TARGET_OBJECT":
        return
    kinds: Container[Kind] = _ROWS
    what = "table"
    if tree.get("objtype") == "OBJECT_SEQUENCE":
        what, kinds = "sequence", (Kind.SEQUENCE,)
    elif tree.get("objtype") != "OBJECT_TABLE":
        return
    for parts in _parts_in(tree.get("objects")):
        yield from there(structure, parts, what, kinds)


def commented(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """COMMENT on relations, columns and constraints."""
    parts, kind = object_name(tree.get("object")), tree.get("objtype", "")
    if kind in OF_OBJECT:
        yield from there(structure, parts, *OF_OBJECT[kind])
    elif kind in ("OBJECT_COLUMN", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER") and len(parts) > 1:
        yield from there(structure, parts[:-1])
        if kind == "OBJECT_TRIGGER":
            yield from hanging(structure, parts[:-1], kind, parts[-1])


def owned(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER SEQUENCE and CREATE SEQUENCE, with OWNED BY."""
    parts = object_name(options(tree.get("options")).get("owned_by"))
    if len(parts) > 1:
        yield from there(structure, parts[:-1])


def sequence_altered(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """ALTER SEQUENCE."""
    parts = parts_of(tree.get("sequence") or {})
    spared = tree.get("missing_ok", False)
    yield from there(structure, parts, "sequence", (Kind.SEQUENCE,), missing_ok=spared)
    yield from owned(structure, tree)


_OF_SEQUENCES = {("nextval",), ("setval",), ("currval",)}


def queried(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """The tables that a query reads, wherever in the statement."""
    if not (structure.complete or structure.certainty.gone):
        return
    named = set()
    for kind, found in nodes(tree):
        if kind == "CommonTableExpr":
            named.add(found.get("ctename"))
        elif kind == "FuncCall" and words(found.get("funcname"))[-1:] in _OF_SEQUENCES:
            parts = sequence_of(structure, (found.get("args") or [None])[0])
            if parts is not None:
                yield from there(structure, parts, "sequence", (Kind.SEQUENCE,))
    for parts in _sources(tree):
        if len(parts) > 1 or parts[0] not in named:
            yield from there(structure, parts, "table", _ROWS)


def _sources(node: Node) -> Iterator[tuple[str, ...]]:
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, list):
            stack.extend(found)
        elif isinstance(found, dict):
            if "LockingClause" in found:  # names what the FROM calls its tables
                continue
            if "RangeVar" in found:
                yield parts_of(found["RangeVar"])
            else:
                stack.extend(found.values())


def written(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """INSERT, UPDATE, DELETE and MERGE: what they write to, and what they read."""
    yield from there(structure, parts_of(tree.get("relation") or {}), "table", (*TABLES, Kind.VIEW))
    yield from queried(structure, {k: v for k, v in tree.items() if k != "relation"})
