"""What may have been renamed: found as candidates, declared by people, never assumed.

A rename leaves two Changes, one object removed and one added, and only people know whether it was
one. `candidates` says which pairs look like it and why; `parse` reads what a person declares; and
`apply` writes a Catalog as it is once the declared names have changed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import ClassVar

from lockgate.core.catalog import COLUMN_ORDER, Catalog, CatalogObject
from lockgate.core.ddl.text import IDENTIFIER, split_list, split_name, unquote
from lockgate.errors import ExitStatus, LockgateError

KINDS = ("table", "column", "label", "constraint", "index")
LIKELY = 0.5
"""Pairs with less confidence are no candidates."""


@dataclass(frozen=True, slots=True)
class Rename:
    """An object of `kind` that was called `old`, with its schema and table, and is now `new`.

    `new` is the last part of the name alone. A label is a string constant, in both.
    """

    kind: str
    old: str
    new: str

    @property
    def renamed(self) -> str:
        """The whole of the new name."""
        return f"{self.holder}.{self.new}"

    @property
    def inverse(self) -> Rename:
        """The Rename that undoes it."""
        return Rename(self.kind, self.renamed, self._last)

    @property
    def holder(self) -> str:
        """What the object is part of: its schema, table or enum."""
        return self.old[: -len(self._last) - 1]

    @property
    def _last(self) -> str:
        if self.kind == "label":
            match = re.search(r"'(?:[^']|'')*'$", self.old)
            assert match is not None, self.old
            return match[0]
        return split_name(self.old)[-1]

    @property
    def sql(self) -> str:
        """The statement that does it."""
        match self.kind:
            case "column":
                return f"ALTER TABLE {self.holder} RENAME COLUMN {self._last} TO {self.new}"
            case "constraint":
                return f"ALTER TABLE {self.holder} RENAME CONSTRAINT {self._last} TO {self.new}"
            case "label":
                return f"ALTER TYPE {self.holder} RENAME VALUE {self._last} TO {self.new}"
        return f"ALTER {self.kind.upper()} {self.old} RENAME TO {self.new}"

    def __str__(self) -> str:
        return f"{self.kind}:{self.old}={self.new}"


@dataclass(frozen=True, slots=True)
class RenameCandidate:
    """A pair that looks like a Rename: how much so, from 0 to 1, and why."""

    rename: Rename
    confidence: float
    why: str


@dataclass(eq=False)
class RenameUnreadable(LockgateError):
    """A rename that is not written as KIND:OLD=NEW, or names what is not there."""

    text: str
    reason: str

    code: ClassVar[str] = "LG-DDL-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What was written, and what is wrong with it."""
        return f'"{self.text}" is no rename that can be made: {self.reason}'

    @property
    def hint(self) -> str:
        """The form."""
        return f"write KIND:OLD=NEW, such as table:public.a=b; KIND is one of {', '.join(KINDS)}"


_LABEL = r"(?:'(?:[^']|'')*'|[^'=]+)"
_FORM = re.compile(
    rf"""(?P<kind>[a-z]+):
         (?P<old>{IDENTIFIER}(?:\.{IDENTIFIER})*?(?P<label>\.{_LABEL})??)
         (?:=(?P<new>{IDENTIFIER}(?:\.{IDENTIFIER})*|{_LABEL}))?""",
    re.VERBOSE,
)
_PARTS = {"table": 2, "column": 3, "label": 2, "constraint": 3, "index": 2}


def parse(text: str) -> Rename:
    """The Rename that `text`, `KIND:OLD=NEW`, declares; raises RenameUnreadable.

    Without a schema, OLD is in `public`; NEW may be written with or without what holds it.
    """
    rename = parse_old(text)
    if not rename.new:
        raise RenameUnreadable(text, "it does not say the new name")
    return rename


def parse_old(text: str) -> Rename:
    """Likewise, where the new name may be missing."""
    match = _FORM.fullmatch(text)
    if match is None or match["kind"] not in _PARTS:
        raise RenameUnreadable(text, "it has another form")
    kind, old, new = match["kind"], match["old"], match["new"] or ""
    if kind == "label":
        return _parse_label(text, old, new)
    parts = split_name(old)
    if len(parts) == _PARTS[kind] - 1:
        parts = ("public", *parts)
    if (match["label"] and "'" in match["label"]) or len(parts) != _PARTS[kind]:
        raise RenameUnreadable(text, f"the name of a {kind} has {_PARTS[kind]} parts")
    return Rename(kind, ".".join(parts), split_name(new)[-1] if new else "")


def _parse_label(text: str, old: str, new: str) -> Rename:
    match = re.fullmatch(rf"({IDENTIFIER}\.)?({IDENTIFIER})\.({_LABEL})", old)
    if match is None:
        raise RenameUnreadable(text, "a label stands behind its enum and a dot")
    holder = f"{match[1] or 'public.'}{match[2]}"
    return Rename("label", f"{holder}.{_constant(match[3])}", _constant(new) if new else "")


def _constant(label: str) -> str:
    return label if label.startswith("'") else f"'{label}'"


# Candidates


def candidates(before: Catalog, after: Catalog) -> tuple[RenameCandidate, ...]:
    """Pairs of a removed and an added object that look like one renamed, the likeliest first."""
    if before.objects == after.objects:
        return ()
    old_only, new_only = (
        set(one.objects).difference(other.objects)
        for one, other in ((before, after), (after, before))
    )
    gone, come = _absent(old_only, after), _absent(new_only, before)
    found = [*_tables(gone, come, before, after), *_columns(gone, come, before, after)]
    found += _same(gone, come, "constraint", before, after)
    found += _same(gone, come, "index", before, after)
    found += _labels(old_only, after)
    return tuple(sorted(found, key=lambda one: (-one.confidence, str(one.rename))))


def _absent(objects: Iterable[CatalogObject], other: Catalog) -> dict[str, list[CatalogObject]]:
    """Those whose kind and name the other Catalog lacks, by kind."""
    there = {(found.kind, found.name) for found in other.objects}
    absent: dict[str, list[CatalogObject]] = defaultdict(list)
    for found in sorted(objects):
        if (found.kind, found.name) not in there:
            absent[found.kind].append(found)
    return absent


Absent = dict[str, list[CatalogObject]]


def _tables(
    gone: Absent, come: Absent, before: Catalog, after: Catalog
) -> Iterator[RenameCandidate]:
    """Tables of one schema with like columns."""
    old, new = _members(gone["table"], before), _members(come["table"], after)
    by_member: dict[tuple[str, object], list[str]] = defaultdict(list)
    for name, members in new.items():
        for member in members:
            by_member[split_name(name)[0], member].append(name)
    for name, members in old.items():
        schema = split_name(name)[0]
        # Members that everybody has say nothing, and would make this quadratic.
        shared = Counter(
            other
            for member in members
            if len(by_member.get((schema, member), ())) <= COMMON
            for other in by_member.get((schema, member), ())
        )
        for other, _ in shared.most_common(COMMON):
            alike = len(members & new[other]) / len(members | new[other])
            if alike >= LIKELY:
                both = len(members & new[other])
                why = f"{both} of {len(members | new[other])} columns are the same"
                rename = Rename("table", name, split_name(other)[-1])
                yield RenameCandidate(rename, round(alike, 2), why)


COMMON = 20


def _members(
    tables: list[CatalogObject], catalog: Catalog
) -> dict[str, frozenset[tuple[str, object]]]:
    """For each table the names and properties of its columns."""
    names = {found.name for found in tables}
    members: dict[str, set[tuple[str, object]]] = {name: set() for name in names}
    for found in catalog.objects if names else ():
        if found.kind == "column":
            parts = split_name(found.name)
            table = ".".join(parts[:2])
            if table in names:
                kept = tuple(pair for pair in found.properties if pair[0] not in OWN_NAMED)
                members[table].add((parts[2], kept))
    return {name: frozenset(found) for name, found in members.items()}


OWN_NAMED = ("default", "identity")
"""Properties of a column that may hold the name of a sequence, which is made from the table's."""


def _columns(
    gone: Absent, come: Absent, before: Catalog, after: Catalog
) -> Iterator[RenameCandidate]:
    """Columns of one table, which stays, with one type."""
    old, new = _by_holder(gone["column"]), _by_holder(come["column"])
    tables = old.keys() & new.keys()
    places = _places(before, tables), _places(after, tables)
    for table in sorted(tables):
        for was in old[table]:
            for now in new[table]:
                if dict(was.properties).get("type") == dict(now.properties).get("type"):
                    yield _column(was, now, places, alone=len(old[table]) == len(new[table]) == 1)


def _column(
    was: CatalogObject,
    now: CatalogObject,
    places: tuple[dict[str, int], dict[str, int]],
    *,
    alone: bool,
) -> RenameCandidate:
    names = split_name(was.name)[-1], split_name(now.name)[-1]
    alike = SequenceMatcher(None, *names).ratio()
    reasons = [f"same type, {dict(was.properties)['type']}"]
    confidence = 0.3 + 0.2 * alike
    if was.properties == now.properties:
        confidence += 0.2
        reasons = ["same type and properties"]
    if places[0].get(was.name, -1) == places[1].get(now.name, -2):
        confidence += 0.15
        reasons.append("same place in the table")
    if alone:
        confidence += 0.15
        reasons.append("the only one removed and the only one added")
    if alike >= LIKELY:
        reasons.append("names alike")
    rename = Rename("column", was.name, names[1])
    return RenameCandidate(rename, round(min(confidence, 0.99), 2), ", ".join(reasons))


def _places(catalog: Catalog, tables: Iterable[str]) -> dict[str, int]:
    wanted = frozenset(tables)
    return {
        f"{found.name}.{column}": place
        for found in catalog.objects
        if found.kind == COLUMN_ORDER and found.name in wanted
        for place, column in enumerate(split_list(found.definition))
    }


def _by_holder(objects: list[CatalogObject]) -> dict[str, list[CatalogObject]]:
    found: dict[str, list[CatalogObject]] = defaultdict(list)
    for one in objects:
        found[".".join(split_name(one.name)[:-1])].append(one)
    return found


def _same(
    gone: Absent, come: Absent, kind: str, before: Catalog, after: Catalog
) -> Iterator[RenameCandidate]:
    """Constraints or indexes of one table with one definition."""
    tables = {found.name for found in before.objects if found.kind == "table"} & {
        found.name for found in after.objects if found.kind == "table"
    }
    new: dict[object, list[CatalogObject]] = defaultdict(list)
    for now in come[kind]:
        new[_table_of(now), now.definition, now.properties].append(now)
    for was in gone[kind]:
        alike = new.get((_table_of(was), was.definition, was.properties), [])
        for now in alike if _table_of(was) in tables else ():
            confidence = round(0.95 / len(alike), 2)
            rename = Rename(kind, was.name, split_name(now.name)[-1])
            yield RenameCandidate(rename, confidence, "same definition")


def _table_of(found: CatalogObject) -> str:
    return dict(found.properties).get("table") or ".".join(split_name(found.name)[:2])


def _labels(old_only: Iterable[CatalogObject], after: Catalog) -> Iterator[RenameCandidate]:
    """Labels of one enum in one place."""
    enums = {found.name: found for found in old_only if found.kind == "enum"}
    for now in after.objects:
        was = enums.get(now.name) if now.kind == "enum" else None
        if was is None:
            continue
        labels, wanted = (split_list(dict(one.properties).get("labels", "")) for one in (was, now))
        for old, new in _in_one_place(labels, wanted):
            rename = Rename("label", f"{now.name}.{old}", new)
            why = "same place among the labels that stay"
            yield RenameCandidate(rename, 0.8 if len(labels) == len(wanted) else 0.5, why)


def _in_one_place(labels: list[str], wanted: list[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(None, labels, wanted, autojunk=False)
    for tag, begin, end, other_begin, other_end in matcher.get_opcodes():
        if tag == "replace":
            replaced = zip(labels[begin:end], wanted[other_begin:other_end], strict=False)
            yield from (
                (old, new) for old, new in replaced if old not in wanted and new not in labels
            )


def follows(rename: Rename, others: Iterable[Rename]) -> bool:
    """Whether a constraint or an index is only called by the new name of a table or column."""
    if rename.kind not in ("constraint", "index"):
        return False
    old, new = (unquote(split_name(name)[-1]) for name in (rename.old, rename.renamed))
    pairs = [
        tuple(unquote(split_name(name)[-1]) for name in (other.old, other.renamed))
        for other in others
        if other.kind in ("table", "column")
    ]
    names = {old}
    for was, now in pairs:
        names |= {name.replace(was, now) for name in names}
    return new in names - {old}


def renamed_sequences(before: Catalog, after: Catalog) -> tuple[tuple[str, str], ...]:
    """Statements that rename the sequences of renamed columns, each with the one that undoes it.

    A sequence belongs to its column, so that there is nothing to ask: another one in its place
    would begin anew.
    """
    wanted = _owned(after)
    found = []
    for column, old in sorted(_owned(before).items()):
        new = wanted.get(column)
        if new is None or new == old or split_name(new)[0] != split_name(old)[0]:
            continue
        forth = f"ALTER SEQUENCE {old} RENAME TO {split_name(new)[-1]}"
        found.append((forth, f"ALTER SEQUENCE {new} RENAME TO {split_name(old)[-1]}"))
    return tuple(found)


_IDENTITY = re.compile(rf"sequence ({IDENTIFIER}\.{IDENTIFIER}) ")


def _owned(catalog: Catalog) -> dict[str, str]:
    """The sequence of each column that has one, that of an identity included."""
    owned = {}
    for found in catalog.objects:
        properties = dict(found.properties) if found.kind in ("sequence", "column") else {}
        if found.kind == "sequence" and "owned by" in properties:
            owned[properties["owned by"]] = found.name
        elif match := _IDENTITY.search(properties.get("identity", "")):
            owned[found.name] = match[1]
    return owned


# Applying


def apply(catalog: Catalog, renames: Iterable[Rename]) -> Catalog:
    """`catalog` as it is after `renames`, as far as its texts can tell.

    A view over what was renamed is left as it was, and so will be made anew. Raises
    RenameUnreadable where there is nothing of the old name, or something of the new one.
    """
    for rename in renames:
        _check(catalog, rename)
        edited = _Edit(rename)
        catalog = Catalog(
            catalog.server,
            tuple(edited.object(found) for found in catalog.objects),
            catalog.missing,
        )
    return catalog


def _check(catalog: Catalog, rename: Rename) -> None:
    names = {found.name for found in catalog.objects if found.kind == rename.kind}
    if rename.kind == "label":
        names = {
            f"{found.name}.{label}"
            for found in catalog.objects
            if found.kind == "enum" and found.name == rename.holder
            for label in split_list(dict(found.properties).get("labels", ""))
        }
    if rename.old not in names:
        raise RenameUnreadable(str(rename), f'there is no {rename.kind} "{rename.old}"')
    if rename.renamed in names:
        raise RenameUnreadable(str(rename), f'there is a {rename.kind} "{rename.renamed}" already')


_TOKEN = re.compile(
    rf"""(?P<string>'(?:[^']|'')*')(?P<cast>::(?:pg_catalog\.)?reg\w+)?(?P<type>::[^,)\s]+)?
       | (?P<chain>{IDENTIFIER}(?:\.{IDENTIFIER})*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Writes names anew in an object's texts."""

    rename: Rename

    def object(self, found: CatalogObject) -> CatalogObject:
        """The object after the rename."""
        name = self._text(found, found.name)
        if self.rename.kind in ("constraint", "index") and found.kind == self.rename.kind:
            name = self.rename.renamed if found.name == self.rename.old else found.name
        properties = tuple(
            (prop, self._listed(found, prop, self._text(found, value)))
            for prop, value in found.properties
        )
        return CatalogObject(
            found.kind, name, self._text(found, found.definition), properties, found.cosmetic
        )

    def _listed(self, found: CatalogObject, prop: str, value: str) -> str:
        if self.rename.kind == "column" and (found.kind, prop) == ("statistics", "members"):
            return ", ".join(sorted(split_list(value)))
        return value

    def _text(self, found: CatalogObject, text: str) -> str:
        if found.kind in ("function", "procedure", "comment") and text == found.definition:
            return text
        own = self.rename.kind == "column" and self._is_of_table(found)

        def edited(match: re.Match[str]) -> str:
            if match["chain"]:
                return self._chain(match["chain"], own=own)
            if match["cast"]:
                inner = _TOKEN.sub(edited, match["string"][1:-1].replace("''", "'"))
                return "'{}'".format(inner.replace("'", "''")) + match["cast"]
            if self.rename.kind == "label":
                return self._label(found, match)
            return match[0]

        if own and found.kind == "constraint" and self._refers(found):
            head, word, tail = text.partition(" REFERENCES ")
            other = tail.startswith(f"{self.rename.holder}(")
            head = _TOKEN.sub(edited, head) if self._inside(found) else head
            return head + word + (_TOKEN.sub(edited, tail) if other else tail)
        return _TOKEN.sub(edited, text)

    def _is_of_table(self, found: CatalogObject) -> bool:
        return self._inside(found) or (found.kind == "constraint" and self._refers(found))

    def _inside(self, found: CatalogObject) -> bool:
        table = self.rename.holder
        if found.kind in ("index", "statistics"):
            return dict(found.properties).get("table") == table
        if found.kind == "publication table":
            return found.name.endswith(f": {table}")
        return found.name == table or found.name.startswith(f"{table}.")

    def _refers(self, found: CatalogObject) -> bool:
        return " REFERENCES " in found.definition

    def _chain(self, chain: str, *, own: bool) -> str:
        parts = split_name(chain)
        old = split_name(self.rename.old)
        if self.rename.kind in ("table", "column") and parts[: len(old)] == old:
            return ".".join((*old[:-1], self.rename.new, *parts[len(old) :]))
        if own and parts[-1] == old[-1] and len(parts) <= 2:
            return ".".join((*parts[:-1], self.rename.new))
        if self.rename.kind in ("index", "constraint") and parts == (old[0], old[-1]):
            return f"{old[0]}.{self.rename.new}"
        return chain

    def _label(self, found: CatalogObject, match: re.Match[str]) -> str:
        holder = self.rename.holder
        old = self.rename.old.removeprefix(f"{holder}.")
        typed = match["type"] == f"::{holder}" or (found.kind, found.name) == ("enum", holder)
        if match["string"] != old or not typed:
            return match[0]
        return self.rename.new + (match["type"] or "")
