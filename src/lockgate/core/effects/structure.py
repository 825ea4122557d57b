"""What exists when a statement runs: relations with all that decides what it locks and reads.

A Structure is changed in place, statement by statement. `catalog.py` fills one from a Catalog,
`applying.py` by the statements themselves.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from lockgate.core.effects.certainty import Certainty
from lockgate.core.effects.trees import Node
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_expression, quote_identifier

Name = tuple[str, str]
"""A schema and a name in it, unquoted."""


class Kind(StrEnum):
    """What a relation is."""

    TABLE = "table"
    PARTITIONED = "partitioned table"
    FOREIGN = "foreign table"
    VIEW = "view"
    MATERIALIZED = "materialized view"
    INDEX = "index"
    SEQUENCE = "sequence"
    COMPOSITE = "composite type"


TABLES = frozenset((Kind.TABLE, Kind.PARTITIONED, Kind.FOREIGN))
STORED = frozenset((Kind.TABLE, Kind.MATERIALIZED))


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as a column has it; `schema` is None for PostgreSQL's own and unknown ones.

    `modifiers` are the numbers and words in parentheses, None where there are none.
    """

    schema: str | None
    name: str
    modifiers: tuple[object, ...] | None = None
    array: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of its name."""
        return (self.schema, self.name) if self.schema else (self.name,)

    def __str__(self) -> str:
        """As people write it: `varchar(20)[]`."""
        name = _WRITTEN.get(self.name, self.name)
        # The first of an interval's says which fields it has.
        modifiers = (self.modifiers or ())[1 if name == "interval" else 0 :]
        listed = f"({','.join(map(str, modifiers))})" if modifiers else ""
        return f"{name}{listed}{'[]' if self.array else ''}"


_WRITTEN = {
    "bpchar": "char",
    "varbit": "bit varying",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
}


@dataclass(slots=True)
class Expression:
    """An expression, read when it is first asked for."""

    text: str | None = None
    node: Node = None

    @property
    def tree(self) -> Tree:
        """Its node; empty where a Catalog's text cannot be read."""
        if self.node is None:
            self.node = parse_expression(self.text or "") or {}
        return self.node  # type: ignore[no-any-return]


@dataclass(slots=True)
class Column:
    """A column. `generated` is `stored`, `virtual` or empty.

    `not_null_name` is that of a NOT NULL that was added by name. It is `local` where it was
    declared for its table, if only once more than for a parent.
    """

    name: str
    type: TypeName | None
    not_null: bool = False
    valid_not_null: bool = True
    default: Expression | None = None
    identity: bool = False
    generated: str = ""
    sequence: Name | None = None
    collation: tuple[str, ...] | None = None
    not_null_name: str | None = None
    local: bool = True


class ConstraintKind(StrEnum):
    """What a constraint holds rows to."""

    CHECK = "check"
    FOREIGN = "foreign key"
    PRIMARY = "primary key"
    UNIQUE = "unique"
    EXCLUDE = "exclude"
    NOT_NULL = "not null"


@dataclass(slots=True)
class Constraint:
    """A constraint of a table; `references` and what follows are those of a foreign key."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    valid: bool = True
    enforced: bool = True
    no_inherit: bool = False
    index: Name | None = None
    included: tuple[str, ...] = ()
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = "a"
    on_update: str = "a"

    def is_same_key(self, other: Constraint) -> bool:
        """Whether two foreign keys are one to PostgreSQL, as it compares them on ATTACH."""
        return self.references is not None and (
            (self.references, self.columns, self.on_delete, self.on_update, self.enforced)
            == (other.references, other.columns, other.on_delete, other.on_update, other.enforced)
        )


@dataclass(slots=True)
class Index:
    """What an index is over; `columns` has None for an expression, which is in `expressions`."""

    table: Name
    columns: tuple[str | None, ...]
    included: tuple[str, ...] = ()
    expressions: tuple[Expression, ...] = ()
    predicate: Expression | None = None
    ordered_by: tuple[tuple[str, ...], ...] = ()
    """Of each column the operator class and the collation that a text names, if it names one."""
    unique: bool = False
    valid: bool = True
    method: str = "btree"
    parent: Name | None = None
    clustered: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a trigger fires, in the parser's bits, the columns of its UPDATE OF and of its WHEN."""

    function: tuple[str, ...]
    events: int
    columns: frozenset[str] = frozenset()
    condition: frozenset[str] = frozenset()


@dataclass(slots=True)
class Relation:
    """A relation by its name, with what hangs on it by name.

    Of a view that asks for `*`, `stars` are the columns that this was when it was made.
    """

    name: Name
    kind: Kind
    known: bool = True
    columns: dict[str, Column] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    indexes: list[Name] = field(default_factory=list)
    parents: list[Name] = field(default_factory=list)
    children: list[Name] = field(default_factory=list)
    partition: bool = False
    bound: Node = None
    partitioned_by: Node = None
    index: Index | None = None
    owned_by: tuple[Name, str] | None = None
    uses: Node = None
    aliases: tuple[str, ...] = ()
    stars: dict[Name, frozenset[str]] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    trigger_functions: dict[str, str] = field(default_factory=dict)
    fires: dict[str, Trigger] = field(default_factory=dict)
    rule_events: dict[str, str] = field(default_factory=dict)
    silenced: set[str] = field(default_factory=set)  # triggers and rules that are disabled
    rules: dict[str, Node] = field(default_factory=dict)
    unmoved: set[str] = field(default_factory=set)  # rules that are DO INSTEAD NOTHING
    policies: dict[str, Node] = field(default_factory=dict)
    persistence: str = "p"
    tablespace: str | None = None
    toasted: bool = False  # for sure, whatever its columns are now
    of_type: Name | None = None

    def ignores(self, command: str) -> bool:
        """Whether a rule does nothing instead, as `CMD_DELETE` or `CMD_UPDATE` says of what."""
        return any(self.rule_events[name] == command for name in self.unmoved - self.silenced)

    @property
    def is_temporary(self) -> bool:
        """Whether it is of this session alone, where CONCURRENTLY changes nothing."""
        return self.name[0] == "pg_temp"

    @property
    def is_default_partition(self) -> bool:
        """Whether it takes the rows that no other partition takes."""
        return (
            self.partition and isinstance(self.bound, dict) and bool(self.bound.get("is_default"))
        )


@dataclass(slots=True)
class Routine:
    """A function or procedure; `volatility` is `v`, `s` or `i`, `statement` what made it."""

    volatility: str = "v"
    language: str = ""
    source: str | None = None
    arguments: int = 0
    statement: str | None = None


@dataclass(slots=True)
class Domain:
    """A domain and what it asks of its values."""

    base: TypeName | None
    not_null: bool = False
    checks: dict[str, bool] = field(default_factory=dict)
    default: Expression | None = None

    @property
    def constrained(self) -> bool:
        """Whether a value has to be looked at before it is one of the domain's."""
        return self.not_null or bool(self.checks)


@dataclass(slots=True)
class Structure:
    """Relations, types and functions by name, and how names without a schema are read.

    Of a `complete` one, what is not in it does not exist.
    """

    relations: dict[Name, Relation] = field(default_factory=dict)
    domains: dict[Name, Domain] = field(default_factory=dict)
    enums: dict[Name, list[str]] = field(default_factory=dict)
    ranges: set[Name] = field(default_factory=set)
    routines: dict[Name, list[Routine]] = field(default_factory=dict)
    statistics: dict[Name, Name] = field(default_factory=dict)
    publications: dict[str, list[Name]] = field(default_factory=dict)
    schemas: set[str] = field(default_factory=set)
    starred: list[Relation] = field(default_factory=list)  # views that ask for `*`
    referencing: dict[Name, set[Name]] = field(default_factory=dict)
    owned: dict[Name, set[Name]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ("public",)
    prepared: dict[str, Tree] = field(default_factory=dict)
    time_zone: str = ""
    complete: bool = False
    certainty: Certainty = field(default_factory=Certainty)

    @classmethod
    def empty(cls) -> Structure:
        """Nothing, as in a new database."""
        return cls()

    def copy(self) -> Structure:
        """Another one that can be changed without this one."""
        return copy.deepcopy(self)

    # Looking up

    def path_for(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Where a name is looked for: in the schema that it says, else along the path."""
        return (parts[-2],) if len(parts) > 1 else self.search_path

    def new_name(self, parts: tuple[str, ...]) -> Name:
        """The name of something that is made: first in the path, unless it says a schema."""
        return self.path_for(parts)[0], parts[-1]

    def resolve(self, parts: tuple[str, ...]) -> Name:
        """The name that `parts` mean: the relation that exists, else where it would be made."""
        if len(parts) > 1:
            return parts[-2], parts[-1]
        name = parts[-1] if parts else ""
        for schema in ("pg_temp", *self.search_path):
            if (schema, name) in self.relations:
                return schema, name
        if name.startswith("pg_") and self.relations.get(("public", name)) is None:
            return "pg_catalog", name
        return self.search_path[0] if self.search_path else "public", name

    def find(self, parts: tuple[str, ...], kind: Kind = Kind.TABLE) -> Relation:
        """The relation that `parts` mean; one of `kind` that nothing is known of where none is."""
        name = self.resolve(parts)
        found = self.relations.get(name)
        return found if found is not None else Relation(name, kind, known=False)

    def get(self, name: Name, kind: Kind = Kind.TABLE) -> Relation:
        """The relation of that name, or one of `kind` that nothing is known of."""
        found = self.relations.get(name)
        return found if found is not None else Relation(name, kind, known=False)

    def below(self, relation: Relation) -> Iterator[Relation]:
        """Its partitions or children and theirs, not itself; in order, each once."""
        seen = {relation.name}
        waiting = list(relation.children)
        while waiting:
            name = waiting.pop(0)
            if name not in seen:
                seen.add(name)
                child = self.get(name)
                yield child
                waiting.extend(child.children)

    def with_below(self, relation: Relation) -> Iterator[Relation]:
        """Itself, then its partitions or children and theirs."""
        yield relation
        if relation.children:
            yield from self.below(relation)

    def with_partitions(self, relation: Relation) -> Iterator[Relation]:
        """Itself, then its partitions and theirs; not what inherits from a table with rows."""
        yield relation
        if relation.kind is Kind.PARTITIONED:
            yield from self.below(relation)

    def default_partition(self, relation: Relation) -> Relation | None:
        """The default partition of a partitioned table, None where it has none."""
        for name in relation.children:
            child = self.get(name)
            if child.is_default_partition:
                return child
        return None

    def domain(self, type_name: TypeName | None) -> Domain | None:
        """The domain that a type is, None where it is none."""
        if type_name is None or type_name.array or not self.domains:
            return None
        for schema in self.path_for(type_name.parts):
            found = self.domains.get((schema, type_name.name))
            if found is not None:
                return found
        return None

    def is_constrained(self, type_name: TypeName | None) -> bool:
        """Whether a type is a domain whose values have to be looked at, or one over such a one."""
        found = self.domain(type_name)
        return found is not None and (found.constrained or self.is_constrained(found.base))

    def routine(self, parts: tuple[str, ...]) -> list[Routine]:
        """The functions of a name."""
        for schema in self.path_for(parts):
            found = self.routines.get((schema, parts[-1]))
            if found:
                return found
        return []

    def above(self, relation: Relation) -> Iterator[Relation]:
        """What it is a partition of, and so on up."""
        for name in relation.parents if relation.partition else ():
            parent = self.get(name)
            yield parent
            yield from self.above(parent)

    def is_inherited(self, relation: Relation, constraint: Constraint) -> bool:
        """Whether a partition has a foreign key only because its parent has it."""
        for parent in relation.parents if relation.partition else ():
            if any(constraint.is_same_key(key) for key in self.get(parent).constraints.values()):
                return True
        return False

    def foreign_keys_to(self, name: Name) -> Iterator[tuple[Relation, Constraint]]:
        """The foreign keys that reference `name`, each with its table."""
        for table in sorted(self.referencing.get(name, ())):
            relation = self.relations.get(table)
            for constraint in list(relation.constraints.values()) if relation else ():
                if constraint.references == name:
                    assert relation is not None
                    yield relation, constraint

    def keys_into(self, relation: Relation) -> Iterator[tuple[Relation, Constraint]]:
        """The foreign keys that lead to its rows, also by what it is a partition of.

        Of partitions that have one from above, only what they are partitions of.
        """
        for one in (relation, *self.above(relation)):
            for user, key in self.foreign_keys_to(one.name):
                if not self.is_inherited(user, key):
                    yield user, key

    def sequences_of(self, name: Name, column: str | None = None) -> Iterator[Relation]:
        """The sequences that a table, or a column of it, owns."""
        for sequence in sorted(self.owned.get(name, ())):
            relation = self.relations[sequence]
            owner = relation.owned_by
            if owner is not None and column in (None, owner[1]):
                yield relation

    def parts_of_index(self, name: Name) -> Iterator[Relation]:
        """The indexes of partitions that are parts of a partitioned table's index."""
        index = self.get(name).index
        if index is None or self.get(index.table).kind is not Kind.PARTITIONED:
            return
        for child in self.get(index.table).children:
            for part in self.get(child).indexes:
                own = self.get(part).index
                if own is not None and own.parent == name:
                    yield self.relations[part]

    # Changing

    def add(self, relation: Relation) -> None:
        """Puts a relation in."""
        self.relations[relation.name] = relation
        self.certainty.gone.discard(relation.name)
        if relation.owned_by is not None:
            self.own(relation, relation.owned_by)
        for constraint in relation.constraints.values():
            self.refer(relation.name, constraint)
        if relation.stars and not any(one is relation for one in self.starred):
            self.starred.append(relation)

    def own(self, sequence: Relation, owner: tuple[Name, str] | None) -> None:
        """Gives a sequence to a column, or to none."""
        if sequence.owned_by is not None:
            self.owned.get(sequence.owned_by[0], set()).discard(sequence.name)
        sequence.owned_by = owner
        if owner is not None:
            self.owned.setdefault(owner[0], set()).add(sequence.name)

    def refer(self, table: Name, constraint: Constraint) -> None:
        """Remembers the far side of a foreign key."""
        if constraint.references is not None:
            self.referencing.setdefault(constraint.references, set()).add(table)

    def remove(self, name: Name) -> None:
        """Takes a relation out, with its indexes, its sequences, and its place with others."""
        relation = self.relations.pop(name, None)
        if relation is None:
            return
        self.certainty.gone.add(name)
        for index in relation.indexes:
            self.relations.pop(index, None)
            self.certainty.gone.add(index)
        for sequence in list(self.sequences_of(name)):
            self.relations.pop(sequence.name, None)
            self.certainty.gone.add(sequence.name)
        for parent in relation.parents:
            above = self.relations.get(parent)
            if above is not None and name in above.children:
                above.children.remove(name)
        if relation.index is not None:
            table = self.relations.get(relation.index.table)
            if table is not None and name in table.indexes:
                table.indexes.remove(name)
        if relation.owned_by is not None:
            self.own(relation, None)
        self.owned.pop(name, None)
        for constraint in relation.constraints.values():
            if constraint.references is not None:
                self.referencing.get(constraint.references, set()).discard(name)

    def rename(self, old: Name, new: Name) -> None:
        """Gives a relation another name or schema, wherever it is named."""
        relation = self.relations.pop(old, None)
        if relation is None:
            return
        neighbours = self._neighbours(relation)
        owner = relation.owned_by
        if owner is not None:
            self.own(relation, None)
        relation.name = new
        self.relations[new] = relation
        self.certainty.gone.add(old)
        self.certainty.gone.discard(new)
        if owner is not None:
            self.own(relation, owner)
        for other in [relation, *neighbours]:
            other.parents = [new if name == old else name for name in other.parents]
            other.children = [new if name == old else name for name in other.children]
            other.indexes = [new if name == old else name for name in other.indexes]
            if other.index is not None and other.index.table == old:
                other.index.table = new
            if other.index is not None and other.index.parent == old:
                other.index.parent = new
            if other.owned_by is not None and other.owned_by[0] == old:
                self.own(other, (new, other.owned_by[1]))
            for constraint in other.constraints.values():
                if constraint.references == old:
                    constraint.references = new
                if constraint.index == old:
                    constraint.index = new
        if old in self.referencing:
            self.referencing[new] = self.referencing.pop(old)
        for constraint in relation.constraints.values():
            if constraint.references is not None:
                users = self.referencing.setdefault(constraint.references, set())
                users.discard(old)
                users.add(new)

    def _neighbours(self, relation: Relation) -> list[Relation]:
        """What names `relation`, which is still known by its old name elsewhere."""
        names = {*relation.parents, *relation.children, *relation.indexes}
        names.update(self.owned.get(relation.name, ()), self.referencing.get(relation.name, ()))
        if relation.index is not None:
            names.add(relation.index.table)
            if self.get(relation.index.table).kind is Kind.PARTITIONED:
                for child in self.get(relation.index.table).children:
                    names.update(self.get(child).indexes)
        return [self.relations[name] for name in sorted(names) if name in self.relations]


def spelled(name: Name) -> str:
    """A name as Catalogs and Effects have it: qualified, and quoted where it has to be."""
    return f"{quote_identifier(name[0])}.{quote_identifier(name[1])}"
