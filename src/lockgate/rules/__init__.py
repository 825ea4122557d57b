"""Lint rules, one file each, found by their shape. The shape is `lockgate.core.rule.Rule`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import cast

from lockgate.core.rule import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule there is, by its code."""
    return tuple(sorted(_found(), key=lambda rule: rule.CODE))


def _found() -> Iterator[Rule]:
    for module in iter_modules(__path__):
        yield cast(Rule, import_module(f"{__name__}.{module.name}"))
    for entry_point in entry_points(group="lockgate.rules"):
        yield cast(Rule, entry_point.load())
