"""Environments: a named database with a role, and how it wants to be treated.

Answers what the settings say of an Environment. Leaves reading the settings to `config` and
the mark inside the database to `identity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PRIMARY = ""
"""Name of the only database of an Environment that has one, as nearly all have."""


class Role(StrEnum):
    """What an Environment is for; production is only ever changed by a deploy."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Check:
    """A functional check: SQL with the answer it must give, or a command that must exit 0.

    Exactly one of `sql` and `command` is set. `expect` is compared with the text of the first
    column of the first row; None asks for any row at all.
    """

    name: str
    sql: str | None = None
    expect: str | None = None
    command: str | None = None
    timeout_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a deploy may wait and make others wait, in milliseconds.

    `lock_timeout_ms` bounds one wait for a lock, behind which every other session queues;
    `lock_budget_ms` bounds all waits and pauses of a command together;
    `statement_timeout_ms` bounds one statement, 0 for no bound;
    `oldest_transaction_ms` is the age from which a running transaction counts as a blocker.
    """

    lock_timeout_ms: int = 2_000
    lock_budget_ms: int = 300_000
    statement_timeout_ms: int = 0
    oldest_transaction_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Environment:
    """A named database with a role, as the settings describe it.

    `databases` maps the names of Alembic's multi-database set-up to URL settings; an ordinary
    Environment has one entry, under PRIMARY. `hosts` are further host names that lead to the same
    server; `schemas` are further schemas in which `env.py` may keep its version table.
    `disk_bytes` is how large the volume is that the server writes to, None where nobody said.
    """

    name: str
    role: Role
    databases: tuple[tuple[str, str], ...]
    hosts: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    branch: str | None = None
    window: str | None = None
    checks: tuple[Check, ...] = ()
    budget: Budget = Budget()
    disk_bytes: int | None = None
    source_options: tuple[tuple[str, str], ...] = ()
