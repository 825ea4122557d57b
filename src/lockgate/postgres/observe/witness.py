"""Looks at a session before and after each of its statements, and says what the statement did.

Answers from what the server shows: the locks in `pg_locks`, files of relations, scans counted.
Locks that are gone when the statement ends are `gate`'s.

What is left out: PostgreSQL's own catalogs; relations that the statement made itself, whose locks
are in nobody's way. The locks on a TOAST table stand in the Effect on its table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects, Toast
from lockgate.postgres.observe.said import Said
from lockgate.postgres.observe.work import REINDEX, STORED, Relation, Work, weigh

Ask = Callable[[str], Sequence[Sequence[Any]]]  # Any: the columns of the answer
"""Runs SQL without parameters in the session that is observed, and answers its rows."""

Modes = Mapping[int, frozenset[LockMode]]
"""The modes of locks, by the oid of the relation."""


def mode_of(spelling: str) -> LockMode:
    """The mode that pg_locks calls `spelling`, such as `AccessExclusiveLock`."""
    return _MODES[spelling]


_MODES = {mode.value.title().replace(" ", "") + "Lock": mode for mode in LockMode}


@dataclass(frozen=True, slots=True)
class Seen:
    """Effects of one statement, the strongest lock first.

    `hidden` are the relations on which the session held locks before it: one more of the same
    mode cannot be seen. `contradictions` are where the server's words and its files differ.
    """

    effects: tuple[Effect, ...] = ()
    hidden: Mapping[str, frozenset[LockMode]] = field(default_factory=dict)
    contradictions: tuple[str, ...] = ()


class Witness:
    """What is known of the relations of one database, kept up to date by what each statement locks.

    A statement stands between `before` and `after`, in one transaction; or between `before` with
    nothing held and `passed`, with the locks that a Gate saw.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.held: dict[int, frozenset[LockMode]] = {}
        self.relations: dict[int, Relation] = {}
        # Scans that the session has counted and not yet handed over; what is not in it counts none.
        self.scanned: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Reads the relations anew, after a rollback or work that was not observed."""
        rows = self.ask(query("relations"))
        self.relations = _relations(rows)
        self.scanned |= {oid: scans for oid, *_, scans in rows if scans}

    def before(self) -> None:
        """Notes what the session holds as a statement begins."""
        self.held, self.scanned = self._held()

    def after(self, *, said: Said | None = None, tag: str = "") -> Seen:
        """What the statement since `before` did.

        `said` is what the server's messages tell, None where some may be missing; `tag` is the
        statement's command tag.
        """
        held, scanned = self._held()
        taken = {
            oid: modes - self.held.get(oid, frozenset())
            for oid, modes in held.items()
            if modes - self.held.get(oid, frozenset())
        }
        scans = frozenset(oid for oid, n in scanned.items() if n > self.scanned.get(oid, 0))
        self.scanned = scanned
        return self._seen(taken, held, scans, said, tag)

    def passed(self, taken: Modes, *, said: Said | None = None, tag: str = "") -> Seen:
        """What a statement did that took and released `taken` by itself.

        Where VACUUM cut pages off it asked for the strongest lock and did not wait, so that no
        door could stop it; the server says so.
        """
        self.held = {}
        cut = said.cut if said is not None else frozenset()
        named = {oid for oid in taken if oid in self.relations and self.relations[oid].bare in cut}
        taken = {**taken, **{oid: taken[oid] | {_STRONGEST} for oid in named}}
        return self._seen(taken, taken, None, said, tag)

    def _held(self) -> tuple[dict[int, frozenset[LockMode]], dict[int, int]]:
        modes: dict[int, set[LockMode]] = {}
        scanned: dict[int, int] = {}
        met = ", ".join(str(oid) for oid in sorted(self.scanned))
        for oid, mode, scans in self.ask(query("held").replace("'{}'", f"'{{{met}}}'")):
            if scans:
                scanned[oid] = scans
            if mode is not None:
                modes.setdefault(oid, set()).add(mode_of(mode))
        return {oid: frozenset(found) for oid, found in modes.items()}, scanned

    def _seen(
        self,
        taken: Modes,
        held: Modes,
        scans: frozenset[int] | None,
        said: Said | None,
        tag: str,
    ) -> Seen:
        old, new = self.relations, self._look_at(held)
        work = weigh(old, new, touched=held, scans=scans, said=said, tag=tag)
        near, far = self._validated(said, held)
        read = (work.scanned - (far - work.verified)) | near
        gathered = {oid: _strongest(modes) for oid, modes in taken.items() if oid in old}
        worked = {*work.rewritten, *work.built, *(work.scanned & old.keys())}
        for oid in worked - gathered.keys():
            if old[oid].kind in STORED and oid in held:
                gathered[oid] = _strongest(held[oid])
        toasts = _toasts({old[oid]: mode for oid, mode in gathered.items()})
        effects = [
            Effect(
                old[oid].name,
                mode,
                rewrites=oid in work.rewritten,
                scans=_is_scan(mode, oid, work, read) and old[oid].kind in STORED,
                builds=work.built.get(oid, ()),
                evidence=Evidence.OBSERVED,
                out_of_use=mode is _STRONGEST and _goes_on(taken.get(old[oid].indexed)),
                toast=toasts.get(oid),
                passing=tag == REINDEX and mode is LockMode.SHARE and _goes_on(taken.get(oid)),
            )
            for oid, mode in gathered.items()
            if not old[oid].toast_of
        ]
        hidden = {old[oid].name: modes for oid, modes in self.held.items() if oid in old}
        self.relations = {**old, **new}
        return Seen(StatementEffects(tuple(effects)).effects, hidden, work.contradictions)

    def _validated(self, said: Said | None, held: Iterable[int]) -> tuple[set[int], set[int]]:
        """Tables whose foreign keys were looked at row by row, and those that they refer to.

        The server names the keys. It asks for all of them with one query, and how that finds what
        is referred to is the planner's choice.
        """
        oids = ", ".join(str(oid) for oid in held)
        if said is None or not said.validated or not oids:
            return set(), set()
        keys = self.ask(f"{query('foreign_keys')} AND c.conrelid IN ({oids})")
        found = [(near, far) for near, far, name in keys if name in said.validated]
        near = {oid for oid, _ in found}
        return near, {oid for _, oid in found} - near

    def _look_at(self, held: Iterable[int]) -> dict[int, Relation]:
        """The relations `held` as they are now."""
        oids = ", ".join(str(oid) for oid in held)
        if not oids:
            return {}
        return _relations(self.ask(f"{query('relations')} AND c.oid IN ({oids})"))


def _goes_on(modes: frozenset[LockMode] | None) -> bool:
    """Whether a table is used while the statement works on it, after `modes` on the table."""
    return modes is not None and _CONCURRENT in modes and _STRONGEST not in modes


def _toasts(modes: Mapping[Relation, LockMode]) -> dict[int, Toast]:
    """The locks on TOAST tables by the oid of their tables."""
    tables = {r.toast_of: mode for r, mode in modes.items() if r.toast_of and not r.indexed}
    indexes = {r.toast_of: mode for r, mode in modes.items() if r.toast_of and r.indexed}
    return {
        oid: Toast(mode, indexes.get(oid))
        for oid, mode in tables.items()
        if mode.strength >= LockMode.SHARE_UPDATE_EXCLUSIVE.strength  # less is for a row at a time
    }


# The strongest lock on an index whose table goes on being used comes when no query takes it.
_STRONGEST, _CONCURRENT = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE


def _is_scan(mode: LockMode, oid: int, work: Work, read: frozenset[int]) -> bool:
    """Whether the whole relation was read for a statement's own sake.

    How a query reads is the planner's choice, made on scratch without rows; it is not counted.
    """
    if oid in work.rewritten or oid in work.built:
        return True
    return oid in read and mode.strength >= LockMode.SHARE_UPDATE_EXCLUSIVE.strength


def _strongest(modes: Iterable[LockMode]) -> LockMode:
    return max(modes, key=lambda mode: mode.strength)


def _relations(rows: Sequence[Sequence[Any]]) -> dict[int, Relation]:
    return {oid: Relation(*rest) for oid, *rest, _ in rows}


@cache
def query(name: str) -> str:
    """The text of the query `name` of this package."""
    return files("lockgate.postgres.observe").joinpath(f"{name}.sql").read_text(encoding="utf-8")
