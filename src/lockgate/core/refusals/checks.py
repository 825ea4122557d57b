"""Which checks a statement has to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import TABLES, Kind, Structure
from lockgate.core.effects.trees import Node, body
from lockgate.core.parsed import Tree
from lockgate.core.refusals import (
    brought,
    columns,
    constraints,
    making,
    naming,
    partitions,
    routines,
    rows,
    types,
    views,
)
from lockgate.core.refusals.columns import Altered
from lockgate.core.refusals.refusal import Refusal, known

Check = Callable[[Structure, Tree, int], Iterator[Refusal]]
Plain = Callable[[Structure, Tree], Iterator[Refusal]]


def _all(*checks: Plain) -> tuple[Check, ...]:
    return tuple(_whatever(check) for check in checks)


def _whatever(check: Plain) -> Check:
    return lambda structure, tree, _: check(structure, tree)


def _actions(structure: Structure, tree: Tree, version: int) -> Iterator[Refusal]:
    """Each action of an ALTER TABLE, with what the others of the statement do."""
    table = known(structure, parts_of(tree.get("relation") or {}))
    if table is None or table.kind not in (*TABLES, Kind.COMPOSITE):
        return
    commands = [body(node, "AlterTableCmd") for node in tree.get("cmds", ())]
    if (tree.get("objtype") == "OBJECT_TYPE") is not (table.kind is Kind.COMPOSITE):
        return  # said of the whole
    added = [body(c.get("def"), "ColumnDef").get("colname", "") for c in commands if _adds(c)]
    named = [str(c["name"]) for c in commands if c.get("name")]
    own = [body(c.get("def"), "Constraint").get("conname") for c in commands]
    asked = Altered(
        structure,
        version,
        table,
        only=not tree.get("relation", {}).get("inh", False),
        added=frozenset(added),
        dropped=frozenset(c["name"] for c in commands if _is(c, "AT_DropColumn")),
        freed=frozenset(name for name in named if named.count(name) > 1),
        constraints_dropped=frozenset(c["name"] for c in commands if _is(c, "AT_DropConstraint")),
        constraints_added=frozenset(name for name in own if name),
        adds_key=any(_is_key(node) for c in commands for node in (c.get("def"), *_spelled_in(c))),
    )
    for twice in sorted({name for name in added if added.count(name) > 1}):
        yield asked.refuses(f"column {twice} is added twice", "leave one out")
    for command in commands:
        for actions in (columns.ACTIONS, constraints.ACTIONS, types.ACTIONS, partitions.ACTIONS):
            action = actions.get(command.get("subtype", ""))
            if action is not None:
                yield from action(asked, command)


def _is(command: Tree, subtype: str) -> bool:
    return command.get("subtype") == subtype


def _spelled_in(command: Tree) -> list[Tree]:
    """The constraints that stand in the definition of a column."""
    return list(body(command.get("def"), "ColumnDef").get("constraints", ()))


def _is_key(node: Node) -> bool:
    return body(node, "Constraint").get("contype") in ("CONSTR_PRIMARY", "CONSTR_UNIQUE")


def _adds(command: Tree) -> bool:
    return _is(command, "AT_AddColumn")


CHECKS: dict[str, tuple[Check, ...]] = {
    "AlterTableStmt": (*_all(naming.altered, brought.lacking), _actions),
    "DropStmt": _all(naming.dropped, routines.dropped),
    "RenameStmt": _all(naming.renamed, making.renamed, columns.renamed, constraints.renamed),
    "AlterObjectSchemaStmt": _all(naming.renamed, making.renamed),
    "CreateStmt": _all(making.table, constraints.made, partitions.made, brought.lacking),
    "CreateForeignTableStmt": _all(making.table),
    "CreateTableAsStmt": _all(making.table_as, naming.queried),
    "CreateSeqStmt": _all(making.sequence, naming.owned, columns.owned),
    "AlterSeqStmt": _all(naming.sequence_altered, columns.owned),
    "IndexStmt": (
        *_all(
            naming.indexed, making.index, columns.indexed, constraints.index_made, brought.lacking
        ),
        types.indexed,
    ),
    "ViewStmt": _all(making.view, naming.queried, views.replaced),
    "CompositeTypeStmt": _all(making.composite),
    "CreateEnumStmt": _all(making.enum_made),
    "CreateDomainStmt": _all(making.type_made),
    "CreateSchemaStmt": _all(making.schema),
    "AlterEnumStmt": _all(making.label),
    "AlterDomainStmt": _all(types.domain_altered),
    "CreateFunctionStmt": _all(routines.made),
    "CreateTrigStmt": _all(naming.triggered, making.trigger, columns.triggered),
    "CreatePolicyStmt": _all(naming.named_by("table", kinds=TABLES), making.policy),
    "AlterPolicyStmt": _all(naming.policy_altered),
    "RuleStmt": _all(naming.named_by("relation"), making.rule),
    "CreateStatsStmt": _all(naming.named_by("relations"), making.statistics, columns.counted),
    "CreatePublicationStmt": _all(naming.named_by("pubobjects"), making.publication),
    "AlterPublicationStmt": _all(naming.named_by("pubobjects")),
    "TruncateStmt": _all(naming.named_by("relations", kinds=TABLES), rows.truncated),
    "LockStmt": _all(naming.named_by("relations")),
    "VacuumStmt": _all(naming.named_by("rels")),
    "ReindexStmt": _all(naming.reindexed),
    "ClusterStmt": _all(naming.named_by("relation"), constraints.clustered_by),
    "RefreshMatViewStmt": _all(
        naming.named_by("relation", what="materialized view", kinds=(Kind.MATERIALIZED,))
    ),
    "CommentStmt": _all(naming.commented, columns.commented, constraints.commented),
    "GrantStmt": _all(naming.granted, columns.granted),
    "CopyStmt": _all(naming.named_by("relation"), columns.copied),
    "SelectStmt": _all(naming.queried),
    "InsertStmt": _all(naming.written, rows.inserted),
    "UpdateStmt": _all(naming.written, rows.updated),
    "DeleteStmt": _all(naming.written, rows.deleted),
    "MergeStmt": _all(naming.written),
}
