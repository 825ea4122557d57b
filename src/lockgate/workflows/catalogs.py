"""Reads the Catalogs of a Destination, its version tables left out."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.core.catalog import Catalog
from lockgate.core.url import DatabaseUrl
from lockgate.migrations.driver import VersionTable
from lockgate.postgres.binaries import find_pg_dump
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.dump import read_catalog
from lockgate.workflows.destination import Destination
from lockgate.workflows.listing import ask


def read_catalogs(
    destination: Destination, version_tables: Iterable[VersionTable]
) -> dict[str, Catalog]:
    """The Catalog of each part, identity proved on a connection that stays open meanwhile."""
    tables = tuple(version_tables)
    with destination.connected(purpose="catalog") as checked:
        return {
            part: read_structure(
                url,
                server_version=checked[part].facts.server_version,
                version_tables=[t for t in tables if t.part == part],
            )
            for part, url in destination.urls.items()
        }


def read_scratch_catalog(url: DatabaseUrl, version_tables: Iterable[VersionTable]) -> Catalog:
    """The Catalog of a scratch database."""
    with connect_unchecked(url, purpose="catalog") as (_, __, facts):
        return read_structure(
            url, server_version=facts.server_version, version_tables=version_tables
        )


def read_structure(
    url: DatabaseUrl, *, server_version: int, version_tables: Iterable[VersionTable]
) -> Catalog:
    """The Catalog at `url`, whose identity the caller has settled."""
    left_out = tuple((t.schema or "", t.name) for t in version_tables)
    pg_dump = find_pg_dump(server_version // 10_000)
    return read_catalog(url, pg_dump=pg_dump, version_tables=left_out)


def read_readable(destination: Destination) -> Catalog:
    """The Catalog of a database that may have no mark; a mark that is there must be right.

    Of several databases, the first.
    """
    record, guard = ask(destination, purpose="snapshot")
    with connect_unchecked(destination.primary, purpose="snapshot") as (_, mark, facts):
        if mark is not None:
            guard.prove(mark, facts)
        return read_structure(
            destination.primary,
            server_version=facts.server_version,
            version_tables=record.version_tables,
        )
