"""Which reader knows the effects of which statement."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.effect import StatementEffects
from lockgate.core.effects import (
    alter_table,
    create,
    drop,
    firing,
    index,
    maintenance,
    objects,
    procedures,
    rows,
)
from lockgate.core.effects.loops import whole_table_loops
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Structure
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import is_on, nodes, only, options
from lockgate.core.parsed import ParsedStatement, Tree

Reader = Callable[[Touched, Tree], None]


def predict(parsed: ParsedStatement, structure: Structure, version: int) -> StatementEffects:
    """What `parsed` does where `structure` is, on a PostgreSQL of major `version`.

    A statement that cannot be read, or that runs code which cannot, has one Effect of evidence
    UNKNOWN on the relation `?`, beside those that are known.
    """
    touched = Touched(structure, version)
    if parsed.problem is not None:
        touched.unknown = True
    else:
        try:
            _add(touched, parsed.kind, parsed.tree, parsed.sql)
        except RecursionError:  # as deep as a program may write it, and nobody does
            touched.unknown = True
    return touched.answer()


def nested_statements(
    parsed: ParsedStatement, structure: Structure, version: int
) -> tuple[ParsedStatement, ...]:
    """The statements that `parsed` runs: of a block, of what it calls, after EXPLAIN and in WITH.

    Each once, as far as they are known; those of a branch too, whether it is taken or not.
    """
    found: list[ParsedStatement] = []

    def keep(touched: Touched, kind: str, tree: Tree, sql: str) -> None:
        if not any(one.kind == kind and one.tree == tree for one in found):
            found.append(ParsedStatement(sql, kind, tree))
            follow(touched, kind, tree, sql)

    def follow(touched: Touched, kind: str, tree: Tree, sql: str) -> None:
        if kind == "DoStmt":
            procedures.do(touched, tree, sql, keep)
            for changing, whole in whole_table_loops(sql):
                keep(touched, changing, whole, sql)
        elif kind == "CallStmt":
            procedures.call(touched, tree, keep)
        elif kind == "SelectStmt":
            procedures.calls_in(touched, tree, keep)
        elif kind == "ExplainStmt" and is_on(options(tree.get("options")), "analyze"):
            keep(touched, *only(tree.get("query", {})), sql)
        for writing, inner in nodes([tree.get("withClause", [])]):
            if writing in ("DeleteStmt", "UpdateStmt"):
                keep(touched, writing, inner, sql)

    follow(Touched(structure, version), parsed.kind, parsed.tree, parsed.sql)
    return tuple(found)


def _add(touched: Touched, kind: str, tree: Tree, sql: str) -> None:
    reader = READERS.get(kind)
    if reader is not None:
        reader(touched, tree)
        if kind == "CopyStmt":
            firing.fire(touched, kind, tree, _add)
    elif kind == "DoStmt":
        procedures.do(touched, tree, sql, _add)
    elif kind == "CreateFunctionStmt":
        procedures.create(touched, tree)
    elif kind == "CallStmt":
        procedures.call(touched, tree, _add)
    elif kind in rows.STATEMENTS:
        if "intoClause" in tree and _exists(touched, tree["intoClause"]):
            return
        rows.query(touched, kind, tree)
        firing.fire(touched, kind, tree, _add)
        if kind == "SelectStmt":
            procedures.calls_in(touched, tree, _add)
    elif kind not in HARMLESS:
        touched.unknown = True


def _exists(touched: Touched, into: Tree) -> bool:
    return touched.structure.resolve(parts_of(into.get("rel", {}))) in touched.structure.relations


READERS: dict[str, Reader] = {
    "AlterTableStmt": alter_table.alter_table,
    "AlterTableMoveAllStmt": objects.move_all,
    "IndexStmt": index.create,
    "ReindexStmt": index.reindex,
    "DropStmt": drop.drop,
    "DropOwnedStmt": drop.owned,
    "ReassignOwnedStmt": drop.owned,
    "AlterExtensionContentsStmt": objects.extension_member,
    "CreateStmt": create.table,
    "CreateForeignTableStmt": lambda touched, tree: create.table(touched, tree.get("base", tree)),
    "CreateTableAsStmt": rows.create_as,
    "ViewStmt": create.view,
    "CreateSeqStmt": create.sequence,
    "AlterSeqStmt": create.alter_sequence,
    "CreateStatsStmt": create.statistics,
    "CreateSchemaStmt": create.schema,
    "CreateTrigStmt": create.trigger,
    "RuleStmt": create.rule,
    "CreatePolicyStmt": create.policy,
    "AlterPolicyStmt": create.policy,
    "CreatePublicationStmt": create.publication,
    "AlterPublicationStmt": create.publication,
    "RenameStmt": objects.rename,
    "AlterObjectSchemaStmt": objects.set_schema,
    "AlterOwnerStmt": objects.set_owner,
    "AlterObjectDependsStmt": objects.depends,
    "CommentStmt": objects.comment,
    "SecLabelStmt": objects.comment,
    "GrantStmt": objects.grant,
    "AlterDomainStmt": objects.alter_domain,
    "AlterDatabaseStmt": objects.alter_database,
    "CreateSubscriptionStmt": objects.create_subscription,
    "AlterSubscriptionStmt": objects.alter_subscription,
    "DiscardStmt": objects.discard,
    "TransactionStmt": objects.transaction,
    "VacuumStmt": maintenance.vacuum,
    "ClusterStmt": maintenance.cluster,
    "RefreshMatViewStmt": maintenance.refresh,
    "TruncateStmt": maintenance.truncate,
    "LockStmt": maintenance.lock,
    "CopyStmt": rows.copy,
    "ExplainStmt": rows.explain,
    "DeclareCursorStmt": rows.cursor,
    "PrepareStmt": rows.prepare,
    "ExecuteStmt": rows.execute,
    **dict.fromkeys(
        (
            "CreatedbStmt",
            "DropdbStmt",
            "CreateTableSpaceStmt",
            "DropTableSpaceStmt",
            "AlterSystemStmt",
            "DropSubscriptionStmt",
        ),
        objects.always_alone,
    ),
}

HARMLESS = frozenset(
    (
        "AlterCollationStmt",
        "AlterDatabaseRefreshCollStmt",
        "AlterDatabaseSetStmt",
        "AlterDefaultPrivilegesStmt",
        "AlterEnumStmt",
        "AlterEventTrigStmt",
        "AlterExtensionStmt",
        "AlterFdwStmt",
        "AlterForeignServerStmt",
        "AlterFunctionStmt",
        "AlterOpFamilyStmt",
        "AlterOperatorStmt",
        "AlterRoleSetStmt",
        "AlterRoleStmt",
        "AlterStatsStmt",
        "AlterTSConfigurationStmt",
        "AlterTSDictionaryStmt",
        "AlterTableSpaceOptionsStmt",
        "AlterTypeStmt",
        "AlterUserMappingStmt",
        "CheckPointStmt",
        "ClosePortalStmt",
        "CompositeTypeStmt",
        "ConstraintsSetStmt",
        "CreateAmStmt",
        "CreateCastStmt",
        "CreateConversionStmt",
        "CreateDomainStmt",
        "CreateEnumStmt",
        "CreateEventTrigStmt",
        "CreateExtensionStmt",
        "CreateFdwStmt",
        "CreateForeignServerStmt",
        "CreateOpClassStmt",
        "CreateOpFamilyStmt",
        "CreatePLangStmt",
        "CreateRangeStmt",
        "CreateRoleStmt",
        "CreateTransformStmt",
        "CreateUserMappingStmt",
        "DeallocateStmt",
        "DefineStmt",
        "DropRoleStmt",
        "DropUserMappingStmt",
        "FetchStmt",
        "GrantRoleStmt",
        "ImportForeignSchemaStmt",
        "ListenStmt",
        "LoadStmt",
        "NotifyStmt",
        "UnlistenStmt",
        "VariableSetStmt",
        "VariableShowStmt",
    )
)
"""Statements that lock no relation, for they are about other things."""
