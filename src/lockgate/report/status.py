"""Where the Environments stand, side by side for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.ledger import LedgerRow
from lockgate.core.status import Comparison, CurrentRevision, EnvironmentStatus, Standing
from lockgate.report.changes import change_document, changes_text

COLUMN_WIDTH = 22
"""The least that a column of an Environment needs to be read."""
LABEL_WIDTH = 12


def status_text(
    standing: Standing, *, now: datetime, width: int, colour: bool, verbose: bool
) -> str:
    """A column for each Environment, as many side by side as fit into `width`."""
    heads = [f"head  {_revision(head)}" for head in standing.heads]
    if not standing.environments:
        return "\n".join([*heads, "the settings have no environments"])
    abreast = max(1, (width - LABEL_WIDTH) // COLUMN_WIDTH)
    groups = range(0, len(standing.environments), abreast)
    tables = [
        _table(standing.environments[at : at + abreast], now, width=width, colour=colour)
        for at in groups
    ]
    problems = [f"{e.title}: {e.problem}" for e in standing.environments if e.problem]
    changes = [
        f"{e.title} differs from {_revision(e.current[0])}:\n{changes_text(e.structure.changes)}"
        for e in standing.environments
        if verbose and e.structure.changes and e.current
    ]
    return "\n".join([*tables, *heads, *problems, *changes])


def _table(
    environments: tuple[EnvironmentStatus, ...], now: datetime, *, width: int, colour: bool
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for environment in environments:
        table.add_column(environment.title, overflow="fold", ratio=1)
    columns = [_column(environment, now) for environment in environments]
    for label in columns[0]:
        cells = [Text(column[label][0], style=column[label][1]) for column in columns]
        table.add_row(label, *cells)
    out = StringIO()
    Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
    ).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines() if line.strip()) + "\n"


def _column(found: EnvironmentStatus, now: datetime) -> dict[str, tuple[str, str]]:
    """Text and style of each row of the table."""
    current = found.current
    pending = found.pending
    return {
        "role": (found.role.value, ""),
        "url": (found.url or "not known", ""),
        "identity": (found.identity, "green" if found.identity == "ok" else "red"),
        "revision": (
            "not known" if current is None else "\n".join(map(_revision, current)) or "none (base)",
            "",
        ),
        "pending": ("not known" if pending is None else str(pending), "yellow" if pending else ""),
        "drift": _drift(found.structure),
        "last": (_last(found, now), ""),
    }


def _revision(found: CurrentRevision) -> str:
    return f"{found.revision} {found.message or '(its file is not here)'}".rstrip()


def _drift(found: Comparison) -> tuple[str, str]:
    if found.drifted is None:
        return f"not known: {found.reason}", ""
    if not found.drifted:
        return "none", "green"
    if found.changes is None:
        return "not the rehearsed structure", "red"
    count = len(found.changes)
    return f"{count} change{'' if count == 1 else 's'}; --verbose shows them", "red"


def _last(found: EnvironmentStatus, now: datetime) -> str:
    if found.last is None:
        return "nothing" if found.identity == "ok" else "not known"
    entry = found.last.entry
    if not entry:
        return f"row {found.last.id} cannot be read"
    words = " ".join(str(entry[key]) for key in ("action", "revision", "outcome") if entry[key])
    actor: Mapping[str, Any] = entry["actor"]
    commit = f", git {actor['git_commit'][:10]}" if actor.get("git_commit") else ""
    age_ms = (now - datetime.fromisoformat(entry["at"])).total_seconds() * 1_000
    return f"{words}\n{format_duration(max(age_ms, 0))} ago by {actor['user']}{commit}"


def status_document(standing: Standing) -> dict[str, Any]:
    """The shape of CONTRACT.md, and beside it what explains an answer that is null."""
    return {
        "heads": [head.revision for head in standing.heads],
        "environments": [_environment_document(e, standing) for e in standing.environments],
    }


def _environment_document(found: EnvironmentStatus, standing: Standing) -> dict[str, Any]:
    changes = found.structure.changes
    return {
        "name": found.name,
        "part": found.part,
        "role": found.role.value,
        "url": found.url,
        "identity": found.identity,
        "problem": found.problem,
        "current": None if found.current is None else [c.revision for c in found.current],
        "heads": [head.revision for head in standing.heads],
        "pending": found.pending,
        "drift": None if changes is None else len(changes),
        "drifted": found.structure.drifted,
        "drift_reason": found.structure.reason,
        "changes": None if changes is None else [change_document(c) for c in changes],
        "sealed": False,
        "last": None if found.last is None else _last_document(found.last),
    }


def _last_document(row: LedgerRow) -> dict[str, Any]:
    entry = row.entry
    actor = entry.get("actor", {})
    return {
        "id": row.id,
        "at": entry.get("at"),
        "action": entry.get("action"),
        "outcome": entry.get("outcome"),
        "revision": entry.get("revision"),
        "user": actor.get("user"),
        "host": actor.get("host"),
        "git_commit": actor.get("git_commit"),
    }
