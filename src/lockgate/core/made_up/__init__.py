"""Made-up rows: the SQL that fills a table like a target's, without any value of the target.

Null fraction, distinct values, frequencies, width and correlation follow the target's statistics;
the values themselves come from row numbers. `postgres.fill` runs what is written here.
"""

from lockgate.core.made_up.rows import Filling, fill_sql
from lockgate.core.made_up.table import Column, ForeignKey, Named, Table, TypeKind, Unique

__all__ = [
    "Column",
    "Filling",
    "ForeignKey",
    "Named",
    "Table",
    "TypeKind",
    "Unique",
    "fill_sql",
]
