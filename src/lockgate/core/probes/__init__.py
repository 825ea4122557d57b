"""Probes of `lockgate doctor`, one file each: a way in which a set-up goes wrong, and its cure.

A probe is a module here, or one that an installed package names in the entry point group
`lockgate.probes`, with the shape of `Probe`. They decide from a `SetUp` alone. The remedy of a
Finding is a command, or says which one to run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Protocol, cast

from lockgate.core.catalog import Catalog
from lockgate.core.ddl import Script
from lockgate.core.environment import Role
from lockgate.core.finding import Finding
from lockgate.core.locate import Located, LostFile
from lockgate.core.lockfile import LockFile
from lockgate.core.revisions import RevisionFile


@dataclass(frozen=True, slots=True)
class Problem:
    """An error that kept something from being asked: its code, its words and its hint."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class SequencePlace:
    """A sequence that fills a column: the largest value there, and the next that it would give.

    `largest` is None where no index leads to it without reading the table.
    """

    sequence: str
    column: str
    next_value: int
    largest: int | None
    ascending: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """One database, as far as it could be asked; `problem` says why not further.

    `recorded` are the rows of the version table as they stand, None where there is none.
    `ran` are the Revisions that the Ledger has as applied, in that order, each with the syntax
    hash that it had and the commit that it came from. `expected` is the structure of the recorded
    Revision where the database has another one; `undo` leads back there, `adopt` from there.
    `available` are the extensions that its server offers.
    """

    environment: str
    part: str
    role: Role
    problem: Problem | None = None
    recorded: tuple[str, ...] | None = None
    located: Located | None = None
    catalog: Catalog | None = None
    ran: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    expected: Catalog | None = None
    undo: Script = field(default_factory=Script)
    adopt: Script = field(default_factory=Script)
    invalid_indexes: tuple[str, ...] = ()
    sequences: tuple[SequencePlace, ...] = ()
    available: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The Environment, and which of its databases."""
        return f"{self.environment}/{self.part}" if self.part else self.environment

    @property
    def heads(self) -> tuple[str, ...]:
        """What is recorded, each once, sorted."""
        return tuple(sorted(set(self.recorded or ())))


@dataclass(frozen=True, slots=True)
class SetUp:
    """A repository and the databases that it leads to.

    `files` are the revision files, parents first, and `heads` their ends; both empty where
    `problem` kept them from being read; `unjoined` are the heads where nobody meant them to stay
    apart. `fetch` is the command for what this clone lacks of git's history. `lost` are Revisions
    that something here names and no file has, None where git has them not either. `applied_form`
    says for an edited Revision the commit and path of the file as it was applied, where git has it.
    """

    files: tuple[RevisionFile, ...]
    heads: tuple[str, ...]
    lock: LockFile
    databases: tuple[Examined, ...]
    problem: Problem | None = None
    lost: Mapping[str, LostFile | None] = field(default_factory=dict)
    applied_form: Mapping[str, LostFile] = field(default_factory=dict)
    unjoined: tuple[str, ...] = ()
    fetch: str | None = None

    def file(self, revision: str) -> RevisionFile | None:
        """The file of that Revision, if it is here."""
        return next((one for one in self.files if one.revision == revision), None)

    def ancestors(self, revisions: tuple[str, ...]) -> frozenset[str]:
        """`revisions` and all that come before them."""
        found = set(revisions)
        for one in reversed(self.files):
            if one.revision in found:
                found |= {*one.parent, *one.depends_on}
        return frozenset(found)


class Probe(Protocol):
    """The shape of a module in this folder."""

    NAME: str
    """As a Finding's source."""

    ORDER: int
    """Place among the Findings."""

    def examine(self, set_up: SetUp) -> Iterator[Finding]:
        """What is wrong, each with its cure."""
        ...


def probes() -> tuple[Probe, ...]:
    """Every probe there is, in the order of their Findings."""
    return tuple(sorted(_found(), key=lambda probe: (probe.ORDER, probe.NAME)))


def examine(set_up: SetUp) -> tuple[Finding, ...]:
    """What all probes find."""
    return tuple(finding for probe in probes() for finding in probe.examine(set_up))


def _found() -> Iterator[Probe]:
    for module in iter_modules(__path__):
        yield cast(Probe, import_module(f"{__name__}.{module.name}"))
    for entry_point in entry_points(group="lockgate.probes"):
        yield cast(Probe, entry_point.load())
