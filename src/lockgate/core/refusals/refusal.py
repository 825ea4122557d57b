"""One reason for which PostgreSQL refuses a statement, and what all that look for one ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto

from lockgate.core.effects.certainty import columns_of
from lockgate.core.effects.extensions import BRING_NO_RELATION
from lockgate.core.effects.structure import TABLES, Kind, Name, Relation, Structure, spelled


class Why(Enum):
    """What has to be done about a refusal, by what it is about."""

    MISSING = auto()
    TAKEN = auto()
    KIND = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement fails whatever the rows are, in words that go after `fails: `.

    `names` are what it rests on, without schemas: the first is the object that is asked, whose
    place in the Structure has to be sure.
    """

    why: Why
    message: str
    remedy: str
    names: tuple[str, ...]
    relation: str | None = None


RENAME_OR_SPARE = "name one that is there, or leave the statement out"


def shown(name: Name) -> str:
    """A name as people call it."""
    return spelled(name).removeprefix("public.")


def missing(
    what: str, *names: str, relation: Name | None = None, among: Iterable[str] = ()
) -> Refusal:
    """That something is not there, whose name is the second; one of `among` may be meant."""
    near = get_close_matches(names[min(1, len(names) - 1)], among, 1)
    remedy = f"write {near[0]}, if that is meant, or leave it out" if near else RENAME_OR_SPARE
    text = f"there is no {what}"
    return Refusal(Why.MISSING, text, remedy, names, relation and spelled(relation))


def taken(what: str, *names: str, relation: Name | None = None, remedy: str = "") -> Refusal:
    """That something is there already."""
    remedy = remedy or "choose another name, or leave out what is there already"
    text = f"{what} is there already"
    return Refusal(Why.TAKEN, text, remedy, names, relation and spelled(relation))


def refused(message: str, remedy: str, *names: str, relation: Name | None = None) -> Refusal:
    """That PostgreSQL does not do it."""
    return Refusal(Why.REFUSED, message, remedy, names, relation and spelled(relation))


def is_absent(structure: Structure, parts: tuple[str, ...]) -> bool:
    """Whether no relation of that name is there for sure, in any schema if it names none."""
    name = structure.resolve(parts)
    if name in structure.relations or not name[1] or _is_elsewhere(name):
        return False
    if len(parts) == 1 and any(n == name[1] for _, n in structure.relations):
        return False  # a search_path that nobody showed may lead there
    if name in structure.certainty.gone:
        return True
    return structure.complete and structure.certainty.extensions <= BRING_NO_RELATION


def _is_elsewhere(name: Name) -> bool:
    """Whether it may be what no Structure has: PostgreSQL's, Alembic's, lockgate's, temporary."""
    schema, relation = name
    own = schema in ("information_schema", "lockgate") or schema.startswith("pg_")
    return own or relation.startswith("pg_") or "version" in relation


def known(structure: Structure, parts: tuple[str, ...]) -> Relation | None:
    """The relation of that name if all is known of it."""
    found = structure.relations.get(structure.resolve(parts)) if parts else None
    return found if found is not None and found.known and found.name[0] != "pg_temp" else None


_STORED = (*TABLES, Kind.COMPOSITE)
SYSTEM_COLUMNS = frozenset(("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"))


def no_column(relation: Relation, column: str) -> Iterator[Refusal]:
    """That a table has no such column, if it has none."""
    lacks = column not in relation.columns and column not in SYSTEM_COLUMNS
    if lacks and relation.columns and relation.kind in _STORED:
        table = relation.name[1]
        what = f"column {column} in {shown(relation.name)}"
        yield missing(
            what,
            table,
            column,
            columns_of(table),
            relation=relation.name,
            among=relation.columns,
        )
