"""Comments, owners and privileges: set where they differ, and given back to what is made anew.

What else is cosmetic has no statement: the order of columns cannot be changed without making the
table anew, and what is wiring between servers is kept without its passwords.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from lockgate.core.catalog import Catalog, CatalogObject
from lockgate.core.ddl.grants import GRANTED, Grants, between, grants, owned_by, root, usual
from lockgate.core.ddl.script import ScriptStatement
from lockgate.core.ddl.structure import SEQUENCE_OWNER, Key, Structure
from lockgate.core.ddl.text import (
    IDENTIFIER,
    given_name,
    literal,
    quote,
    split_list,
    split_name,
    unquote,
)

NOT_NULL = "not-null constraint"
SETTLED = ("owner", NOT_NULL, "comment", "privileges", "default privileges")
"""Kinds of what is cosmetic that there are statements for, in their order."""

WORDS = {
    "statistics object": "STATISTICS",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "enum": "TYPE",
    "table constraint": "CONSTRAINT",
    "domain constraint": "CONSTRAINT",
}
"""What SQL calls an object where it is not the Catalog's word in upper case."""
KINDS = sorted(
    [
        *WORDS,
        *("table", "view", "materialized view", "sequence", "foreign table", "index", "type"),
        *("column", "domain", "function", "procedure", "aggregate", "schema", "trigger", "policy"),
        *("rule", "publication", "event trigger", "extension", "language", "collation"),
        *("conversion", "operator", "operator class", "operator family", "cast", "server"),
        *("text search parser", "text search template", "text search dictionary"),
        *("text search configuration", "access method", "transform", "subscription"),
    ],
    key=len,
    reverse=True,
)
TYPE_WORDS = ("enum", "domain", "type")
HELD = ("table constraint", "domain constraint", "trigger", "policy", "rule")
"""Kinds that stand as `own on holder`; the constraint may be a NOT NULL, which is no unit."""


@dataclass(frozen=True, slots=True)
class Cosmetics:
    """What is cosmetic in one Catalog, by kind and name."""

    objects: dict[Key, CatalogObject]

    @classmethod
    def of(cls, catalog: Catalog) -> Cosmetics:
        """That of `catalog`."""
        return cls(
            {
                (found.kind, found.name): found
                for found in catalog.objects
                if found.cosmetic and found.kind in SETTLED
            }
        )

    def owner(self, name: str) -> str | None:
        """Who owns the object that stands as `name` in the Catalog's privileges."""
        kind, rest = _split(name)
        for word in TYPE_WORDS if kind in TYPE_WORDS else (kind,):
            found = self.objects.get(("owner", f"{word} {rest}"))
            if found is not None:
                return found.definition
        return None


def roles_of(catalog: Catalog) -> set[str]:
    """The roles that own something in `catalog`, may do something there, or let others."""
    found: set[str] = set()
    for one in catalog.objects:
        if one.kind == "owner":
            found.add(one.definition)
        elif one.kind in ("privileges", "default privileges"):
            found.update(who for pair in grants(one.definition) for who in pair if who)
            match = _DEFAULT.fullmatch(one.name)
            if match is not None:
                found.add(match["role"])
    return found


@dataclass(frozen=True, slots=True)
class Settling:
    """From what is cosmetic in `before` to what is in `after`.

    Units in `lost` were made anew and have none of it left. What is of no kind in `wanted` they get
    back as they had it, and it is not touched elsewhere; the role that owns most is then taken for
    the one that makes them.
    """

    before: Structure
    after: Structure
    lost: frozenset[Key]
    wanted: Collection[str]
    old: Cosmetics = field(init=False)
    new: Cosmetics = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "old", Cosmetics.of(self.before.catalog))
        object.__setattr__(self, "new", Cosmetics.of(self.after.catalog))

    def statements(self) -> Iterator[tuple[Key, ScriptStatement]]:
        """Statements, each with the kind and name of the cosmetic object that it settles."""
        names = self.old.objects.keys() | {k for k in self.new.objects if k[0] in self.wanted}
        for key in sorted(names, key=self._order):
            wanted, anew = key[0] in self.wanted, False
            if key[0] != "default privileges":
                subject, was = self._subject(*key), self._subject(*key, there=self.before)
                moved = was not in (None, subject)  # a column that is gone is found as its table
                if moved and not (wanted and key in self.new.objects):
                    continue
                # What is no unit and stands on neither side is the system's, or an extension's.
                if subject is None and key[0] != "privileges":
                    continue
                anew = moved or (
                    subject is not None
                    and (subject in self.lost or self._is_reset(key[0], subject))
                )
            if not (anew or wanted):
                continue
            now = None if anew else self.old.objects.get(key)
            goal = (self.new if wanted else self.old).objects.get(key)
            if _text(now) != _text(goal):
                for sql in self._settled(key, now, goal):
                    yield key, ScriptStatement(sql, cosmetic=True)

    def _order(self, key: Key) -> tuple[int, int, str]:
        """Comments go before names; a schema opens first and closes last, for others that grant."""
        kind, name = key
        leaves = key not in self.new.objects
        place = (1 if leaves else -1) if name.startswith("schema ") else 0
        return 0 if leaves and kind == "comment" else 1 + SETTLED.index(kind), place, name

    def _subject(self, kind: str, name: str, *, there: Structure | None = None) -> Key | None:
        if kind == NOT_NULL:
            name = f"{'column' if len(split_name(name)) > 2 else 'domain'} {name}"
        return _unit(name, there or self.after)

    def _is_reset(self, kind: str, subject: Key) -> bool:
        """Whether a NOT NULL is made another, and so has the name that is given where none is."""
        if kind != NOT_NULL:
            return False
        units = [one.units.get(subject) for one in (self.before, self.after)]
        old, new = (unit.get("not null") or "" if unit is not None else "" for unit in units)
        return new not in (old, old.removesuffix("not valid").removesuffix(", ") or "yes")

    def _settled(
        self, key: Key, now: CatalogObject | None, goal: CatalogObject | None
    ) -> Iterator[str]:
        kind, name = key
        if kind == "comment":
            yield f"COMMENT ON {_spelled(name)} IS {_comment(name, goal)}"
        elif kind == "owner":
            usual_owner = None if kind in self.wanted else self._usual_owner()
            owner = goal.definition if goal else PUBLIC_OWNERS.get((name, self.after.major >= 15))
            if owner not in (None, usual_owner) and not self._follows_its_table(name):
                yield f"ALTER {_spelled(name)} OWNER TO {owner}"
        elif kind == NOT_NULL:
            yield from self._renamed(name, _text(now), _text(goal))
        elif kind == "privileges":
            yield from self._granted(name, now, goal)
        else:
            yield from _default_granted(name, _text(now), _text(goal), self.after.major)

    def _usual_owner(self) -> str | None:
        owners = Counter(f.definition for f in self.old.objects.values() if f.kind == "owner")
        return owners.most_common(1)[0][0] if owners else None

    def _follows_its_table(self, name: str) -> bool:
        """Whether a sequence belongs to a column, and so to the owner of its table."""
        kind, rest = _split(name)
        return kind == "sequence" and any(
            key[0] in ("column", SEQUENCE_OWNER)
            for key in (*self.after.named.get(rest, ()), (SEQUENCE_OWNER, rest))
            if key in self.after.units
        )

    def _renamed(self, name: str, now: str | None, goal: str | None) -> Iterator[str]:
        """The name of a NOT NULL; it has none before PostgreSQL 18, an heir that of its parent."""
        *holder, last = split_name(name)
        table = ".".join(holder)
        column = len(holder) > 1
        unit = self.after.units.get(("column" if column else "domain", name))
        above = (("column", f"{parent}.{last}") for parent in self.after.parents(table))
        found = [one for key in above if (one := self.after.units.get(key)) is not None]
        nameless = min(self.before.major, self.after.major) < 18
        if nameless or unit is None or not unit.get("not null"):
            return
        if any(one.get("not null") not in (None, "no inherit") for one in found):
            return
        given = quote(given_name([unquote(part) for part in (*holder[1:], last)], "not_null"))
        old, new = (text or given for text in (now, goal))
        what = f"TABLE {table}" if column else f"DOMAIN {name}"
        if unquote(old) != unquote(new):
            yield f"ALTER {what} RENAME CONSTRAINT {old} TO {new}"

    def _granted(
        self, name: str, now: CatalogObject | None, goal: CatalogObject | None
    ) -> Iterator[str]:
        kind, rest = _split(name)
        language = self.after.units.get((kind, rest)) if kind == "language" else None
        if language is not None and not language.get("trusted"):
            return  # nobody may be given any
        told = [grants(one.definition) for one in (goal, now) if one is not None]
        owner = self._owner(name) or next((role for one in told if (role := root(one))), None)
        if owner is None:
            return  # neither is told, and nobody has any
        initially = next((text for one in (goal, now) if (text := _initially(one))), None)
        made = grants(initially) if initially else usual(kind, owner, self.after.major)
        have, want = (
            owned_by(grants(one.definition) if one else made, owner) for one in (now, goal)
        )
        if kind == "column":
            *table, column = split_name(rest)
            yield from between(have, want, f"TABLE {'.'.join(table)}", f" ({column})")
        else:
            yield from between(have, want, f"{GRANTED[kind]} {rest}", "")

    def _owner(self, name: str) -> str | None:
        """Whose the object is once owners are settled."""
        old, new = self.old.owner(name), self.new.owner(name)
        return new or old if "owner" in self.wanted else old or new


STANDARD_COMMENTS = {"schema public": "standard public schema"}
"""What a new database says of its own."""
PUBLIC_OWNERS = {("schema public", True): "pg_database_owner"}
"""Whose the schema `public` is from PostgreSQL 15 on; before, it is that of the first role."""


def _text(found: CatalogObject | None) -> str | None:
    return found.definition if found is not None else None


def _initially(found: CatalogObject | None) -> str | None:
    """The privileges that the object was made with by the system, or by an extension."""
    return dict(found.properties).get("initially") if found is not None else None


def _comment(name: str, goal: CatalogObject | None) -> str:
    text = STANDARD_COMMENTS.get(name) if goal is None else goal.definition
    return "NULL" if text is None else literal(text)


_DEFAULT = re.compile(
    rf"for (?P<role>{IDENTIFIER})(?: in schema (?P<schema>{IDENTIFIER}))? on (?P<what>[\w ]+)"
)


def _default_granted(name: str, now: str | None, goal: str | None, major: int) -> Iterator[str]:
    match = _DEFAULT.fullmatch(name)
    if match is None:
        return
    begin = f"ALTER DEFAULT PRIVILEGES FOR ROLE {match['role']}"
    made: Grants = {}
    if match["schema"]:
        begin += f" IN SCHEMA {match['schema']}"
    else:
        made = usual(match["what"].removesuffix("s"), match["role"], major)
    have, want = (made if text is None else grants(text) for text in (now, goal))
    yield from between(have, want, match["what"].upper(), "", f"{begin} ")


def _split(name: str) -> tuple[str, str]:
    """The word for the kind, and the name: `table`, `public.t`."""
    for kind in KINDS:
        if name.startswith(f"{kind} "):
            return kind, name[len(kind) + 1 :]
    return "", name


def _spelled(name: str) -> str:
    """An object as COMMENT ON and OWNER TO call it."""
    kind, rest = _split(name)
    word = WORDS.get(kind, kind.upper())
    if kind in HELD:
        own, holder = split_list(rest, " on ")
        return f"{word} {own} ON {'DOMAIN ' if kind == 'domain constraint' else ''}{holder}"
    if kind == "transform":
        return f"{word} {rest.replace('for ', 'FOR ', 1).replace(' language ', ' LANGUAGE ')}"
    if kind == "aggregate" and rest.endswith("()"):
        return f"{word} {rest.removesuffix('()')}(*)"
    return f"{word} {rest}"


def _unit(name: str, structure: Structure) -> Key | None:
    """The unit that a cosmetic object is about; of `public` and the like, what stands for none."""
    kind, rest = _split(name)
    if kind in HELD:
        own, holder = split_list(rest, " on ")
        key: Key = (kind.removeprefix("table "), f"{holder}.{own}")
        return key if key in structure.units else _holder(holder, structure)
    if kind in ("function", "procedure", "aggregate", "operator"):
        rest = re.sub(r",(?! )", ", ", rest.replace("pg_catalog.", ""))
    if kind == "statistics object":
        kind = "statistics"
    for word in TYPE_WORDS if kind == "type" else (kind,):
        if (word, rest) in structure.units:
            return word, rest
    if kind == "column":  # of a view, or of a composite type
        return _holder(".".join(split_name(rest)[:2]), structure)
    if kind in ("sequence", "index"):  # of an identity column, of a constraint
        for key in structure.named.get(rest, ()):
            if key[0] in ("column", "constraint"):
                return key
    return ("schema", rest) if (kind, rest) == ("schema", "public") else None


def _holder(name: str, structure: Structure) -> Key | None:
    """The table, view, type or domain of that name."""
    relation = structure.relation(name)
    if relation is not None:
        return relation.key
    return next(((word, name) for word in TYPE_WORDS if (word, name) in structure.units), None)
