"""A rehearsal for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lockgate.core.agreement import disagreement_words
from lockgate.core.duration import format_duration
from lockgate.core.preview import PreviewedStatement
from lockgate.core.rehearsal import Rehearsal, RevisionRehearsal, structural
from lockgate.report.changes import change_document, changes_text, compared_document
from lockgate.report.effects import WORDS, effects_document
from lockgate.report.filled import filled_document, filled_text
from lockgate.report.wrapping import wrapped


def rehearsal_text(rehearsal: Rehearsal, *, verbose: bool = False) -> str:
    """A line per Revision, what is wrong below it, and a sentence at the end.

    With `verbose` also what its statements blocked; a disagreement of prediction and observation
    is told always.
    """
    if not rehearsal.revisions and rehearsal.start != "base":
        return f"nothing to rehearse: {rehearsal.start} has all that was asked for already"
    if not rehearsal.revisions:
        return (
            f"nothing to rehearse on PostgreSQL {rehearsal.major}: "
            "lockgate.lock has every revision as it is (--all rehearses them again)"
        )
    lines = [f"rehearsed on PostgreSQL {rehearsal.server}, from {rehearsal.start}"]
    lines += filled_text(rehearsal.filled)
    for one in rehearsal.revisions:
        lines.append(f"  {_sign(one)} {one.revision}  {_verdict(one):<22} {one.message}")
        lines += _details(one)
        lines += _observed(one, verbose=verbose)
    if rehearsal.whole_error is not None:
        lines.append(f"  all in one process: {rehearsal.whole_error}")
    elif changes := changes_text(rehearsal.whole_changes, indent="    "):
        lines += ["  all in one process makes another schema than one by one:", changes]
    if rehearsal.models_match is True:
        lines.append("  the models make the same schema as the revisions")
    elif rehearsal.models_match is False:
        lines.append("  the models differ from the revisions (from the head to the models):")
        changes = changes_text(
            rehearsal.models_changes, indent="    ", missed=rehearsal.models_missed
        )
        lines.append(changes)
    elif rehearsal.models_error is not None:
        lines.append(f"  the models' own schema cannot be made: {rehearsal.models_error}")
    good = sum(one.ok for one in rehearsal.revisions)
    took = format_duration(sum(one.seconds for one in rehearsal.revisions) * 1_000)
    total = len(rehearsal.revisions)
    if rehearsal.ok:
        lines.append(f"{total} of {total} go up, down and up again ({took})")
    else:
        lines.append(f"{total - good} of {total} need work ({took})")
    return "\n".join(lines)


def rehearsal_document(rehearsal: Rehearsal) -> dict[str, Any]:
    """The shape of CONTRACT.md, with the two ways of replaying added."""
    return {
        "server": rehearsal.server,
        "start": rehearsal.start,
        "ok": rehearsal.ok,
        "revisions": [
            {
                "revision": one.revision,
                "message": one.message,
                "up": one.up,
                "down": one.down,
                "restores": one.restores,
                "irreversible": one.irreversible,
                "changes": [change_document(change) for change in one.changes],
                "fingerprint": one.fingerprint,
                "seconds": round(one.seconds, 3),
                "error": one.error,
                "statements": [_statement_document(statement) for statement in one.statements],
            }
            for one in rehearsal.revisions
        ],
        "whole_error": rehearsal.whole_error,
        "whole_changes": [change_document(c) for c in structural(rehearsal.whole_changes)],
        "models_match": rehearsal.models_match,
        "models_changes": [
            compared_document(change, rehearsal.models_missed)
            for change in rehearsal.models_changes
        ],
        "models_error": rehearsal.models_error,
        "filled": filled_document(rehearsal.filled),
    }


def _statement_document(previewed: PreviewedStatement) -> dict[str, Any]:
    statement = previewed.statement
    effects = effects_document(previewed.effects)["effects"] if previewed.effects else []
    return {
        "sql": previewed.sql,
        "database": previewed.part or None,
        "direction": statement.direction.value,
        "line": statement.line,
        "milliseconds": statement.milliseconds,
        "failed": previewed.failed,
        "effects": effects,
        "disagreements": list(previewed.disagreements),
    }


def _observed(one: RevisionRehearsal, *, verbose: bool) -> list[str]:
    """What the upgrade's statements blocked on scratch, and where that was predicted otherwise."""
    lines = list(_blocked(one)) if verbose else []
    for previewed in one.statements:
        lines += [f"      !! {disagreement_words(text)}" for text in previewed.disagreements]
    return lines


def _blocked(one: RevisionRehearsal) -> Iterator[str]:
    """Which lines of the file block whom where; lines that do the same stand together."""
    places: dict[str, list[str]] = {}
    for previewed in one.statements:
        found = previewed.effects.effects if previewed.is_up and previewed.effects else ()
        names: dict[tuple[str, ...], list[str]] = {}
        for effect in found:
            if effect.blocks:
                database = f" on {previewed.part}" if previewed.part else ""
                name = f"{effect.relation.removeprefix('public.')}{database}"
                names.setdefault(effect.blocks, []).append(name)
        for blocks, on in names.items():
            more = f" and {len(on) - MOST_NAMED} more" if len(on) > MOST_NAMED else ""
            words = f"{WORDS[blocks]} on {', '.join(on[:MOST_NAMED])}{more}"
            places.setdefault(words, []).append(str(previewed.statement.line))
    for words, lines in places.items():
        line = "line" if len(lines) == 1 else "lines"
        yield from wrapped(f"{line} {', '.join(lines)}: {words}", 80, first=" " * 6, rest=" " * 8)


MOST_NAMED = 4
"""Relations that one statement locks, its table's indexes among them."""


def _in_short(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


_WIDTH = 66
"""What is left of 80 columns."""


def _sign(one: RevisionRehearsal) -> str:
    if one.ok:
        return "✓" if one.down == "ok" else "!"
    return "✗"


def _verdict(one: RevisionRehearsal) -> str:
    if one.up != "ok":
        return f"upgrade {one.up}"
    if one.down == "irreversible":
        return "up; irreversible"
    if one.down != "ok":
        return f"up; downgrade {one.down}"
    if not one.restores:
        return "up; does not restore"
    return "up, down, up" if one.error is None else "up, down; not up again"


def _details(one: RevisionRehearsal) -> list[str]:
    lines = []
    if one.irreversible is not None:
        lines.append(f"      irreversible: {one.irreversible}")
    if one.down == "missing":
        lines.append('      the downgrade does nothing: write it, or say irreversible = "why"')
    if one.error is not None:
        lines.append(f"      {one.error}")
        lines += [f"      sent: {_in_short(s.sql)}" for s in one.statements[-1:] if s.failed]
    if not one.ok and (changes := changes_text(one.changes, indent="      ")):
        lines += ["      left after the downgrade:", changes]
    return lines
