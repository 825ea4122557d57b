"""The Ledger's rows and their hash chain.

Answers what a row says and whether a chain of rows is whole. Writing them into the database,
in the transaction of the DDL, is `postgres.ledger`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lockgate.core.statement import Statement

GENESIS = "0" * 64
"""What stands before the first row's hash."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who ran a command, from where, on which state of the repository."""

    user: str
    host: str
    git_commit: str | None
    lockgate: str


@dataclass(frozen=True, slots=True)
class LedgerWork:
    """What a statement had to do on one table, and how long `core.work` takes it to be.

    Kept with it, for the table and its structure are others the next time that anybody asks.
    """

    kind: str
    relation: str
    rows: int
    model_ms: float


@dataclass(frozen=True, slots=True)
class LedgerStatement:
    """One statement as the Ledger keeps it; `works` are empty where nobody looked."""

    sql: str
    line: int | None
    milliseconds: float | None
    rows: int | None
    works: tuple[LedgerWork, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the Ledger.

    `action` is the command's verb (`enroll`, `upgrade`, `deploy`, ...), `outcome` is `done`,
    `failed` or `part-way`. `heads` are the version table's after it. `remarks` are what a person
    should still find in a year: waived gates with their reasons, the error of a failure.
    """

    at: str
    action: str
    outcome: str
    actor: Actor
    revision: str | None = None
    direction: str | None = None
    heads: tuple[str, ...] = ()
    syntax: str | None = None
    plan: str | None = None
    attempt: int = 1
    statements: tuple[LedgerStatement, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row as it stands in the database: its text is what the hash is over."""

    id: int
    text: str
    previous_hash: str
    hash: str

    @property
    def entry(self) -> Mapping[str, Any]:  # Any: JSON as an older or newer lockgate wrote it
        """What the row says; empty where somebody has put something else into its place."""
        try:
            read = json.loads(self.text)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """A place where the chain does not hold."""

    row: int
    what: str


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The Ledger of one database, or its newest rows: newest first.

    `faults` are None where the chain was not checked. `exists` is False where there is no Ledger.
    """

    environment: str
    part: str
    rows: tuple[LedgerRow, ...]
    exists: bool
    faults: tuple[LedgerFault, ...] | None


def write_entry(entry: Entry) -> str:
    """The text of a row, the same for equal entries."""
    return msgspec.json.encode(entry, order="sorted").decode()


def ledger_statements(
    statements: Iterable[Statement], works: Mapping[int, tuple[LedgerWork, ...]] | None = None
) -> tuple[LedgerStatement, ...]:
    """Statements as the Ledger keeps them: anybody may read it.

    Parameters are left out, which may hold rows of data, and so are the strings of a statement
    that speaks of a password, such as CREATE ROLE. `works` are by the place of the statement.
    """
    return tuple(
        LedgerStatement(
            sql=fit_to_be_read(s.sql),
            line=s.line,
            milliseconds=None if s.milliseconds is None else round(s.milliseconds, 3),
            rows=s.rows,
            works=(works or {}).get(place, ()),
        )
        for place, s in enumerate(statements)
    )


def fit_to_be_read(sql: str) -> str:
    """`sql` as it may be kept: without its strings, where it speaks of a password."""
    if "password" not in sql.lower():
        return sql
    from lockgate.core.sql import without_strings  # the parser, which few runs need

    return without_strings(sql)


def timestamp(at: datetime) -> str:
    """`at` as rows spell it: ISO 8601 in UTC with its offset."""
    return at.isoformat(timespec="milliseconds")


def chain_hash(previous_hash: str, text: str) -> str:
    """SHA-256, in hex, of the previous hash, a newline and the row's text."""
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def verify(rows: Sequence[LedgerRow], end: tuple[int, str] | None) -> tuple[LedgerFault, ...]:
    """Every place where `rows`, in order of id, and the recorded `end` do not fit together.

    `end` is id and hash of the last row as `ledger_end` has it, None where that row is missing.
    """
    faults: list[LedgerFault] = []
    previous, expected_id = GENESIS, 1
    for row in rows:
        if row.id != expected_id:
            faults.append(LedgerFault(expected_id, _missing(expected_id, row.id - 1)))
        elif row.previous_hash != previous:
            faults.append(LedgerFault(row.id, f"row {row.id} does not follow the row before it"))
        if chain_hash(row.previous_hash, row.text) != row.hash:
            faults.append(LedgerFault(row.id, f"row {row.id} was changed"))
        previous, expected_id = row.hash, row.id + 1
    last = (expected_id - 1, previous)
    if end is None:
        faults.append(LedgerFault(last[0], "lockgate.ledger_end has no row"))
    elif end[0] > last[0]:
        faults.append(LedgerFault(expected_id, _missing(expected_id, end[0])))
    elif end != last:
        faults.append(LedgerFault(last[0], f"row {last[0]} is not the end that was recorded"))
    return tuple(faults)


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first >= last else f"rows {first} to {last} are missing"
