"""The Ledger, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from lockgate.core.duration import format_duration
from lockgate.core.ledger import LedgerRow, LedgerView


def log_text(views: Iterable[LedgerView], *, verbose: bool) -> str:
    """Each row with who and when, newest first; verbose with its statements and their durations."""
    views = tuple(views)
    lines: list[str] = []
    for view in views:
        if len(views) > 1:
            lines.append(f"{_title(view)}:")
        for row in view.rows:
            lines += _row_lines(row, verbose=verbose)
        if not view.rows:
            lines.append(
                "the ledger is empty"
                if view.exists
                else "there is no ledger: lockgate.ledger_end"
                " has no row, or the schema lockgate is gone"
            )
        older = view.rows[-1].id - 1 if view.rows else 0
        if older:
            lines.append(f"({older} older; -n 0 shows all)")
    return "\n".join(lines)


def verdict_text(view: LedgerView) -> str:
    """What checking the chain of one Ledger came to."""
    if view.faults is None:
        return ""
    if not view.faults:
        newest = view.rows[0].id if view.rows else 0
        return f"the ledger of {_title(view)} is whole: {newest} rows"
    count = len(view.faults)
    lines = [f"the ledger of {_title(view)} is broken in {count} place{'s' * (count > 1)}:"]
    return "\n".join([*lines, *(f"  {fault.what}" for fault in view.faults)])


def _title(view: LedgerView) -> str:
    return f"{view.environment}/{view.part}" if view.part else view.environment


def _row_lines(row: LedgerRow, *, verbose: bool) -> Iterator[str]:
    entry = row.entry
    if not entry:
        yield f"#{row.id}  cannot be read; `--verify` says more"
        return
    actor = entry["actor"]
    at = datetime.fromisoformat(entry["at"]).strftime("%Y-%m-%d %H:%M:%S")
    what = " ".join(str(entry[key]) for key in ("action", "revision", "outcome") if entry[key])
    yield f"#{row.id}  {at} UTC  {what}"
    statements = entry["statements"]
    details = [f"{actor['user']}@{actor['host']}"]
    if actor["git_commit"]:
        details.append(f"git {actor['git_commit'][:10]}")
    if statements:
        spent = format_duration(sum(s["milliseconds"] or 0 for s in statements))
        details.append(f"{len(statements)} statement{'s' * (len(statements) > 1)} in {spent}")
    if entry["attempt"] > 1:
        details.append(f"attempt {entry['attempt']}")
    if entry["plan"]:
        details.append(f"plan {entry['plan'][:19]}")
    yield f"    {', '.join(details)}"
    for name, said in entry["remarks"]:
        yield f"    {name}: {said}"
    if verbose:
        yield from _more(entry)


def _more(entry: Any) -> Iterator[str]:  # Any: JSON as an older or newer lockgate wrote it
    if entry["revision"]:
        yield f"    {entry['direction'] or 'stamp'} to {', '.join(entry['heads']) or 'base'}"
    for statement in entry["statements"]:
        spent = "" if statement["milliseconds"] is None else f"{statement['milliseconds']:.1f} ms"
        rows = "" if statement["rows"] is None else f", {statement['rows']} rows"
        first, *rest = statement["sql"].strip().splitlines()
        yield f"      {first}"
        yield from (f"      {line.rstrip()}" for line in rest)
        yield f"        -- line {statement['line']}, {spent}{rows}"


def log_document(views: Iterable[LedgerView]) -> dict[str, Any]:
    """The rows of each database, newest first, as they stand in the Ledger."""
    views = tuple(views)
    return {
        "environment": views[0].environment,
        "ledgers": [
            {
                "part": view.part,
                "whole": None if view.faults is None else not view.faults,
                "faults": None
                if view.faults is None
                else [{"row": fault.row, "what": fault.what} for fault in view.faults],
                "rows": [{"id": row.id, "hash": row.hash, **row.entry} for row in view.rows],
            }
            for view in views
        ],
    }
