"""Effects of statements on rows, SELECT to COPY, and of statements that hold such a one."""

from __future__ import annotations

from lockgate.core.effect import LockMode
from lockgate.core.effects.bounds import partition_keys, partition_of, partitions_left
from lockgate.core.effects.expressions import sequence_of, split_name, without_casts
from lockgate.core.effects.reading import parts_of
from lockgate.core.effects.structure import Constraint, Kind, Relation, Structure
from lockgate.core.effects.touched import Touched
from lockgate.core.effects.trees import (
    Node,
    body,
    is_null,
    is_on,
    literal,
    nodes,
    only,
    options,
    words,
)
from lockgate.core.parsed import Tree

READ, READ_ROWS, WRITE = LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.ROW_EXCLUSIVE

Names = frozenset[str]
_NO_NAMES: Names = frozenset()

STATEMENTS = frozenset(("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"))


def query(
    touched: Touched, kind: str, tree: Tree, known: Names = _NO_NAMES, *, planned: bool = True
) -> None:
    """What a query locks; `known` are names of WITH from outside.

    A query that is not planned, such as that of a new view, locks only what it names.
    """
    for node in tree.get("withClause", {}).get("ctes", ()):
        known |= {body(node, "CommonTableExpr").get("ctename", "")}
    for node in tree.get("withClause", {}).get("ctes", ()):
        query(touched, *only(body(node, "CommonTableExpr").get("ctequery")), known, planned=planned)
    match kind:
        case "SelectStmt":
            _select(touched, tree, known, planned)
        case "InsertStmt":
            _insert(touched, tree, known, planned)
        case "UpdateStmt" | "DeleteStmt" | "MergeStmt":
            _change(touched, kind, tree, known, planned)
        case _:
            pass


# Reading


def _select(touched: Touched, tree: Tree, known: Names, planned: bool) -> None:
    for side in ("larg", "rarg"):
        if side in tree:
            query(touched, "SelectStmt", tree[side], known, planned=planned)
    locking = [body(node, "LockingClause") for node in tree.get("lockingClause", ())]
    for node in tree.get("fromClause", ()):
        _from(touched, node, known, planned, locking, tree)
    _expressions(touched, _own_parts(tree), known, planned)


def _own_parts(tree: Tree) -> list[Node]:
    left_out = ("fromClause", "withClause", "larg", "rarg", "intoClause", "lockingClause")
    return [value for key, value in tree.items() if key not in left_out]


def _from(
    touched: Touched, node: Tree, known: Names, planned: bool, locking: list[Tree], select: Tree
) -> None:
    kind, found = only(node)
    match kind:
        case "RangeVar":
            mode = READ_ROWS if _is_locked(found, locking) else READ
            _read(touched, found, known, planned, mode, select)
        case "JoinExpr":
            for side in ("larg", "rarg"):
                _from(touched, found.get(side, {}), known, planned, locking, select)
            _expressions(touched, found.get("quals"), known, planned)
        case "RangeSubselect":
            query(touched, *only(found.get("subquery")), known, planned=planned)
        case "RangeTableSample":
            _from(touched, found.get("relation", {}), known, planned, locking, select)
        case _:
            _expressions(touched, found, known, planned)


def _is_locked(range_var: Tree, locking: list[Tree]) -> bool:
    alias = range_var.get("alias", {}).get("aliasname") or range_var.get("relname")
    for clause in locking:
        named = [body(node, "RangeVar").get("relname") for node in clause.get("lockedRels", ())]
        if not named or alias in named:
            return True
    return False


def _read(
    touched: Touched, found: Tree, known: Names, planned: bool, mode: LockMode, select: Tree
) -> None:
    if "schemaname" not in found and found.get("relname") in known:
        return
    relation = touched.structure.find(parts_of(found))
    if not planned:
        touched.lock(relation, mode)
        return
    lock_rows(touched, relation, mode, recurses=found.get("inh", False), where=select)


def lock_rows(
    touched: Touched,
    relation: Relation,
    mode: LockMode,
    *,
    recurses: bool = True,
    where: Tree | None = None,
) -> None:
    """What the planner locks of a table that a query reads or changes: children and indexes too."""
    if relation.kind in (Kind.VIEW,):
        touched.lock(relation, mode)
        _view_sources(touched, relation, mode)
        return
    touched.lock(relation, mode)
    if relation.kind is Kind.PARTITIONED:
        # The indexes of a partitioned table are looked at since PostgreSQL 16.
        if touched.version >= 16 or not recurses:
            touched.lock_indexes(relation, mode)
        for above in touched.structure.above(relation):
            touched.lock(above, READ)
        if recurses:
            condition = (where or {}).get("whereClause")
            left = partitions_left(touched.structure, relation, condition)
            for child in map(touched.structure.get, relation.children) if left is None else left:
                new = child.name not in touched.relations
                lock_rows(touched, child, mode, where=where)
                if new and left is None:  # only values tell whether it is looked at
                    for below in touched.structure.with_below(child):
                        for name in (below.name, *below.indexes):
                            touched.doubt(name)
        return
    touched.lock_indexes(relation, mode)
    if recurses:
        for name in relation.children:
            lock_rows(touched, touched.structure.get(name), mode, where=where)


def _view_sources(touched: Touched, view: Relation, mode: LockMode) -> None:
    kind, tree = only(view.uses)
    if not kind:
        return
    if mode is WRITE:  # a view that can be written to stands over one table
        for node in tree.get("fromClause", ()):
            range_var = body(node, "RangeVar")
            if range_var:
                lock_rows(touched, touched.structure.find(parts_of(range_var)), mode)
        return
    if mode is READ_ROWS:
        tree = tree | {"lockingClause": [{"LockingClause": {}}]}
    query(touched, kind, tree)


def _expressions(touched: Touched, node: Node, known: Names, planned: bool) -> None:
    """The subqueries in expressions, and the sequences that their functions name."""
    stack = [node]
    while stack:
        found = stack.pop()
        if type(found) is list:
            stack.extend(found)
        elif type(found) is dict:
            if "SelectStmt" in found:
                query(touched, "SelectStmt", found["SelectStmt"], known, planned=planned)
                continue
            if "FuncCall" in found and planned:
                function_call(touched, found["FuncCall"])
            stack.extend(found.values())


SEQUENCE_FUNCTIONS = frozenset(("nextval", "setval", "currval", "pg_sequence_last_value"))


def function_call(touched: Touched, call: Tree) -> None:
    """The sequence that a call of nextval and its like locks."""
    name = words(call.get("funcname"))
    if name[-1:] and name[-1] in SEQUENCE_FUNCTIONS and call.get("args"):
        sequence = _sequence(touched, call["args"][0])
        if sequence is not None:
            touched.lock(sequence, WRITE)


def _sequence(touched: Touched, node: Tree) -> Relation | None:
    parts = sequence_of(touched.structure, node)
    if parts is not None:
        return touched.structure.find(parts, Kind.SEQUENCE)
    call = body(without_casts(node), "FuncCall")
    if words(call.get("funcname"))[-1:] != ("pg_get_serial_sequence",):
        return None
    arguments = [literal(without_casts(argument)) for argument in call.get("args", ())]
    if len(arguments) != 2 or not all(isinstance(a, str) for a in arguments):
        return None
    table = touched.structure.find(split_name(str(arguments[0])))
    owned = touched.structure.sequences_of(table.name, str(arguments[1]))
    return next(owned, None)


# Changing


def _insert(touched: Touched, tree: Tree, known: Names, planned: bool) -> None:
    table = touched.structure.find(parts_of(tree.get("relation", {})))
    touched.lock(table, WRITE)
    source = tree.get("selectStmt")
    if source:
        query(touched, *only(source), known, planned=planned)
    _expressions(touched, tree.get("returningClause"), known, planned)
    _expressions(touched, tree.get("onConflictClause"), known, planned)
    if not planned:
        return
    if table.kind is Kind.VIEW:
        table = _base_table(touched, table)
        touched.lock(table, WRITE)
    for above in touched.structure.above(table):
        touched.lock(above, READ)
    if "infer" in tree.get("onConflictClause", {}):
        touched.lock_indexes(table, WRITE)
    if not touched.runs:
        return
    _into_partitions(touched, table, tree)
    given = {body(node, "ResTarget").get("name") for node in tree.get("cols", ())}
    if not given and source:
        given = set(list(table.columns)[: _width(source)])
    for column in table.columns.values():
        if column.name in given:
            continue
        for sequence in touched.structure.sequences_of(table.name, column.name):
            touched.lock(sequence, WRITE)
        if column.default is not None and not column.generated:
            _expressions(touched, column.default.tree, known, planned)
    for constraint in table.constraints.values():
        if constraint.references is None or not constraint.enforced:
            continue
        nulls = given and not given.intersection(constraint.columns)
        if not nulls and not _is_given_null(tree, source, table, constraint):
            _look_up(touched, constraint)


def _into_partitions(touched: Touched, table: Relation, tree: Tree) -> None:
    """The partitions that rows go to: those that constants name, perhaps all where none do."""
    if table.kind is not Kind.PARTITIONED:
        return
    select = only(tree.get("selectStmt"))[1]
    lists = select.get("valuesLists") or [_as_row(select)]
    named = [str(body(node, "ResTarget").get("name")) for node in tree.get("cols", ())]
    for row in lists:
        values = body(row, "List").get("items", ())
        given = dict(zip(named or table.columns, values, strict=False))
        found: Relation | None = table
        while found is not None and found.kind is Kind.PARTITIONED:
            found = partition_of(touched.structure, found, given)
            if found is not None:
                touched.lock(found, WRITE)
                continue
            for relation in touched.structure.below(table):
                touched.lock(relation, WRITE)
                touched.doubt(relation.name)


def _as_row(select: Tree) -> Node:
    values = [body(node, "ResTarget").get("val", {}) for node in select.get("targetList", ())]
    return {"List": {"items": values}}


def _base_table(touched: Touched, relation: Relation) -> Relation:
    """The table under a view that can be written to."""
    while relation.kind is Kind.VIEW:
        sources = only(relation.uses)[1].get("fromClause", ())
        range_var = body(sources[0], "RangeVar") if sources else {}
        if not range_var:
            return relation
        relation = touched.structure.find(parts_of(range_var))
    return relation


def _width(source: Tree) -> int:
    _, select = only(source)
    values = select.get("valuesLists")
    if values:
        return len(body(values[0], "List").get("items", ()))
    targets = select.get("targetList", ())
    if any(kind == "A_Star" for kind, _ in nodes(targets)):
        return 10_000
    return len(targets)


def _look_up(touched: Touched, constraint: Constraint) -> None:
    """What the check of a foreign key locks on the far side, for a row that has a key."""
    if constraint.references is not None and constraint.enforced:
        far = touched.structure.get(constraint.references)
        touched.lock(far, READ_ROWS)
        if far.kind is not Kind.PARTITIONED:
            touched.lock_indexes(far, READ_ROWS)


def _is_given_null(
    tree: Tree, source: Tree | None, table: Relation, constraint: Constraint
) -> bool:
    """Whether an INSERT ... VALUES gives NULL for a column of a foreign key in every row."""
    lists = only(source)[1].get("valuesLists", ()) if source else ()
    named = [body(node, "ResTarget").get("name") for node in tree.get("cols", ())]
    columns = named or list(table.columns)
    places = [columns.index(column) for column in constraint.columns if column in columns]
    rows = [body(node, "List").get("items", ()) for node in lists]
    return bool(rows) and all(
        any(place < len(row) and is_null(row[place]) for place in places) for row in rows
    )


def _change(touched: Touched, kind: str, tree: Tree, known: Names, planned: bool) -> None:
    found = tree.get("relation", {})
    table = touched.structure.find(parts_of(found))
    if not planned or (kind == "MergeStmt" and table.kind is Kind.VIEW):
        touched.lock(table, WRITE)
    else:
        lock_rows(touched, table, WRITE, recurses=found.get("inh", False), where=tree)
    sources = [*tree.get("fromClause", ()), *tree.get("usingClause", ())]
    if "sourceRelation" in tree:
        sources.append(tree["sourceRelation"])
    for node in sources:
        _from(touched, node, known, planned, [], tree)
    left_out = ("fromClause", "usingClause", "sourceRelation", "relation", "withClause")
    rest = [value for key, value in tree.items() if key not in left_out]
    _expressions(touched, rest, known, planned)
    if not planned or not touched.runs:
        return
    table = _base_table(touched, table)
    changed = {
        found.get("name")
        for node in tree.get("targetList", ())
        if not is_null((found := body(node, "ResTarget")).get("val"))
    }
    if changed.intersection(partition_keys(table)):
        for partition in touched.structure.below(table):
            if partition.name not in touched.relations:
                # Rows may move there.
                touched.lock(partition, WRITE)
                touched.doubt(partition.name)
    for constraint in table.constraints.values():
        if changed.intersection(constraint.columns):
            _look_up(touched, constraint)
    for user, foreign_key in list(touched.structure.foreign_keys_to(table.name)):
        if not foreign_key.enforced or user.partition:
            continue
        if kind == "DeleteStmt":
            action = foreign_key.on_delete
        elif changed.intersection(foreign_key.referenced_columns):
            action = foreign_key.on_update
        else:
            continue
        # What references the row is looked for, and with CASCADE and SET changed.
        lock_rows(touched, user, WRITE if action in ("c", "n", "d") else READ_ROWS)
        for partition in touched.structure.below(user):
            touched.doubt(partition.name)  # by the key's value it may be passed over


def copy(touched: Touched, tree: Tree) -> None:
    """COPY."""
    if "query" in tree:
        query(touched, *only(tree["query"]))
        return
    if tree.get("is_from"):
        query(touched, "InsertStmt", as_insert(touched.structure, tree))
        return
    touched.lock(touched.structure.find(parts_of(tree.get("relation", {}))), READ)


def as_insert(structure: Structure, copied: Tree) -> Tree:
    """The INSERT that a COPY FROM comes to; without a list it gives every column a value."""
    table = structure.find(parts_of(copied.get("relation", {})))
    names = words(copied.get("attlist")) or tuple(table.columns)
    columns = [{"ResTarget": {"name": name}} for name in names]
    return {"relation": copied.get("relation", {}), "cols": columns}


def explain(touched: Touched, tree: Tree) -> None:
    """EXPLAIN plans the query, and runs it with ANALYZE."""
    kind, found = only(tree.get("query"))
    analyzes = is_on(options(tree.get("options")), "analyze")
    if kind in STATEMENTS:
        touched.runs = analyzes
        query(touched, kind, found)
    elif analyzes or kind == "CreateTableAsStmt":
        query(touched, *only(found.get("query")))


def cursor(touched: Touched, tree: Tree) -> None:
    """DECLARE."""
    query(touched, *only(tree.get("query")))


def prepare(touched: Touched, tree: Tree) -> None:
    """PREPARE reads names; EXECUTE plans."""
    query(touched, *only(tree.get("query")), planned=False)


def execute(touched: Touched, tree: Tree) -> None:
    """EXECUTE of what a PREPARE before it named."""
    kind, found = only(touched.structure.prepared.get(tree.get("name", "")))
    if kind:
        query(touched, kind, found)
    else:
        touched.unknown = True


def create_as(touched: Touched, tree: Tree) -> None:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW; the new table is nobody else's yet."""
    kind, found = only(tree.get("query"))
    if kind == "ExecuteStmt":
        execute(touched, found)
        return
    exists = touched.structure.resolve(parts_of(tree.get("into", {}).get("rel", {})))
    with_rows = exists not in touched.structure.relations and not tree.get("into", {}).get(
        "skipData", False
    )
    query(touched, kind, found, planned=with_rows)
