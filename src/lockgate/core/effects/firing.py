"""Effects of the triggers and rules that a change of rows sets off elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effects import procedures, rows
from lockgate.core.effects.procedures import Predict
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Relation
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import body, nodes, only
from lockgate.core.parsed import Tree

INSERT, DELETE, UPDATE = 4, 8, 16
"""The bits of a trigger's events, as the parser has them."""

_BITS = {"InsertStmt": INSERT, "DeleteStmt": DELETE, "UpdateStmt": UPDATE}
_COMMANDS = {"CMD_INSERT": INSERT, "CMD_DELETE": DELETE, "CMD_UPDATE": UPDATE}


def fire(touched: Touched, kind: str, tree: Tree, predict: Predict) -> None:
    """What follows on a statement's changes: each once, whether a condition lets it or not.

    A function in another language than SQL and PL/pgSQL may do anything. Rules are not for COPY.
    """
    copies = kind == "CopyStmt" and tree.get("is_from", False)
    if copies:
        kind = "InsertStmt"
    changes = [(kind, tree), *nodes([tree.get("withClause", [])])]
    for changing, found in changes:
        events = _events(changing, found)
        if not events:
            continue
        table = touched.structure.find(parts_of(found.get("relation", {})))
        for function in _functions(table, events, _columns(found)):
            procedures.run(touched, function, predict)
        for action in () if copies else _actions(table, events):
            rows.query(touched, *only(action), frozenset(("old", "new")))


def _events(kind: str, tree: Tree) -> int:
    if kind == "MergeStmt":
        clauses = [body(node, "MergeWhenClause") for node in tree.get("mergeWhenClauses", ())]
        commands = {clause.get("commandType") for clause in clauses}
        return sum(bit for command, bit in _COMMANDS.items() if command in commands)
    updates = tree.get("onConflictClause", {}).get("action") == "ONCONFLICT_UPDATE"
    return _BITS.get(kind, 0) | (UPDATE if updates else 0)


def _columns(tree: Tree) -> set[str]:
    merged = [body(node, "MergeWhenClause") for node in tree.get("mergeWhenClauses", ())]
    lists = [
        found.get("targetList", ()) for found in (tree, tree.get("onConflictClause", {}), *merged)
    ]
    return {str(body(node, "ResTarget").get("name")) for targets in lists for node in targets}


def _functions(table: Relation, events: int, columns: set[str]) -> Iterator[tuple[str, ...]]:
    for name, trigger in table.fires.items():
        met = trigger.events & events
        if met == UPDATE and trigger.columns and trigger.columns.isdisjoint(columns):
            continue
        if met and name not in table.silenced:
            yield trigger.function


def _actions(table: Relation, events: int) -> Iterator[Tree]:
    for name, actions in table.rules.items():
        if (
            _COMMANDS.get(table.rule_events.get(name, ""), 0) & events
            and name not in table.silenced
        ):
            yield from actions if isinstance(actions, list) else ()
