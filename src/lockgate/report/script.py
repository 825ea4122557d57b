"""Statements from one structure to another, candidates for renames, and what is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lockgate.core.catalog import Change
from lockgate.core.ddl import Rename, RenameCandidate, Script
from lockgate.report.changes import change_document


def script_text(script: Script) -> str:
    """The statements as a file that psql runs, with the transactions that they need.

    What loses rows, and what no statement settles, is said in comments.
    """
    lines: list[str] = []
    for group in script.transactions():
        inside = not group[0].outside
        lines += ["BEGIN;"] if inside else []
        for statement in group:
            if statement.loses:
                lines.append(_comment(f"loses {statement.loses}"))
            lines.append(f"{statement.sql};")
        lines += ["COMMIT;"] if inside else []
    for unsettled in script.unsettled:
        change = unsettled.change
        lines.append(_comment(f"left: {change.object} {change.name}: {unsettled.reason}"))
    return "\n".join(lines)


def _comment(text: str) -> str:
    return f"-- {' '.join(text.split())}"


def candidates_text(candidates: Iterable[RenameCandidate]) -> str:
    """A line or two for each candidate, with how to declare it."""
    lines = []
    for one in candidates:
        rename = one.rename
        lines.append(
            f"? {rename.kind} {rename.old} could have been renamed to {rename.new} "
            f"({one.confidence:.0%})"
        )
        lines.append(f"    {one.why}")
        lines.append(f"    confirm with --rename '{rename}'")
    return "\n".join(lines)


def candidate_document(candidate: RenameCandidate) -> dict[str, Any]:
    """A candidate as JSON."""
    return _rename_document(candidate.rename) | {
        "confidence": candidate.confidence,
        "why": candidate.why,
        "declared": False,
    }


def declared_document(rename: Rename) -> dict[str, Any]:
    """A rename that somebody declared."""
    return _rename_document(rename) | {"confidence": 1.0, "why": "declared", "declared": True}


def _rename_document(rename: Rename) -> dict[str, Any]:
    return {
        "kind": rename.kind,
        "from": rename.old,
        "to": rename.renamed,
        "declare": str(rename),
        "sql": rename.sql,
    }


def script_document(
    script: Script, *, proved: bool, left: Iterable[Change], reason: str | None
) -> dict[str, Any]:
    """Statements with their transactions, whether they were proved, and what is left."""
    return {
        "statements": [
            {
                "sql": statement.sql,
                "transaction": "forbidden" if statement.outside else "allowed",
                "loses": statement.loses,
            }
            for statement in script.statements
        ],
        "proved": proved,
        "reason": reason,
        "left": [change_document(change) for change in left],
    }


def settled_by(script: Script) -> dict[Change, str]:
    """For each Change the SQL that makes it, statements apart by a semicolon and a line break."""
    found: dict[Change, list[str]] = {}
    for statement in script.statements:
        for change in statement.settles:
            found.setdefault(change, []).append(statement.sql)
    return {change: ";\n".join(sql) for change, sql in found.items()}
