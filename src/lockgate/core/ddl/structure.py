"""A Catalog taken apart into the units that statements make, with what each of them needs.

Most units are objects of the Catalog. Some are a property that has to be made later or dropped
sooner than its object: the default of a column, whom a sequence belongs to, a partition's place
under its parent. What a unit needs is read from PostgreSQL's own spelling of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lockgate.core.catalog import COLUMN_ORDER, Catalog, CatalogObject
from lockgate.core.ddl.text import Mentions, mentions, split_list, split_name, split_signature

Key = tuple[str, str]
"""Kind and name of a unit."""

TABLES = ("table", "foreign table")
VIEWS = ("view", "materialized view")
RELATIONS = (*TABLES, *VIEWS)
TYPES = ("enum", "domain", "type")
ROUTINES = ("function", "procedure", "aggregate")

COLUMN_DEFAULT = "column default"
VIEW_COLUMN = "view column"
SEQUENCE_OWNER = "sequence owner"
REPLICA_IDENTITY = "replica identity"
PARTITION = "partition"
INHERITANCE = "inheritance"
ATTACHMENT = "attachment"
CLUSTERING = "clustering"
SHELL = "shell"
EXTENSION_DEPENDENCY = "extension dependency"

IDENTITY_SEQUENCE = re.compile(r" sequence (.*?) start -?\d", re.DOTALL)
INDEX = "index "
"""What stands before the index in a replica identity."""

OF_RELATION = frozenset(
    ["column", VIEW_COLUMN, COLUMN_DEFAULT, "constraint", "trigger", "rule", "policy"]
)
"""Kinds whose name is that of a relation and a dot and their own."""
OF_TYPE = frozenset(["attribute", "domain constraint"])
OF_TABLE = frozenset([REPLICA_IDENTITY, PARTITION, INHERITANCE, CLUSTERING])
"""Kinds whose name is that of their table."""
BY_OWN_NAME = frozenset(
    [
        *RELATIONS,
        *TYPES,
        "sequence",
        "index",
        "collation",
        "text search parser",
        "text search template",
        "text search dictionary",
        "text search configuration",
    ]
)
NOT_SCANNED = frozenset(
    ["labels", "storage parameters", "toast parameters", "options", "foreign options", "library"]
)
"""Properties that name no object."""
WHOLE_TEXT = frozenset(["index", "statistics", "constraint", "trigger", "policy", "rule", "column"])
"""Kinds whose text may name columns of their own table without its name."""


@dataclass(slots=True)
class Unit:
    """What one statement makes or drops."""

    kind: str
    name: str
    definition: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Its kind and its name."""
        return self.kind, self.name

    def get(self, name: str) -> str | None:
        """A property, None where it has none of that name."""
        return self.properties.get(name)

    @property
    def table(self) -> str:
        """The name of the relation that it is part of."""
        if self.kind in ("index", "statistics", ATTACHMENT):
            return self.properties["table"]
        if self.kind in OF_TABLE:
            return self.name
        return ".".join(split_name(self.name)[:2])

    @property
    def name_parts(self) -> tuple[str, ...]:
        """Its name, taken apart at the dots."""
        return split_name(self.name)

    @property
    def own_name(self) -> str:
        """The last part of its name."""
        return self.name_parts[-1]

    @property
    def is_foreign_key(self) -> bool:
        """Whether it is a constraint of that kind."""
        return self.kind == "constraint" and self.definition.startswith("FOREIGN KEY")

    @property
    def base(self) -> str:
        """Its name without the types, or the access method, behind it."""
        if self.kind in ROUTINES:
            return split_signature(self.name)[0]
        if self.kind == "operator":
            return self.name[: self.name.rindex("(")]
        return self.name.partition(" USING ")[0]


@dataclass(frozen=True, eq=False)
class Structure:
    """The units of one Catalog."""

    catalog: Catalog
    apart: set[Key] = field(default_factory=set)
    """Units that are made by a statement of their own, for the sake of others."""

    @cached_property
    def major(self) -> int:
        """The major of the server, 18 where the Catalog does not say."""
        digits = re.match(r"\d+", self.catalog.server)
        return int(digits[0]) if digits else 18

    @cached_property
    def units(self) -> dict[Key, Unit]:
        """Every unit of structure."""
        return {
            unit.key: unit
            for found in self.catalog.objects
            if not found.cosmetic
            for unit in _units(found)
        }

    def origins(self) -> Iterator[tuple[tuple[str, str, str], Key]]:
        """For each property that has a unit of its own, which one that is."""
        for found in self.catalog.objects:
            for prop, unit in _parts(found):
                yield (found.kind, found.name, prop), unit.key

    @cached_property
    def columns(self) -> dict[str, list[Unit]]:
        """The columns of each table, in the table's order where it is known."""
        found: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            if unit.kind == "column":
                found[unit.table].append(unit)
        for one in self.catalog.objects:
            if one.kind == COLUMN_ORDER and one.name in found:
                order = {name: n for n, name in enumerate(split_list(one.definition))}
                found[one.name].sort(key=lambda unit: order.get(unit.own_name, len(order)))
        return found

    @cached_property
    def _columns_by_name(self) -> dict[str, dict[str, Key]]:
        return {
            table: {column.own_name: column.key for column in columns}
            for table, columns in self.columns.items()
        }

    @cached_property
    def held(self) -> dict[str, list[Unit]]:
        """The constraints and indexes of each table."""
        found: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            if unit.kind in ("constraint", "index"):
                found[unit.table].append(unit)
        return found

    @cached_property
    def heirs(self) -> dict[str, list[str]]:
        """The partitions and heirs of each table."""
        found: dict[str, list[str]] = defaultdict(list)
        for unit in self.units.values():
            if unit.kind in (PARTITION, INHERITANCE):
                for parent in self.parents(unit.name):
                    found[parent].append(unit.name)
        return found

    def parents(self, table: str) -> list[str]:
        """The tables that `table` is a partition or an heir of."""
        for kind in (PARTITION, INHERITANCE):
            unit = self.units.get((kind, table))
            if unit is not None:
                return split_list(unit.properties["parents"])
        return []

    def dependent(self, unit: Unit) -> Iterator[Key]:
        """The unit that depends on an extension, by what says so: an index, or its constraint."""
        key = dependent_object(unit)
        if key in self.units:
            yield key
        elif key[0] == "index":
            yield from self.named.get(key[1], ())

    def relation(self, name: str) -> Unit | None:
        """The table or view of that name."""
        for kind in RELATIONS:
            unit = self.units.get((kind, name))
            if unit is not None:
                return unit
        return None

    @cached_property
    def named(self) -> dict[str, list[Key]]:
        """What a name in a text may mean."""
        found: dict[str, list[Key]] = defaultdict(list)
        for unit in self.units.values():
            if unit.kind in BY_OWN_NAME:
                found[unit.name].append(unit.key)
                if multirange := unit.get("multirange"):
                    found[multirange].append(unit.key)
            elif unit.kind == "column":
                if identity := unit.get("identity"):
                    sequence = IDENTITY_SEQUENCE.search(identity)
                    if sequence is not None:
                        found[sequence[1]].append(unit.key)
            elif unit.kind in ROUTINES or unit.kind.startswith("operator"):
                found[unit.base].append(unit.key)
            elif unit.kind == "constraint" and not unit.definition.startswith(("C", "F")):
                schema, _, name = split_name(unit.name)
                found[f"{schema}.{name}"].append(unit.key)
        return found

    @cached_property
    def unique_keys(self) -> dict[str, list[tuple[frozenset[str], Key]]]:
        """What a foreign key of another table may lead to: for each table, columns and unit."""
        found: dict[str, list[tuple[frozenset[str], Key]]] = defaultdict(list)
        for unit in self.units.values():
            if unit.kind == "constraint" and unit.definition.startswith(("PRIMARY KEY", "UNIQUE")):
                text = unit.definition
            elif unit.kind == "index" and unit.get("unique") and not unit.get("predicate"):
                text = unit.properties["columns"]
            else:
                continue
            columns = re.search(r"\((.*?)\)", text, re.DOTALL)
            members = split_list(columns[1]) if columns else []
            found[unit.table].append((frozenset(members), unit.key))
        return found

    def dependents(self, key: Key) -> list[Key]:
        """The units that need this one."""
        return self._dependents.get(key, [])

    @cached_property
    def _dependents(self) -> Mapping[Key, list[Key]]:
        found: dict[Key, list[Key]] = defaultdict(list)
        for unit in self.units.values():
            for key in self.needs(unit):
                found[key].append(unit.key)
        return found

    def needs(self, unit: Unit) -> frozenset[Key]:
        """The units without which this one cannot be."""
        known = self._needs.get(unit.key)
        if known is None:
            found = set(self._direct(unit))
            found.update(self._mentioned(unit))
            found.discard(unit.key)
            known = self._needs[unit.key] = frozenset(key for key in found if key in self.units)
        return known

    @cached_property
    def _needs(self) -> dict[Key, frozenset[Key]]:
        return {}

    def _direct(self, unit: Unit) -> Iterator[Key]:
        """What the unit's name and kind say that it needs."""
        kind, parts = unit.kind, split_name(unit.name)
        if kind in OF_RELATION or kind in OF_TABLE or kind in ("index", "statistics"):
            relation = self.relation(unit.table)
            if relation is not None:
                yield relation.key
        elif kind == "type":
            yield SHELL, unit.name
        elif kind in OF_TYPE:
            yield "type" if kind == "attribute" else "domain", ".".join(parts[:2])
        elif kind == SEQUENCE_OWNER:
            yield "sequence", unit.name
            yield "column", unit.definition
        elif kind == ATTACHMENT:
            yield PARTITION, unit.table
            yield from self.named.get(unit.name, ())
        elif kind == EXTENSION_DEPENDENCY:
            yield from self.dependent(unit)
            yield from (("extension", name) for name in split_list(unit.definition))
        elif kind == "publication table" or kind == "publication schema":
            yield "publication", split_list(unit.name, ": ")[0]
        if kind == COLUMN_DEFAULT:
            yield "column", unit.name
        elif kind == "trigger":
            for parent in self.parents(unit.table):
                yield "trigger", f"{parent}.{unit.own_name}"
                yield PARTITION, unit.table
        elif kind == "column" and unit.get("inherited") != "and declared":
            for parent in self.parents(unit.table):
                yield "column", f"{parent}.{parts[2]}"
        elif kind == CLUSTERING or (kind == REPLICA_IDENTITY and INDEX in unit.definition):
            yield from self.named.get(f"{parts[0]}.{unit.definition.removeprefix(INDEX)}", ())
        yield "schema", parts[0]
        for prop, needed in BY_PROPERTY.items():
            value = unit.get(prop)
            if value is not None:
                yield needed, value

    def _mentioned(self, unit: Unit) -> Iterator[Key]:
        """What the unit's text names."""
        text = _scanned(unit)
        if not text:
            return
        found = mentions(text)
        relations = set()
        for name in found.names:
            for key in self.named.get(name, ()):
                yield self._shell_of(unit, key)
                if key[0] in TABLES:
                    relations.add(name)
        if unit.kind in WHOLE_TEXT:
            relations.add(unit.table)
        for name in relations:
            yield from self._columns_in(found, name)
        if unit.is_foreign_key:
            yield from self._referenced(unit)
        elif "GROUP BY" in text:
            for name in relations:
                yield from (key for _, key in self.unique_keys.get(name, ()) if self._primary(key))

    def _shell_of(self, unit: Unit, key: Key) -> Key:
        """The shell of a type, where `unit` is one of the functions that make it more than that."""
        shell = (SHELL, key[1])
        if key[0] != "type" or unit.kind not in ("function", SHELL) or shell not in self.units:
            return key
        text = self.units[key].properties.values()
        return shell if unit.base in text else key

    def _primary(self, key: Key) -> bool:
        return self.units[key].definition.startswith("PRIMARY KEY")

    def _columns_in(self, found: Mentions, table: str) -> Iterator[Key]:
        columns = self._columns_by_name.get(table, {})
        named = columns.keys() if table in found.renamed else columns.keys() & found.words
        yield from (columns[name] for name in named)

    def _referenced(self, unit: Unit) -> Iterator[Key]:
        match = re.search(r" REFERENCES (.*?)\((.*?)\)", unit.definition, re.DOTALL)
        if match is not None:
            keys = self.unique_keys.get(match[1], [])
            columns = frozenset(split_list(match[2]))
            exact = [key for members, key in keys if members == columns]
            yield from exact or (key for _, key in keys)


def dependent_object(unit: Unit) -> Key:
    """Kind and name of what an extension dependency is about: both are in its name."""
    kinds = (*ROUTINES, "index", "materialized view", "trigger")
    kind = next(kind for kind in kinds if unit.name.startswith(f"{kind} "))
    return kind, unit.name[len(kind) + 1 :]


BY_PROPERTY = {
    "language": "language",
    "access method": "access method",
    "method": "access method",
    "wrapper": "foreign-data wrapper",
    "server": "server",
}
"""Properties that name an object without a schema, and its kind."""


def _scanned(unit: Unit) -> str:
    """The part of a unit's text that may name others."""
    texts = [value for name, value in unit.properties.items() if name not in NOT_SCANNED]
    opaque = unit.kind in ("function", "procedure") and not unit.get("body parsed")
    if not opaque:
        texts.append(unit.definition)
    if unit.kind in ROUTINES or unit.kind in ("operator", "cast", "transform", "publication table"):
        texts.append(unit.name)
    return "\n".join(text for text in texts if "." in text or unit.kind in WHOLE_TEXT)


def _units(found: CatalogObject) -> Iterator[Unit]:
    """The object without the properties that are units of their own, and those."""
    properties = dict(found.properties)
    for prop, unit in _parts(found):
        properties.pop(prop, None)
        yield unit
    if found.kind in TABLES:
        properties.pop("bounds", None)
        if found.kind == "foreign table":  # it has none of its own to set
            properties.pop("replica identity", None)
    if found.kind == "type":
        form = properties.get("form")
        if form in ("shell", "base") or "canonical" in properties:
            yield Unit(SHELL, found.name)
        if form == "shell":
            return
    if found.kind == "column" and "type" not in properties:
        yield Unit(VIEW_COLUMN, found.name, found.definition, properties)
        return
    yield Unit(found.kind, found.name, found.definition, properties)


def _parts(found: CatalogObject) -> Iterator[tuple[str, Unit]]:
    """The properties of an object that are units of their own."""
    if found.kind not in ("column", "sequence", "index", "constraint", *TABLES):
        return
    properties = dict(found.properties)
    name = found.name
    if found.kind == "column":
        if "default" in properties and "type" in properties:
            yield "default", Unit(COLUMN_DEFAULT, name, properties["default"])
    elif found.kind == "sequence":
        if "owned by" in properties:
            yield "owned by", Unit(SEQUENCE_OWNER, name, properties["owned by"])
    elif found.kind in TABLES:
        if "replica identity" in properties and found.kind == "table":
            yield "replica identity", Unit(REPLICA_IDENTITY, name, properties["replica identity"])
        if "partition of" in properties:
            parts = {"parents": properties["partition of"], "bounds": properties["bounds"]}
            yield "partition of", Unit(PARTITION, name, "", parts)
            yield "bounds", Unit(PARTITION, name, "", parts)
        if "inherits" in properties:
            yield "inherits", Unit(INHERITANCE, name, "", {"parents": properties["inherits"]})
    else:
        yield from _index_parts(found, properties)


def _index_parts(found: CatalogObject, properties: dict[str, str]) -> Iterator[tuple[str, Unit]]:
    parts = split_name(found.name)
    table = properties.get("table") or ".".join(parts[:2])
    if "clustered" in properties:
        yield "clustered", Unit(CLUSTERING, table, parts[-1])
    if "attached to" in properties:
        name = f"{parts[0]}.{parts[-1]}"
        parent = properties["attached to"]
        yield "attached to", Unit(ATTACHMENT, name, parent, {"table": table})
