"""Rounds of a watch, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.finding import Finding, Severity
from lockgate.core.health import Observation, Round
from lockgate.report.finding import finding_document


def round_text(found: Round, number: int) -> str:
    """One line: when, and either that all is well or what is not."""
    seen = [observation for _, observation in found.observations]
    heads = ", ".join(sorted({head for one in seen for head in one.heads or ()})) or "base"
    checks = [check for one in seen for check in one.checks]
    parts = [f"{found.at:%H:%M:%S}", f"round {number}"]
    if seen:
        parts.append(f"at {heads}")
    if checks:
        parts.append(f"{sum(check.ok for check in checks)}/{len(checks)} checks")
    lags = [r.lag_ms for one in seen for r in one.replicas if r.lag_ms is not None]
    if lags:
        parts.append(f"lag {format_duration(max(lags))}")
    probes = dict.fromkeys(finding.source for finding in found.bad)
    parts.append(f"BAD: {', '.join(probes)}" if probes else "ok")
    return "  ".join(parts)


def summary_text(name: str, rounds: Sequence[Round], *, interrupted: bool) -> str:
    """How the watch ended, with every Finding of its last round."""
    if not rounds:
        return f"{name} was not looked at: the watch was interrupted"
    took_ms = (rounds[-1].at - rounds[0].at).total_seconds() * 1_000
    several = f"{len(rounds)} rounds in {format_duration(took_ms)}"
    count = several if len(rounds) > 1 else "1 round"
    bad = rounds[-1].bad
    if bad:
        head = f"{name} is not well ({count}):"
    elif interrupted:
        head = f"{name} was well until the watch was interrupted ({count})"
    else:
        head = f"{name} is well ({count})"
    return "\n".join([head, *(_finding_text(f) for f in rounds[-1].findings)])


def _finding_text(finding: Finding) -> str:
    word = "warning" if finding.severity is Severity.WARNING else "error"
    return f"{word}[{finding.code}]: {finding.message}\nhint: {finding.remedy}"


def watch_document(name: str, rounds: Sequence[Round], *, interrupted: bool) -> dict[str, Any]:
    """All rounds, with whether the last of them was a good one."""
    return {
        "environment": name,
        "ok": bool(rounds) and not rounds[-1].bad and not interrupted,
        "interrupted": interrupted,
        "findings": [finding_document(f, "probe") for f in rounds[-1].findings] if rounds else [],
        "rounds": [
            {
                "at": found.at.isoformat(timespec="milliseconds"),
                "ok": not found.bad,
                "findings": [finding_document(f, "probe") for f in found.findings],
                "databases": [
                    {"part": part} | _observation_document(seen)
                    for part, seen in found.observations
                ],
            }
            for found in rounds
        ],
    }


def _observation_document(seen: Observation) -> dict[str, Any]:
    return {
        "current": None if seen.heads is None else list(seen.heads),
        "fingerprint": None if seen.catalog is None else seen.catalog.fingerprint,
        "checks": [{"ok": check.ok} | asdict(check) for check in seen.checks],
        "blocked_sessions": [asdict(one) for one in seen.blocked],
        "long_transactions": [asdict(one) for one in seen.transactions],
        "invalid_indexes": [asdict(one) for one in seen.invalid_indexes],
        "replicas": [asdict(one) for one in seen.replicas],
        "sees_all": seen.sees_all,
    }
