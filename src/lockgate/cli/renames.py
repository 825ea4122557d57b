"""Renames on the command line: the options that declare them, and the question about one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.terminal import TERMINAL, Format

if TYPE_CHECKING:
    from lockgate.core.ddl import RenameCandidate
    from lockgate.workflows.leading import Ask

Renamed = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        metavar="KIND:OLD=NEW",
        help="Something was renamed: table:public.a=b. May be repeated.",
    ),
]
NotRenamed = Annotated[
    list[str] | None,
    typer.Option(
        "--no-rename",
        metavar="KIND:OLD",
        help="Something was not renamed, but removed. May be repeated.",
    ),
]


def person() -> Ask | None:
    """Asks the person at the terminal, None where there is none."""
    return _ask if sys.stdin.isatty() and TERMINAL.format == Format.TEXT else None


def _ask(candidate: RenameCandidate) -> bool:
    rename = candidate.rename
    TERMINAL.note(
        f"{rename.kind} {rename.old} is gone and {rename.new} is new "
        f"({candidate.confidence:.0%}: {candidate.why})"
    )
    while (answer := TERMINAL.ask("was it renamed? [y/n] ")) is not None:
        if answer.lower() in ("y", "yes", "n", "no"):
            return answer.lower().startswith("y")
    raise KeyboardInterrupt
