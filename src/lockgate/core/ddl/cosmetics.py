"""Comments, owners and privileges: set where they differ, and given back to what is made anew.

What else is cosmetic has no statement: the order of columns cannot be changed without making the
table anew, and what is wiring between servers is kept without its passwords.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lockgate.core.catalog import Catalog, CatalogObject
from lockgate.core.ddl.script import ScriptStatement
from lockgate.core.ddl.structure import SEQUENCE_OWNER, Key, Structure
from lockgate.core.ddl.text import IDENTIFIER, literal, split_list, split_name

SETTLED = ("owner", "comment", "privileges", "default privileges")
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
            found.update(who for who in _grants(one.definition) if who)
            match = _DEFAULT.fullmatch(one.name)
            if match is not None:
                found.add(match["role"])
    return found


@dataclass(frozen=True, slots=True)
class Settling:
    """From what is cosmetic in `before` to what is in `after`.

    Units in `lost` were made anew and have none of it left. Without `wanted` they get back what
    they had, and nothing else is touched; the role that owns most is taken for the one that makes
    them.
    """

    before: Structure
    after: Structure
    lost: frozenset[Key]
    wanted: bool
    old: Cosmetics = field(init=False)
    new: Cosmetics = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "old", Cosmetics.of(self.before.catalog))
        object.__setattr__(self, "new", Cosmetics.of(self.after.catalog))

    def statements(self) -> Iterator[tuple[Key, ScriptStatement]]:
        """Statements, each with the kind and name of the cosmetic object that it settles."""
        names = self.old.objects.keys() | (self.new.objects.keys() if self.wanted else set())
        for key in sorted(names, key=lambda key: (SETTLED.index(key[0]), key[1])):
            kind, name = key
            subject = _unit(name, self.after) if kind != "default privileges" else None
            anew = subject in self.lost
            if kind != "default privileges" and (subject is None or not (anew or self.wanted)):
                continue
            now = None if anew else self._text(self.old, key)
            goal = self._text(self.new if self.wanted else self.old, key)
            if now != goal:
                for sql in self._settled(kind, name, now, goal):
                    yield key, ScriptStatement(sql, cosmetic=True)

    def _text(self, cosmetics: Cosmetics, key: Key) -> str | None:
        found = cosmetics.objects.get(key)
        return found.definition if found is not None else None

    def _settled(self, kind: str, name: str, now: str | None, goal: str | None) -> Iterator[str]:
        if kind == "comment":
            text = "NULL" if goal is None else literal(goal)
            yield f"COMMENT ON {_spelled(name)} IS {text}"
        elif kind == "owner":
            usual = None if self.wanted else self._usual_owner()
            if goal not in (None, usual) and not self._follows_its_table(name):
                yield f"ALTER {_spelled(name)} OWNER TO {goal}"
        elif kind == "privileges":
            yield from self._granted(name, now, goal)
        else:
            yield from _default_granted(name, now, goal)

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

    def _granted(self, name: str, now: str | None, goal: str | None) -> Iterator[str]:
        kind, rest = _split(name)
        owner = (self.new if self.wanted else self.old).owner(name)
        usual = _usual(kind, owner, self.after.major)
        have = usual if now is None else _grants(now)
        was = self.old.owner(name)
        if owner is not None and was is not None and was != owner and was in have:
            have = {**{who: what for who, what in have.items() if who != was}, owner: have[was]}
        want = usual if goal is None else _grants(goal)
        if kind == "column":
            *table, column = split_name(rest)
            yield from _between(have, want, f"TABLE {'.'.join(table)}", f" ({column})")
        else:
            yield from _between(have, want, f"{GRANTED[kind]} {rest}", "")


GRANTED = {
    **dict.fromkeys(("table", "view", "materialized view", "foreign table"), "TABLE"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "ROUTINE"),
    "sequence": "SEQUENCE",
    "type": "TYPE",
    "schema": "SCHEMA",
    "language": "LANGUAGE",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "server": "FOREIGN SERVER",
}
PRIVILEGES = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
}
PUBLIC = ""
"""The grantee that everybody is."""

Grants = dict[str, dict[str, bool]]
"""For each grantee its privileges, and whether it may grant them."""

_ITEM = re.compile(rf"(?P<who>{IDENTIFIER}|)=(?P<what>[A-Za-z*]*)/{IDENTIFIER}", re.DOTALL)


def _grants(text: str) -> Grants:
    found: Grants = {}
    for item in split_list(text) if text != "none" else []:
        match = _ITEM.fullmatch(item)
        if match is not None:
            letters = re.findall(r"([A-Za-z])(\*?)", match["what"])
            found.setdefault(match["who"], {}).update({one: bool(star) for one, star in letters})
    return found


def _usual(kind: str, owner: str | None, major: int) -> Grants:
    """What an object is made with."""
    everything = {"TABLE": "arwdDxt", "SEQUENCE": "rwU", "SCHEMA": "UC", "ROUTINE": "X"}
    word = GRANTED.get(kind, "")
    letters = "" if kind == "column" else everything.get(word, "U")
    if word == "TABLE" and major >= 17:
        letters += "m"
    found: Grants = {owner: dict.fromkeys(letters, False)} if owner and letters else {}
    if word in ("ROUTINE", "TYPE", "LANGUAGE"):
        found[PUBLIC] = dict.fromkeys(letters, False)
    return found


def _between(have: Grants, want: Grants, what: str, columns: str, begin: str = "") -> Iterator[str]:
    for who in sorted(have.keys() | want.keys()):
        before, after = have.get(who, {}), want.get(who, {})
        role = who or "PUBLIC"
        gone = [one for one in before if one not in after]
        if gone:
            yield f"{begin}REVOKE {_listed(gone, columns)} ON {what} FROM {role}"
        stripped = [one for one in before if one in after and before[one] and not after[one]]
        if stripped:
            listed = _listed(stripped, columns)
            yield f"{begin}REVOKE GRANT OPTION FOR {listed} ON {what} FROM {role}"
        for option in (False, True):
            come = [
                one
                for one in after
                if after[one] is option and (one not in before or (option and not before[one]))
            ]
            if come:
                end = " WITH GRANT OPTION" if option else ""
                yield f"{begin}GRANT {_listed(come, columns)} ON {what} TO {role}{end}"


def _listed(letters: list[str], columns: str) -> str:
    return ", ".join(f"{PRIVILEGES[one]}{columns}" for one in PRIVILEGES if one in letters)


_DEFAULT = re.compile(
    rf"for (?P<role>{IDENTIFIER})(?: in schema (?P<schema>{IDENTIFIER}))? on (?P<what>\w+)"
)


def _default_granted(name: str, now: str | None, goal: str | None) -> Iterator[str]:
    match = _DEFAULT.fullmatch(name)
    if match is None:
        return
    begin = f"ALTER DEFAULT PRIVILEGES FOR ROLE {match['role']}"
    kind = match["what"].removesuffix("s")
    usual: Grants = {}
    if match["schema"]:
        begin += f" IN SCHEMA {match['schema']}"
    else:
        usual = _usual(kind, match["role"], 16)
    have, want = (usual if text is None else _grants(text) for text in (now, goal))
    yield from _between(have, want, match["what"].upper(), "", f"{begin} ")


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
    if kind == "domain constraint":
        own, _, domain = rest.rpartition(" on ")
        return f"{word} {own} ON DOMAIN {domain}"
    if kind in ("table constraint", "trigger", "policy", "rule"):
        own, _, table = rest.rpartition(" on ")
        return f"{word} {own} ON {table}"
    if kind == "transform":
        return f"{word} {rest.replace('for ', 'FOR ', 1).replace(' language ', ' LANGUAGE ')}"
    if kind == "aggregate" and rest.endswith("()"):
        return f"{word} {rest.removesuffix('()')}(*)"
    return f"{word} {rest}"


def _unit(name: str, structure: Structure) -> Key | None:
    """The unit that a cosmetic object is about; of `public` and the like, what stands for none."""
    kind, rest = _split(name)
    if kind in ("table constraint", "domain constraint", "trigger", "policy", "rule"):
        own, _, holder = rest.rpartition(" on ")
        key: Key = (kind.removeprefix("table "), f"{holder}.{own}")
        return key if key in structure.units else None
    if kind in ("function", "procedure", "aggregate", "operator"):
        rest = re.sub(r",(?! )", ", ", rest)
    if kind == "statistics object":
        kind = "statistics"
    for word in TYPE_WORDS if kind == "type" else (kind,):
        if (word, rest) in structure.units:
            return word, rest
    if kind == "column":  # of a view
        relation = structure.relation(".".join(split_name(rest)[:2]))
        return relation.key if relation is not None else None
    if kind == "sequence":  # of an identity column
        for key in structure.named.get(rest, ()):
            if key[0] == "column":
                return key
    return ("schema", rest) if (kind, rest) == ("schema", "public") else None
