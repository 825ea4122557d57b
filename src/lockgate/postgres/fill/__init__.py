"""Fills a scratch database with made-up rows that follow a target's statistics."""

from lockgate.postgres.fill.filler import fill
from lockgate.postgres.fill.structure import read_tables

__all__ = ["fill", "read_tables"]
