"""The version table names a revision that no file has."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.probes import Examined, SetUp

NAME = "lost revision"
ORDER = 40


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Where git has the file, or where the structure proves the database to be."""
    for one in set_up.databases:
        located = one.located
        if located is None:
            continue
        for lost in located.lost:
            yield Finding(
                "LG-DOC-4",
                NAME,
                f"{one.title} records {lost.revision}, and no file here has it; "
                f"git does: {lost.commit[:12]}:{lost.path}",
                f"run `lockgate doctor --restore {lost.revision}` to bring it back",
            )
        for revision in located.nowhere:
            if set_up.fetch is not None:
                yield Finding(
                    "LG-DOC-4",
                    NAME,
                    f"{one.title} records {revision}, and no file here or in git has it, "
                    "but this clone lacks a part of the history",
                    f"run `{set_up.fetch}`, and ask again",
                )
                continue
            here = located.proved(but=revision)
            yield Finding(
                "LG-DOC-4",
                NAME,
                f"{one.title} records {revision}, and no file here or in git has it"
                + (f"; its structure is that of {' and '.join(here)}" if here else ""),
                stamping(one, here),
            )


def stamping(one: Examined, proved: tuple[str, ...]) -> str:
    """The stamp that the structure proves; without a proof, how to get at one."""
    if not proved:
        return f"run `lockgate locate {one.environment} --verbose` to see which revision is nearest"
    return f"run `lockgate stamp --purge {' '.join(proved)} --env {one.environment}`"
