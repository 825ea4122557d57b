"""A version table that is empty, holds a row twice, or a revision beside its ancestor."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding
from lockgate.core.locate import BASE
from lockgate.core.probes import Examined, SetUp
from lockgate.core.probes.lost_revision import stamping

NAME = "version table"
ORDER = 50


def examine(set_up: SetUp) -> Iterator[Finding]:
    """What is wrong with the rows, and the stamp that sets them right where it is proved."""
    for one in set_up.databases:
        if one.located is None or one.located.missing:
            continue
        what = wrong_rows(set_up, one)
        if what is not None:
            cure = stamping(one, one.located.proved())
            yield Finding("LG-DOC-5", NAME, f"{one.title}: {what}", cure)


def wrong_rows(set_up: SetUp, one: Examined) -> str | None:
    """What no version table should hold, None where it is sound."""
    recorded = one.recorded or ()
    if not recorded:
        if one.located is None or BASE in one.located.exact:
            return None
        word = "there is no version table" if one.recorded is None else "the version table is empty"
        return f"{word}, but the database is not"
    doubled = sorted({revision for revision in recorded if recorded.count(revision) > 1})
    if doubled:
        return f"the version table has {', '.join(doubled)} more than once"
    for revision in recorded:
        others = tuple(other for other in recorded if other != revision)
        if revision in set_up.ancestors(others):
            return f"the version table has {revision} and what comes after it: {', '.join(others)}"
    return None
