"""What a statement of the application reads and changes, from its text alone.

Names are followed as the server follows them: aliases, WITH, subqueries, the scopes that they make,
the columns that JOIN ... USING, ON CONFLICT and RETURNING name. What functions do is not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lockgate.core.parsed import ParsedStatement, Tree
from lockgate.core.sql.trees import parse_one, quote_identifier

ALL = "*"
"""Stands for every column."""

Columns = frozenset[str] | None
"""The names that something has; None where they are not known."""


class Names(Protocol):
    """What the names of a statement mean where it is sent."""

    def relation(self, name: str) -> str:
        """The relation that a text calls `name`, with its schema where that can be told."""
        ...

    def columns(self, relation: str) -> Columns:
        """The columns of a relation."""
        ...


class AsWritten:
    """Takes names as they are, and knows no columns."""

    def relation(self, name: str) -> str:
        """`name` itself."""
        return name

    def columns(self, relation: str) -> Columns:
        """None: they are not known."""
        return None


@dataclass(frozen=True, slots=True)
class Uses:
    """What a statement of the application reads and changes.

    A relation has a schema where the text gives one or the search path tells. `columns` holds each
    column with the relation that it is of, `*` where all are asked for; `written` those that an
    INSERT or UPDATE gives a value. `deletes` are the relations that rows are taken from.
    """

    relations: frozenset[str]
    changes: frozenset[str]
    columns: frozenset[tuple[str, str]]
    written: frozenset[tuple[str, str]] = frozenset()
    deletes: frozenset[str] = frozenset()

    def takes(self, column: str, relations: Collection[str]) -> bool:
        """Whether it may use `column` of a relation that goes by one of the names `relations`."""
        return any(of in relations and name in (column, ALL) for of, name in self.columns)

    def writes(self, columns: Collection[str], relations: Collection[str]) -> bool:
        """Whether it gives one of `columns` of such a relation a value."""
        return any(of in relations and name in (*columns, ALL) for of, name in self.written)


def uses_of(sql: str, names: Names | None = None) -> Uses | None:
    """What `sql` uses; None where it cannot be read, or neither reads nor changes rows."""
    parsed = parse_one(sql)
    found = _unwrapped(parsed)
    if found is None:
        return None
    reading = _Reading(names or AsWritten())
    kind, tree = found
    if kind in _UTILITIES:
        reading.utility(kind, tree)
    else:
        reading.statement(kind, tree, _Scope())
    return Uses(
        frozenset(reading.relations),
        frozenset(reading.changes),
        frozenset(reading.columns),
        frozenset(reading.written),
        frozenset(reading.deletes),
    )


_ROWS = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
_UTILITIES = ("CopyStmt", "TruncateStmt")
_AROUND = ("PrepareStmt", "DeclareCursorStmt", "CreateTableAsStmt")
"""What is kept with the query that it holds: PREPARE stands for each EXECUTE."""


def _unwrapped(parsed: ParsedStatement) -> tuple[str, Tree] | None:
    kind, tree = parsed.kind, parsed.tree
    while kind in _AROUND and "query" in tree:
        ((kind, tree),) = tree["query"].items()
    return (kind, tree) if kind in _ROWS or kind in _UTILITIES else None


@dataclass(frozen=True, slots=True)
class _Item:
    """One entry of a FROM: the tables behind it, or what a query gives under `outputs`."""

    tables: tuple[str, ...] = ()
    outputs: Columns = frozenset()


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean: the entries of a FROM by alias, and the scope around it."""

    items: dict[str, _Item] = field(default_factory=dict)
    queries: dict[str, Columns] = field(default_factory=dict)
    outer: _Scope | None = None

    def chain(self) -> Iterator[_Scope]:
        """This scope and those around it, the innermost first."""
        scope: _Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def inner(self) -> _Scope:
        """A scope within this one, where queries of WITH are known."""
        return _Scope({}, dict(self.queries), self)


class _Reading:
    """Walks a statement and notes what it uses."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.relations: set[str] = set()
        self.changes: set[str] = set()
        self.columns: set[tuple[str, str]] = set()
        self.written: set[tuple[str, str]] = set()
        self.deletes: set[str] = set()

    # -- statements ------------------------------------------------------------------------

    def utility(self, kind: str, tree: Tree) -> None:
        """COPY and TRUNCATE; what copies a query out reads that."""
        for relation in [tree["relation"]] if "relation" in tree else tree.get("relations", ()):
            name = self._named(relation.get("RangeVar", relation))
            if kind != "CopyStmt" or tree.get("is_from"):
                self.changes.add(name)
            if kind == "CopyStmt":
                listed = [part["String"]["sval"] for part in tree.get("attlist", ())]
                self.columns |= {(name, column) for column in listed or (ALL,)}
                if tree.get("is_from"):
                    self.written |= {(name, column) for column in listed or (ALL,)}
        for inner, query in tree.get("query", {}).items():
            self.statement(inner, query, _Scope())

    def statement(self, kind: str, tree: Tree, outer: _Scope) -> Columns:
        """Notes what a statement uses; answers the names of what it gives back."""
        scope = self._with(tree.get("withClause", {}), outer.inner())
        match kind:
            case "SelectStmt":
                return self._select(tree, scope)
            case "InsertStmt":
                self._insert(tree, scope)
            case _:
                self._change(kind, tree, scope)
        returning = tree.get("returningClause", {}).get("exprs", tree.get("returningList", ()))
        return self._targets(returning, scope)

    def _with(self, clause: Tree, scope: _Scope) -> _Scope:
        for entry in clause.get("ctes", ()):
            one = entry["CommonTableExpr"]
            within = scope.inner()
            if clause.get("recursive"):
                within.queries[one["ctename"]] = None
            ((kind, tree),) = one["ctequery"].items()
            given = self.statement(kind, tree, within)
            listed = [part["String"]["sval"] for part in one.get("aliascolnames", ())]
            scope.queries[one["ctename"]] = frozenset(listed) if listed else given
        return scope

    def _select(self, tree: Tree, scope: _Scope, *, star: bool = True) -> Columns:
        if "larg" in tree:
            given = self._select_part(tree["larg"], scope)
            self._select_part(tree["rarg"], scope)
            return given  # its ORDER BY names what it gives
        for item in tree.get("fromClause", ()):
            self._from(item, scope)
        targets = tree.get("targetList", ())
        given = self._targets(targets, scope, star=star)
        own = {t["ResTarget"]["name"] for t in targets if "name" in t["ResTarget"]}
        for key, value in tree.items():
            if key in ("targetList", "fromClause", "withClause"):
                continue
            if key == "sortClause":
                value = [one for one in value if _plain_name(one) not in own]
            self._walk(value, scope)
        return given

    def _select_part(self, tree: Tree, scope: _Scope) -> Columns:
        return self._select(tree, self._with(tree.get("withClause", {}), scope.inner()))

    def _insert(self, tree: Tree, scope: _Scope) -> None:
        target = self._target(tree["relation"], scope)
        cols = [one["ResTarget"]["name"] for one in tree.get("cols", ())]
        self.columns |= {(target, column) for column in cols or (ALL,)}
        self.written |= {(target, column) for column in cols or (ALL,)}
        if "selectStmt" in tree:
            # The query does not see the table that is inserted into.
            within = replace(scope, items={})
            self.statement("SelectStmt", tree["selectStmt"]["SelectStmt"], within)
        conflict = tree.get("onConflictClause", {})
        if conflict:
            scope.items["excluded"] = _Item((target,))
        self._set(conflict.get("targetList", ()), target)
        self._walk(conflict, scope)

    def _change(self, kind: str, tree: Tree, scope: _Scope) -> None:
        target = self._target(tree["relation"], scope)
        sources = [*tree.get("usingClause", ()), *tree.get("fromClause", ())]
        if kind == "MergeStmt":
            sources.append(tree["sourceRelation"])
        for item in sources:
            self._from(item, scope)
        self._set(tree.get("targetList", ()), target)
        for clause in tree.get("mergeWhenClauses", ()):
            when = clause["MergeWhenClause"]
            self._set(when.get("targetList", ()), target)
            if when["commandType"] == "CMD_INSERT" and not when.get("targetList"):
                self.columns.add((target, ALL))
                self.written.add((target, ALL))
            if when["commandType"] == "CMD_DELETE":
                self.deletes.add(target)
        if kind == "DeleteStmt":
            self.deletes.add(target)
        known = ("relation", "usingClause", "fromClause", "sourceRelation", "withClause")
        returning = ("returningClause", "returningList")
        self._walk([v for k, v in tree.items() if k not in (*known, *returning)], scope)

    def _set(self, targets: Iterable[Tree], table: str) -> None:
        named = {(table, t["ResTarget"]["name"]) for t in targets if "ResTarget" in t}
        self.columns |= named
        self.written |= named

    def _target(self, relation: Tree, scope: _Scope) -> str:
        name = self._named(relation)
        self.changes.add(name)
        scope.items[_alias(relation)] = _Item((name,))
        for row in ("old", "new"):  # in RETURNING, from PostgreSQL 18 on
            scope.items.setdefault(row, _Item((name,)))
        return name

    # -- FROM ------------------------------------------------------------------------------

    def _named(self, relation: Tree) -> str:
        name = self.names.relation(relation_name(relation))
        self.relations.add(name)
        return name

    def _from(self, item: Tree, scope: _Scope) -> list[str]:
        """Puts an entry of a FROM into `scope`; answers the aliases that it brought."""
        ((kind, tree),) = item.items()
        match kind:
            case "RangeVar":
                given = tree["relname"]
                if "schemaname" not in tree and given in scope.queries:
                    entry = _Item(outputs=scope.queries[given])
                else:
                    entry = _Item((self._named(tree),))
            case "RangeSubselect":
                ((inner, query),) = tree["subquery"].items()
                # Without LATERAL its neighbours are not seen; a name of theirs is no name then.
                entry = _Item(outputs=self.statement(inner, query, scope))
            case "JoinExpr":
                return self._join(tree, scope)
            case "RangeTableSample":
                return self._from(tree["relation"], scope)
            case _:
                self._walk(tree, scope)
                entry = _Item(outputs=None)
        alias = _alias(tree) if kind == "RangeVar" else tree.get("alias", {}).get("aliasname", "")
        if renamed := tree.get("alias", {}).get("colnames"):
            # t(a, b): the columns go by other names, so which are used is not followed.
            self.columns |= {(table, ALL) for table in entry.tables}
            entry = _Item(outputs=frozenset(name["String"]["sval"] for name in renamed))
        scope.items[alias] = entry
        return [alias]

    def _join(self, tree: Tree, scope: _Scope) -> list[str]:
        left, right = self._from(tree["larg"], scope), self._from(tree["rarg"], scope)
        both = [*left, *right]
        tables = [table for alias in both for table in scope.items[alias].tables]
        for part in tree.get("usingClause", ()):
            self._mark(part["String"]["sval"], tables)
        if tree.get("isNatural"):
            known = [self.names.columns(table) for table in tables]
            for mine, table in zip(known, tables, strict=True):
                others = [names for names in known if names is not mine]
                shared = {n for names in others for n in names or ()} & (mine or frozenset())
                unknown = mine is None or None in others
                self.columns |= {(table, name) for name in ([ALL] if unknown else shared)}
        self._walk(tree.get("quals"), scope)
        if alias := tree.get("alias", {}).get("aliasname"):
            scope.items[alias] = _Item(tuple(tables), None)
            both.append(alias)
        return both

    def _mark(self, name: str, tables: Iterable[str]) -> bool:
        """Notes `name` of those of `tables` that have it, or may; answers whether one has it."""
        found = False
        for table in tables:
            columns = self.names.columns(table)
            if columns is None or name in columns:
                self.columns.add((table, name))
                found |= columns is not None
        return found

    # -- expressions -----------------------------------------------------------------------

    def _targets(self, targets: Iterable[Tree], scope: _Scope, *, star: bool = True) -> Columns:
        """Notes the columns of a list of results; answers their names."""
        names: set[str] = set()
        whole = True
        for one in targets:
            target = one["ResTarget"]
            fields = target.get("val", {}).get("ColumnRef", {}).get("fields", ())
            if fields and "A_Star" in fields[-1]:
                whole = False
                if star:
                    self._star(fields, scope)
                continue
            self._walk(target.get("val"), scope)
            last = fields[-1]["String"]["sval"] if fields else None
            name = target.get("name", last)
            names |= {name} if name else set()
            whole &= name is not None
        return frozenset(names) if whole else None

    def _star(self, fields: list[Tree], scope: _Scope) -> None:
        if len(fields) > 1:
            self._column([f["String"]["sval"] for f in fields[:-1]] + [ALL], scope)
        else:
            tables = [table for item in scope.items.values() for table in item.tables]
            self.columns |= {(table, ALL) for table in tables}

    def _walk(self, node: Any, scope: _Scope) -> None:  # Any: a tree, a list of them, or a value
        if isinstance(node, list):
            for one in node:
                self._walk(one, scope)
            return
        if not isinstance(node, dict):
            return
        if "ColumnRef" in node:
            fields = node["ColumnRef"].get("fields", ())
            self._column([f["String"]["sval"] if "String" in f else ALL for f in fields], scope)
            return
        if "SubLink" in node:
            link = node["SubLink"]
            self._walk(link.get("testexpr"), scope)
            query = link["subselect"]["SelectStmt"]
            exists = link.get("subLinkType") == "EXISTS_SUBLINK"
            within = self._with(query.get("withClause", {}), scope.inner())
            self._select(query, within, star=not exists)
            return
        if "IndexElem" in node and "name" in node["IndexElem"]:  # of ON CONFLICT
            self._column([node["IndexElem"]["name"]], scope)
        for key, value in node.items():
            if key in _ROWS:
                self.statement(key, value, scope)
            else:
                self._walk(value, scope)

    def _column(self, names: list[str], scope: _Scope) -> None:
        """Notes a column by the names that the text gives, from its relation to its own."""
        name = names[-1]
        if len(names) == 1:
            self._bare_column(name, scope)
            return
        for around in scope.chain():
            item = around.items.get(names[-2])
            if item is None:
                continue
            if name == ALL:
                self.columns |= {(table, ALL) for table in item.tables}
            else:
                self._mark(name, item.tables)
            return
        # A column of a composite type, or of a relation that cannot be told.
        self.columns |= {(relation, part) for relation in self.relations for part in names[-2:]}

    def _bare_column(self, name: str, scope: _Scope) -> None:
        for around in scope.chain():
            items = around.items.values()
            tables = [table for item in items for table in item.tables]
            if self._mark(name, tables) or any(name in (item.outputs or ()) for item in items):
                return
            if (item := around.items.get(name)) is not None:  # the whole row
                self.columns |= {(table, ALL) for table in item.tables}
                return


def relation_name(relation: Tree) -> str:
    """A relation as the text names it, each part quoted where it has to be."""
    parts = (relation.get("schemaname"), relation["relname"])
    return ".".join(quote_identifier(part) for part in parts if part)


def _alias(relation: Tree) -> str:
    alias: str = relation.get("alias", {}).get("aliasname") or relation["relname"]
    return alias


def _plain_name(node: Tree) -> str | None:
    """The name that an entry of ORDER BY consists of."""
    node = node.get("SortBy", {}).get("node", node)
    fields = node.get("ColumnRef", {}).get("fields", ())
    return fields[0].get("String", {}).get("sval") if len(fields) == 1 else None
