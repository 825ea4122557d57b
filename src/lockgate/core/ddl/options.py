"""Writes options: `WITH (...)`, `SET (...)` and `RESET (...)`, and those of foreign things."""

from __future__ import annotations

import re

from lockgate.core.ddl.text import literal
from lockgate.core.option_text import split_options

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def with_options(*texts: str | None) -> str:
    """`WITH (a='1', b='2')`, or nothing where there are none."""
    options = {key: value for text in texts for key, value in split_options(text).items()}
    listed = ", ".join(f"{key}={literal(value)}" for key, value in options.items())
    return f" WITH ({listed})" if listed else ""


def changed_options(old: str | None, new: str | None) -> list[str]:
    """`SET (...)` and `RESET (...)`, as far as either is needed."""
    before, after = split_options(old), split_options(new)
    put = [f"{key}={literal(value)}" for key, value in after.items() if before.get(key) != value]
    reset = [key for key in before if key not in after]
    clauses = [f"SET ({', '.join(put)})"] if put else []
    return [*clauses, f"RESET ({', '.join(reset)})"] if reset else clauses


def foreign_options(text: str | None) -> str:
    """` OPTIONS (a '1')`, or nothing where there are none."""
    listed = ", ".join(
        f"{_key(key)} {literal(value)}" for key, value in split_options(text).items()
    )
    return f" OPTIONS ({listed})" if listed else ""


def changed_foreign_options(old: str | None, new: str | None) -> str:
    """`OPTIONS (ADD ..., SET ..., DROP ...)`."""
    before, after = split_options(old), split_options(new)
    parts = [
        f"{'SET' if key in before else 'ADD'} {_key(key)} {literal(value)}"
        for key, value in after.items()
        if before.get(key) != value
    ]
    parts += [f"DROP {_key(key)}" for key in before if key not in after]
    return f"OPTIONS ({', '.join(parts)})"


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else '"{}"'.format(key.replace('"', '""'))
