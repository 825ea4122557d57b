"""What rehearsals with made-up rows took, kept in the state directory for the next forecast.

One machine's memory: where `.lockgate` is not kept, a forecast is what it would be without.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lockgate.core.forecast import Basis
from lockgate.core.preview import PreviewedStatement
from lockgate.core.rates import Measurement, digest_of
from lockgate.core.shape import shape_of
from lockgate.core.target import TargetStatistics
from lockgate.core.timings import counted, kept_works, read_measurement
from lockgate.core.work import works_of
from lockgate.postgres.connect import connect_unchecked
from lockgate.postgres.statistics import read_pace, read_statistics
from lockgate.workflows.scratch import ScratchDatabases
from lockgate.workflows.workspace import Workspace, write_atomically

TIMINGS = "timings.json"
REMEMBERED = 400
"""Statements for each Environment, the newest."""


@dataclass(frozen=True, slots=True)
class ScratchSizes:
    """How large scratch is once rows were made up, and how long its server computes."""

    statistics: TargetStatistics
    pace_ms: float | None


@dataclass(frozen=True, slots=True)
class RememberedTiming:
    """A statement that ran on scratch, on a server of a known pace."""

    measurement: Measurement
    pace_ms: float | None


def scratch_sizes(databases: ScratchDatabases) -> dict[str, ScratchSizes]:
    """Sizes and pace of each database of scratch, by part."""
    found = {}
    for part, url in databases.urls.items():
        with connect_unchecked(url, purpose="scratch") as (connection, _, __):
            found[part] = ScratchSizes(read_statistics(connection), read_pace(connection))
    return found


def remember_statements(
    workspace: Workspace,
    environment: str,
    sizes: Mapping[str, ScratchSizes],
    statements: Iterable[PreviewedStatement],
) -> None:
    """Keeps what `statements` took on scratch, for forecasts of `environment`, each database apart.

    Their texts are not kept, which may hold values, but digests.
    """
    ran = list(statements)
    everything = _read(workspace)
    for part, one in sizes.items():
        name = _name(environment, part)
        timed = _timed(one, (statement for statement in ran if statement.part == part))
        known = everything.get(name) or {}
        kept = {k: v for k, v in known.items() if k not in timed} | timed
        everything[name] = dict(list(kept.items())[-REMEMBERED:])
    if sizes:
        write_atomically(workspace.state_directory / TIMINGS, json.dumps(everything))


def _name(environment: str, part: str) -> str:
    """Under which a database's timings are kept."""
    return f"{environment}/{part}" if part else environment


def _timed(
    sizes: ScratchSizes, statements: Iterable[PreviewedStatement]
) -> dict[str, dict[str, Any]]:
    """By digest how long each took, and for how much work."""
    return {
        digest_of(one.sql): {
            "milliseconds": round(one.statement.milliseconds, 3),
            "works": [
                asdict(work)
                for work in kept_works(
                    counted(
                        works_of(shape_of(one.sql), one.effects, sizes.statistics),
                        one.statement.rows,
                    )
                )
            ],
            "pace_ms": sizes.pace_ms,
        }
        for one in statements
        if one.effects is not None and one.statement.milliseconds is not None
    }


def remembered_timings(
    workspace: Workspace, environment: str, part: str
) -> tuple[RememberedTiming, ...]:
    """What is remembered of rehearsals for one database of `environment`, the oldest first."""
    found = []
    for digest, kept in _read(workspace).get(_name(environment, part), {}).items():
        try:
            took, pace_ms = float(kept["milliseconds"]), kept["pace_ms"]
            measurement = read_measurement(digest, kept["works"], took, Basis.REHEARSED)
        except (KeyError, TypeError, ValueError):
            continue
        if measurement is not None:
            found.append(RememberedTiming(measurement, pace_ms))
    return tuple(found)


def on_machine(timed: RememberedTiming, pace_ms: float | None) -> Measurement:
    """`timed`, compared with a target of `pace_ms` where both are known."""
    return replace(timed.measurement, machine=machine(pace_ms, timed.pace_ms))


def machine(target_ms: float | None, scratch_ms: float | None) -> float | None:
    """The target's pace over scratch's, None where one of them did not tell."""
    return target_ms / scratch_ms if target_ms and scratch_ms else None


def _read(workspace: Workspace) -> dict[str, dict[str, Any]]:  # Any: JSON before it is checked
    try:
        content = json.loads(
            (workspace.settings.state_directory / TIMINGS).read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return {}  # never written, or by somebody else: nothing is lost
    if not isinstance(content, dict):
        return {}
    return {name: kept for name, kept in content.items() if isinstance(kept, dict)}
