"""What a statement wrote anew, built and read, from two witnesses: files, and the server's words.

Neither has it all. A copy (VACUUM FULL, SET TABLESPACE) gives a new file in silence; a table that
is gone when the statement ends has no file to show. Where both should know and do not say the
same, the files count, and the contradiction is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lockgate.postgres.observe.said import Said

STORED = "rm"
"""Kinds of relations whose rows lie in them: tables and materialized views."""

TRUNCATE, ALTER_TABLE, REINDEX = "TRUNCATE TABLE", "ALTER TABLE", "REINDEX"
"""Command tags: new files of the first are no work; the second says each time that it rewrites."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation at one moment; `name` is qualified and quoted, `bare` is neither."""

    name: str
    bare: str
    toast_of: int  # the table of a TOAST table and of its index, 0 otherwise
    kind: str
    filenode: int
    tablespace: int
    indexed: int  # the table of an index, 0 otherwise


Relations = Mapping[int, Relation]
"""Relations by their oid."""


@dataclass(frozen=True, slots=True)
class Work:
    """Relations by their oid: rewritten, read, and with the names of the indexes built on them.

    `verified` are those that the server says it reads; `scanned` also has what was counted.
    `contradictions` begin with the name of a relation and a colon.
    """

    rewritten: frozenset[int] = frozenset()
    scanned: frozenset[int] = frozenset()
    verified: frozenset[int] = frozenset()
    built: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    contradictions: tuple[str, ...] = ()


def weigh(
    old: Relations,
    new: Relations,
    *,
    touched: Iterable[int],
    scans: frozenset[int] | None,
    said: Said | None,
    tag: str,
) -> Work:
    """The Work of a statement that found `old` and left `new` of what it `touched`.

    `scans` are the tables that the session counted one of, None where it did not count. `said` is
    None where messages may be missing, `tag` the statement's command tag where it is known.
    """
    if tag == TRUNCATE:
        return Work()
    both = _Both(old, new, frozenset(touched) & old.keys())
    if said is None:
        return Work(both.rewritten, scans or frozenset(), built=both.names_built(both.built))
    lines = [*both.against_rewritten(said, tag), *both.against_built(said)]
    gone = {oid for oid in both.meant(said.rewritten) if oid not in new}
    verified = frozenset(both.meant(said.verified))
    if scans is not None:
        lines += both.against_counted(verified, scans)
    copied = both.copied(said)
    return Work(
        both.rewritten | gone | (copied & old.keys()),
        (scans or frozenset()) | verified,
        verified,
        both.names_built(both.built - copied),
        tuple(lines),
    )


class _Both:
    """The relations of before and after, and what their files mean."""

    def __init__(self, old: Relations, new: Relations, touched: frozenset[int]) -> None:
        self.old, self.new, self.touched = old, new, touched
        # A file is the relation's own, or comes from another that was locked for it.
        known = {old[oid].filenode for oid in self.touched | (old.keys() & new.keys())}
        fresh = {oid: r for oid, r in new.items() if r.filenode and r.filenode not in known}
        self.rewritten = frozenset(oid for oid, r in fresh.items() if self.is_stored(oid))
        # A type changed without a rewrite gives an index another oid, and leaves its file.
        self.built = {oid for oid, r in fresh.items() if r.kind == "i" and r.indexed in old}

    def is_stored(self, oid: int) -> bool:
        return oid in self.old and self.old[oid].kind in STORED

    def names_built(self, indexes: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """The names of `indexes` as they were, or are if they are new, by the oid of the table."""
        names: dict[int, list[str]] = {}
        for oid in indexes:
            names.setdefault(self.new[oid].indexed, []).append(
                self.old.get(oid, self.new[oid]).name
            )
        return {table: tuple(sorted(found)) for table, found in names.items()}

    def bare(self, oid: int) -> set[str]:
        """What messages may call a relation: its name before or after the statement."""
        return {of[oid].bare for of in (self.old, self.new) if oid in of}

    def meant(self, names: frozenset[str]) -> set[int]:
        """The tables that `names` may mean, several where schemas have one of that name each."""
        return {oid for oid in self.touched if self.is_stored(oid) and self.bare(oid) & names}

    def is_certain(self, oid: int) -> bool:
        """Whether its name means nothing else that the statement met or made."""
        others = (self.touched | self.new.keys()) - {oid}
        return oid in self.new and not any(self.bare(oid) & self.bare(other) for other in others)

    def against_rewritten(self, said: Said, tag: str) -> Iterator[str]:
        told = self.meant(said.rewritten)
        for oid in sorted(told - self.rewritten):
            if self.is_certain(oid):
                yield f"{self.old[oid].name}: the server says of a rewrite, the file is the same"
        for oid in sorted(self.rewritten - told) if tag == ALTER_TABLE else ():
            if not self.moved(oid):
                yield f"{self.old[oid].name}: the file is new, the server says of no rewrite"

    def moved(self, oid: int) -> bool:
        """Whether a relation's files went to another tablespace, where they are copied to."""
        return oid in self.old and self.old[oid].tablespace != self.new[oid].tablespace

    def told(self, index: int, said: Said) -> bool:
        """Whether the server says that it builds an index; its name may be cut short there."""
        tables = self.bare(self.new[index].indexed)
        return any(
            table in tables and any(name.startswith(built) for name in self.bare(index))
            for table, built in said.built
        )

    def copied(self, said: Said) -> set[int]:
        return {oid for oid in self.built if self.moved(oid) and not self.told(oid, said)}

    def against_built(self, said: Said) -> Iterator[str]:
        for oid in sorted(self.built):
            # Indexes of TOAST tables are built in silence where a table is copied.
            if not (self.old[self.new[oid].indexed].toast_of or self.told(oid, said)) and (
                not self.moved(oid)
            ):
                yield (
                    f"{self.old[self.new[oid].indexed].name}: the file of {self.new[oid].name}"
                    " is new, the server says of no build"
                )
        for oid in sorted(self.new.keys() & self.old.keys() - self.built):
            relation = self.new[oid]
            tables = self.bare(relation.indexed) if relation.indexed in self.touched else set()
            if (
                any((table, relation.bare) in said.built for table in tables)
                and relation.kind == "i"
                and self.is_certain(oid)
                and self.is_certain(relation.indexed)
            ):
                yield (
                    f"{self.old[relation.indexed].name}: the server says that it builds"
                    f" {relation.name}, the file is the same"
                )

    def against_counted(self, verified: frozenset[int], scans: frozenset[int]) -> Iterator[str]:
        for oid in sorted(verified - scans - self.rewritten):
            if self.is_certain(oid):
                yield f"{self.old[oid].name}: the server says that it reads all, and counts no scan"
