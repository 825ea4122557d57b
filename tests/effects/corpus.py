"""Forms of DDL and of the DML that migrations use, for every family that PostgreSQL has.

Each form is one statement in a database where `given` has made what it needs, with
empty tables where rows do not matter.
docs/locks.md says of each what the servers showed, and predictions are held to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.effects import forms_columns, forms_others, forms_tables

ROLES = ("lockgate_one", "lockgate_two")
"""Roles that some forms name."""

SPACE = "lockgate_space"
"""A tablespace that some forms name."""


@dataclass(frozen=True, slots=True)
class Form:
    """One statement, what it is tried on, and the first major that has it."""

    group: str
    given: str
    sql: str
    since: int = 14


def forms_of(major: int) -> tuple[Form, ...]:
    """The forms that PostgreSQL of that major has, in order."""
    return tuple(form for form in FORMS if form.since <= major)


def _forms() -> Iterator[Form]:
    for group in (*forms_columns.GROUPS, *forms_tables.GROUPS, *forms_others.GROUPS):
        for line in group.lines:
            text, since = (line, 14) if isinstance(line, str) else line
            more, _, sql = text.rpartition(" >> ")
            given = "; ".join(part for part in (group.given, more) if part)
            yield Form(group.name, given, sql, since)


FORMS = tuple(_forms())
