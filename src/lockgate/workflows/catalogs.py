"""Reads the Catalogs of a Destination, its version tables left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from lockgate.core.catalog import Catalog, Change, diff
from lockgate.core.url import DatabaseUrl
from lockgate.migrations.driver import RunRecord, VersionTable
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.connect import Connection, connect_unchecked
from lockgate.workflows.destination import Destination, ReadingGuard
from lockgate.workflows.listing import ask
from lockgate.workflows.workspace import Workspace

T = TypeVar("T")


def read_catalogs(
    destination: Destination, version_tables: Iterable[VersionTable]
) -> dict[str, Catalog]:
    """The Catalog of each part, on a connection whose identity was proved."""
    tables = tuple(version_tables)
    with destination.connected(purpose="catalog") as checked:
        catalogs = {
            part: read_structure(one.connection, [t for t in tables if t.part == part])
            for part, one in checked.items()
        }
    for catalog in catalogs.values():
        _say_what_is_missing(destination.workspace, destination.name, catalog)
    return catalogs


def read_scratch_catalog(url: DatabaseUrl, version_tables: Iterable[VersionTable]) -> Catalog:
    """The Catalog of a scratch database."""
    with connect_unchecked(url, purpose="catalog") as (connection, _, __):
        return read_structure(connection, version_tables)


def read_structure(connection: Connection, version_tables: Iterable[VersionTable]) -> Catalog:
    """The Catalog of the database that `connection` is on; the caller has settled its identity.

    Raises CatalogLocked, CatalogTooSlow, CatalogMoved.
    """
    return read_catalog(connection, leave_out=[(t.schema or "", t.name) for t in version_tables])


def read_readable(destination: Destination) -> Catalog:
    """The Catalog of a database that may have no mark; a mark that is there must be right.

    Of several databases, the first.
    """
    return next(iter(read_readable_catalogs(destination)[2].values()))


def read_readable_catalogs(
    destination: Destination,
) -> tuple[RunRecord, ReadingGuard, dict[str, Catalog]]:
    """What `env.py` finds, what its guard saw, and the Catalog of each part; as `read_readable`."""
    record, guard = ask(destination, purpose="catalog")
    catalogs = {}
    for part, url in destination.urls.items():
        with connect_unchecked(url, purpose="catalog") as (connection, mark, facts):
            if mark is not None:
                guard.prove(mark, facts)
            tables = [table for table in record.version_tables if table.part == part]
            catalogs[part] = read_structure(connection, tables)
        _say_what_is_missing(destination.workspace, destination.name, catalogs[part])
    return record, guard, catalogs


def read_readable_with(
    destination: Destination, more: Callable[[str, Connection], T]
) -> tuple[dict[str, Catalog], dict[str, T]]:
    """As `read_readable` of each part, and what `more` reads on the same connection."""
    record, guard = ask(destination, purpose="catalog")
    catalogs, found = {}, {}
    unmarked = False
    for part, url in destination.urls.items():
        with connect_unchecked(url, purpose="catalog") as (connection, mark, facts):
            unmarked |= mark is None
            if mark is not None:
                guard.prove(mark, facts)
            tables = [table for table in record.version_tables if table.part == part]
            catalogs[part] = read_structure(connection, tables)
            found[part] = more(part, connection)
        _say_what_is_missing(destination.workspace, destination.name, catalogs[part])
    if unmarked:
        destination.workspace.progress.done(
            "note: this database has no mark; `lockgate env enroll NAME` writes one"
        )
    return catalogs, found


def fingerprint(catalogs: Mapping[str, Catalog]) -> str:
    """One Fingerprint for all parts."""
    if len(catalogs) == 1:
        return next(iter(catalogs.values())).fingerprint
    return " ".join(f"{part}={catalog.fingerprint}" for part, catalog in sorted(catalogs.items()))


def between(before: Mapping[str, Catalog], after: Mapping[str, Catalog]) -> tuple[Change, ...]:
    """Changes of all parts."""
    return tuple(change for part in before for change in diff(before[part], after[part]))


def _say_what_is_missing(workspace: Workspace, name: str, catalog: Catalog) -> None:
    if catalog.missing:
        kinds = ", ".join(kind.replace("_", " ") for kind in catalog.missing)
        workspace.progress.done(
            f"note: the structure of {name} is incomplete: the login may not read {kinds}"
        )
