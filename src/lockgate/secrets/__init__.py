"""Sources of credentials, one file each.

A source is a module here, or one that an installed package names in the entry point group
`lockgate.secrets`, with the shape of `Source`. Dropping the file in is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lockgate.core.url import DatabaseUrl


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source may look at: nothing of the process is read behind its back.

    `options` are the further keys of the environment's settings that concern credentials, for
    example `{"aws_profile": "prod", "aws_region": "eu-west-1"}`. `start_embedded` starts the
    PostgreSQL kept under the name and answers its URL.
    """

    environ: Mapping[str, str]
    directory: Path
    options: Mapping[str, str] = field(default_factory=dict)
    start_embedded: Callable[[str], DatabaseUrl] | None = None


class Source(Protocol):
    """The shape of a module in this folder."""

    SCHEME: str
    """What stands before the colon, for example `env`."""

    LOCAL: bool
    """Whether resolving needs neither network, nor a program, nor a question to anyone."""

    def resolve(self, reference: str, context: SourceContext) -> DatabaseUrl:
        """The database that `reference` (what stands behind the colon) names."""
        ...
