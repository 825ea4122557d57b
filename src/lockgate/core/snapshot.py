"""A Catalog as a file: written whole, and read back only if it is whole and of a known format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from lockgate.core.catalog import Catalog, CatalogObject
from lockgate.errors import ExitStatus, LockgateError

SCHEMA = "lockgate/snapshot/1"


@dataclass(eq=False)
class SnapshotUnreadable(LockgateError):
    """A snapshot file that is missing, cut short, edited, or of a newer format."""

    path: Path
    reason: str

    code: ClassVar[str] = "LG-SNAP-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file and why."""
        return f'the snapshot "{self.path}" cannot be used: {self.reason}'

    @property
    def hint(self) -> str:
        """Make a new one."""
        return "make a new one with `lockgate snapshot TARGET -o FILE`"


def snapshot_document(catalog: Catalog) -> dict[str, Any]:
    """A Catalog in the shape of CONTRACT.md, without the schema's name."""
    return {
        "server": catalog.server,
        "fingerprint": catalog.fingerprint,
        "cosmetic_fingerprint": catalog.cosmetic_fingerprint,
        "majors": list(catalog.majors),
        "catalog": {
            "objects": [
                {
                    "kind": found.kind,
                    "name": found.name,
                    "definition": found.definition,
                    "properties": dict(found.properties),
                    "cosmetic": found.cosmetic,
                }
                for found in catalog.objects
            ],
            "missing": list(catalog.missing),
        },
    }


def read_snapshot(path: Path) -> Catalog:
    """The Catalog in the file at `path`; raises SnapshotUnreadable."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SnapshotUnreadable(path, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise SnapshotUnreadable(path, "it is no JSON, or cut short") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise SnapshotUnreadable(path, f'its schema is "{schema}", expected "{SCHEMA}"')
    try:
        written = msgspec.convert(document, _Document)
    except msgspec.ValidationError as error:
        raise SnapshotUnreadable(path, str(error)) from error
    catalog = Catalog(
        written.server,
        tuple(
            CatalogObject(
                o.kind, o.name, o.definition, tuple(sorted(o.properties.items())), o.cosmetic
            )
            for o in written.catalog.objects
        ),
        tuple(written.catalog.missing),
    )
    if catalog.fingerprint != written.fingerprint:
        raise SnapshotUnreadable(path, "its fingerprint is not that of its content: it was edited")
    return catalog


class _Object(msgspec.Struct):
    kind: str
    name: str
    definition: str
    properties: Mapping[str, str]
    cosmetic: bool


class _Objects(msgspec.Struct):
    objects: list[_Object]
    missing: list[str]


class _Document(msgspec.Struct):
    server: str
    fingerprint: str
    catalog: _Objects
