"""Reads how large and how busy a database is, from its own statistics and without a scan."""

from lockgate.postgres.statistics.estimates import read_estimates
from lockgate.postgres.statistics.pace import read_pace
from lockgate.postgres.statistics.reader import read_statistics

__all__ = ["read_estimates", "read_pace", "read_statistics"]
