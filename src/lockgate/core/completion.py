"""Where a new Revision has to lead: the models' structure, and what is not theirs to remove."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from lockgate.core.catalog import Catalog, CatalogObject, Change, ChangeKind, diff
from lockgate.core.ddl.grants import united
from lockgate.core.ddl.text import split_name
from lockgate.core.hiding import table_of, types_used
from lockgate.core.names import parts_of

COMMENT = "comment"
PRIVILEGES = "privileges"
TOLD_KINDS = frozenset({COMMENT, PRIVILEGES})
"""What is cosmetic, and still a Revision's business."""
OF_THE_MODELS = frozenset({"constraint", "domain constraint", "index", "sequence"})
"""Kinds that go when the models have their table, or domain, and no longer have them."""
USED_BY_COLUMNS = frozenset({"domain", "enum", "type"})


@dataclass(frozen=True)
class Completion:
    """From `before`, the revisions' structure, a Revision has to lead to `after`.

    `kept` are objects of `before` that the models lack and that nobody asked to drop.
    """

    before: Catalog
    after: Catalog
    kept: tuple[CatalogObject, ...]


def complete(
    before: Catalog,
    models: Catalog,
    *,
    sees: Callable[[Change], bool],
    drops: Collection[str] = (),
) -> Completion:
    """What to lead to from `before`, so that the models have what they want.

    What the models lack goes where autogenerate `sees` its removal, where its name is among
    `drops`, and where it belongs to something that the models have or that goes: a constraint, an
    index, a type without columns. Views, functions and the like may be the revisions' alone, and
    stay. So does what is cosmetic, but for comments; what the models grant comes to what there is.
    """
    old = [found for found in before.objects if not found.cosmetic]
    new = [found for found in models.objects if not found.cosmetic]
    names = {(found.kind, found.name) for found in new}
    lacking = [found for found in old if (found.kind, found.name) not in names]
    gone = {found for found in lacking if sees(_removal(found)) or _is_named(found, drops)}
    tables = {table_of(f) for f in gone if f.kind == "table"}
    theirs = {parts_of(f.name)[:2] for f in new if f.kind in ("table", "domain")}
    for found in lacking:
        table = table_of(found) if found.kind != "domain constraint" else parts_of(found.name)[:2]
        if table in tables or (found.kind in OF_THE_MODELS and table in theirs):
            gone.add(found)
    unused = types_used(old) - types_used([*new, *(f for f in lacking if f not in gone)])
    gone |= {f for f in lacking if f.kind in USED_BY_COLUMNS and parts_of(f.name)[:2] in unused}
    kept = tuple(sorted(found for found in lacking if found not in gone))
    structure = [*new, *kept]
    cosmetic = [f for f in before.objects if f.cosmetic and f.kind not in TOLD_KINDS]
    cosmetic += _privileges(before, models)
    after = [*structure, *cosmetic, *_comments(before, models, structure)]
    return Completion(before, Catalog(before.server, tuple(after), before.missing), kept)


def _removal(found: CatalogObject) -> Change:
    kind = ChangeKind.REMOVED
    return Change(kind, found.kind, found.name, None, found.text, None, found.cosmetic)


def _is_named(found: CatalogObject, drops: Collection[str]) -> bool:
    short = found.name.removeprefix("public.")
    return any(drop in (found.name, short, f"{found.kind} {found.name}") for drop in drops)


def _privileges(before: Catalog, models: Catalog) -> Iterator[CatalogObject]:
    """Those of `before`, and those that the models grant: the revisions may have granted more."""
    found = {one.name: one for one in before.objects if one.kind == PRIVILEGES}
    for one in models.objects:
        if one.kind == PRIVILEGES:
            known = found.get(one.name)
            text = one.definition if known is None else united(known.definition, one.definition)
            found[one.name] = one._replace(definition=text)
    yield from found.values()


def _comments(
    before: Catalog, models: Catalog, structure: Collection[CatalogObject]
) -> Iterator[CatalogObject]:
    """The models' comments, and those of `before` on what metadata cannot comment on."""
    wanted = {found.name: found for found in models.objects if found.kind == COMMENT}
    theirs = {(found.kind, found.name) for found in models.objects}
    there = commentable(structure)
    yield from wanted.values()
    for found in before.objects:
        if found.kind != COMMENT or found.name in wanted:
            continue
        about = commented(found.name)
        if about[0] in ("table", "column") and about in theirs:
            continue
        if about in there or about[0] not in _TOLD:
            yield found


_TOLD = frozenset(
    {"column", "constraint", "function", "index", "policy", "procedure", "rule", "sequence"}
    | {"table", "trigger", "view", "materialized view", "enum"}
)


def commentable(structure: Iterable[CatalogObject]) -> set[tuple[str, str]]:
    """Kinds and names of what can have a comment, as `commented` tells them."""
    found = {(one.kind, one.name) for one in structure}
    indexes = {
        ("index", f"{schema}.{constraint}")
        for kind, name in found
        if kind == "constraint"
        for schema, _, constraint in [split_name(name)]
    }
    return found | indexes


def commented(name: str) -> tuple[str, str]:
    """Kind and name of what the comment `name` is on, as a Catalog names them."""
    for kind in ("materialized view", "foreign table", "table constraint", "domain constraint"):
        if name.startswith(f"{kind} "):
            break
    else:
        kind = name.partition(" ")[0]
    rest = name.removeprefix(f"{kind} ")
    if kind in ("table constraint", "trigger", "policy", "rule") and " on " in rest:
        own, _, table = rest.rpartition(" on ")
        return kind.removeprefix("table "), f"{table}.{own}"
    return kind, rest


def told(before: Catalog, after: Catalog) -> tuple[Change, ...]:
    """The Changes that a Revision is there for: structure, comments and privileges."""
    return tuple(c for c in diff(before, after) if not c.cosmetic or c.object in TOLD_KINDS)
