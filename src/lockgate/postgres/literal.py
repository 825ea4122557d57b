"""Writes a statement's parameters into its text, as the server would read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from psycopg import sql

from lockgate.core.sql import fill_numbered


def with_literals(statement: str, parameters: object) -> str:
    """`statement`, in the spelling of psycopg, psycopg2, pg8000 or asyncpg, without parameters.

    Several sets of parameters (an executemany) give one statement each, with semicolons between.
    What no literal can be made of stands as a comment, so that the text fails loudly if it is run.
    """
    if parameters is None:
        return statement
    if _is_many(parameters):
        return ";\n".join(
            with_literals(statement, one) for one in cast(Sequence[object], parameters)
        )
    if isinstance(parameters, Mapping):
        named = {name: _literal(value) for name, value in parameters.items()}
        return statement % named
    values = [_literal(value) for value in cast(Sequence[object], parameters)]
    if "$1" in statement:
        return fill_numbered(statement, values)
    return statement % tuple(values)


def _is_many(parameters: object) -> bool:
    return (
        isinstance(parameters, list)
        and bool(parameters)
        and all(isinstance(one, Mapping | tuple | list) for one in parameters)
    )


def _literal(value: Any) -> str:  # Any: whatever the revision passed
    try:
        return sql.Literal(value).as_string(None)
    except psycopg.Error:
        return f"/* no literal for a {type(value).__name__} */"
