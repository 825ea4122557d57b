"""Prediction against observation: one answer from both, and where they disagree.

Observed beats predicted. A disagreement is a mistake of lockgate's, and is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lockgate.core.ddl.text import split_list
from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects, Transactional
from lockgate.core.finding import Finding, Severity

Hidden = Mapping[str, frozenset[LockMode]]
"""Modes in which the session held a relation before the statement: one more cannot be seen."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a statement does by both, and a line for each relation on which they disagree."""

    statement: StatementEffects
    disagreements: tuple[str, ...] = ()


def agree(
    predicted: StatementEffects,
    observed: StatementEffects,
    hidden: Hidden | None = None,
    *,
    kind: str = "",
) -> Agreement:
    """Both in one, each Effect with how it is known; `kind` is the statement's.

    What code was predicted to lock need not be seen: an exception that it handles gives locks back
    before it ends. Whether VACUUM cuts pages off is a matter of the rows. Not compared are locks
    that let reads, writes and other schema changes go on: which of them a query takes depends on
    its plan and on the rows that there are, and scratch may have none: a stronger one that was
    predicted stays as predicted. So does one of code, which rows may lead another way. Nor is
    compared what was predicted as unknown. Scans are counted in a transaction only; elsewhere a
    table counts as read where either says so.
    """
    hidden = hidden or {}
    before = {effect.relation: effect for effect in predicted.effects}
    after = {effect.relation: effect for effect in observed.effects}
    merged, lines = dict(before), []
    apart = observed.transaction is Transactional.FORBIDDEN
    for relation in sorted(before.keys() | after.keys()):
        expected, seen = before.get(relation), after.get(relation)
        if expected is not None and expected.mode in hidden.get(relation, frozenset()):
            if seen is not None:
                merged[relation] = _with_work(expected, seen)
            continue
        if expected is not None and seen is not None:
            seen = replace(seen, scans=seen.scans or (apart and expected.scans))
            if _hangs_on_rows(expected, seen, kind):
                merged[relation] = _with_work(expected, seen)
                continue
        if seen is not None:
            merged[relation] = seen
        if seen is None and kind in _CODE:
            continue
        if _differ(expected, seen) and not (kind == "VacuumStmt" and _cuts_pages_off(seen)):
            lines.append(f"{relation}: predicted {_words(expected)}, observed {_words(seen)}")
    if any(effect.relation == "?" for effect in predicted.effects):
        merged.pop("?", None)  # what could not be read has been seen
        lines = []
    return Agreement(
        StatementEffects(
            tuple(merged.values()),
            observed.transaction,
            predicted.fails_if_rows or observed.fails_if_rows,
        ),
        tuple(lines),
    )


CONTRADICTS = "lockgate contradicts itself"
"""How each disagreement begins; our own tests fail where a command says it."""


def disagreement_words(text: str) -> str:
    """A disagreement as a person reads it, with what to do about it."""
    return f"{CONTRADICTS} on {text}; what was seen counts: please report it"


def disagreement_findings(
    lines: tuple[str, ...], *, statement: int, file: str | None = None, line: int | None = None
) -> tuple[Finding, ...]:
    """A Finding for each disagreement on the statement of that index."""
    return tuple(
        Finding(
            "LG-OBS-1",
            "observation",
            f"{CONTRADICTS} on {text}",
            "report it with the statement and the server's version; what was seen counts",
            Severity.WARNING,
            statement=statement,
            relation=split_list(text, ": ")[0],
            file=file,
            line=line,
        )
        for text in lines
    )


def _cuts_pages_off(seen: Effect | None) -> bool:
    """Whether VACUUM found empty pages at the end of a table, which its text does not tell."""
    return seen is not None and seen.mode is LockMode.ACCESS_EXCLUSIVE and not seen.rewrites


def _hangs_on_rows(expected: Effect, seen: Effect, kind: str) -> bool:
    """Whether more than what was seen follows where there are the rows that scratch has not."""
    if expected.evidence is Evidence.UNKNOWN or seen.mode.strength >= expected.mode.strength:
        return False
    return kind in _CODE or expected.mode.strength < _COMPARED


def _with_work(expected: Effect, seen: Effect) -> Effect:
    return replace(
        expected,
        rewrites=expected.rewrites or seen.rewrites,
        scans=expected.scans or seen.scans,
        builds=tuple(sorted({*expected.builds, *seen.builds})),
    )


def _differ(expected: Effect | None, seen: Effect | None) -> bool:
    if expected is not None and expected.evidence is Evidence.UNKNOWN:
        return False
    if _weight(expected) < _COMPARED and _weight(seen) < _COMPARED:
        return False
    if expected is not None and expected.toast is None and seen is not None:
        seen = replace(seen, toast=None)  # whether it has one may not be known
    return _facts(expected) != _facts(seen)


_CODE = frozenset({"CallStmt", "DoStmt", "SelectStmt"})
_COMPARED = LockMode.SHARE_UPDATE_EXCLUSIVE.strength


def _weight(effect: Effect | None) -> int:
    return effect.mode.strength if effect is not None else 0


def _facts(effect: Effect | None) -> tuple[object, ...] | None:
    if effect is None:
        return None
    builds = tuple(sorted(effect.builds))
    return (effect.mode, effect.rewrites, effect.scans, builds, effect.toast)


def _words(effect: Effect | None) -> str:
    if effect is None:
        return "no lock"
    parts = [effect.mode.value]
    parts += ["rewritten"] if effect.rewrites else ["read as a whole"] if effect.scans else []
    parts += [f"builds {', '.join(effect.builds)}"] if effect.builds else []
    parts += [f"{effect.toast.mode} on its TOAST table"] if effect.toast else []
    return " and ".join(parts)
