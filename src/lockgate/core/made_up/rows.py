"""The INSERT that fills one table with made-up rows.

Each column gets the number of a distinct value for each row, by its statistics: null or not, which
of the common ones, one of the rest, in the order of the rows or in none. Numbers become values in
`values`; those of a foreign key pick a row of the other table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from lockgate.core.ddl.text import split_name
from lockgate.core.made_up.limits import Limits, limits_of
from lockgate.core.made_up.table import Column, ForeignKey, Named, Table, Unique
from lockgate.core.made_up.values import Made, bound, value_sql
from lockgate.core.sql.trees import quote_identifier
from lockgate.core.target import ColumnStatistics, RelationStatistics

ORDERED = 0.9
"""From which correlation on the values stand in the order of the rows."""
MOST_COMMON = 100
LEAST_DISTINCT_SHARE = 0.9999


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of another table, numbered from 0 in a table of scratch's own."""

    table: str
    count: int


@dataclass(frozen=True, slots=True)
class Filling:
    """How one table is filled: the statement, how many rows it makes up, and what is in the way.

    `problem` says why no row can be made up; `notes` what the rows do not follow. `sql` keeps
    `rows` of those that it makes up; `filtered` is whether the table's constraints may turn some
    away.
    """

    table: str
    rows: int
    sql: str = ""
    filtered: bool = False
    problem: str | None = None
    notes: tuple[str, ...] = ()


@dataclass
class _Unit:
    """What one number per row is for: a column, or the columns of a foreign key."""

    columns: tuple[str, ...]
    distinct: float
    nulls: float
    common: tuple[float, ...]
    ordered: int
    limit: float | None
    keys: Keys | None = None
    foreign: ForeignKey | None = None
    sql: str = ""


@dataclass
class _Plan:
    table: Table
    rows: int
    units: list[_Unit] = field(default_factory=list)
    mirrored: list[ForeignKey] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def unit_of(self, column: str) -> _Unit | None:
        return next((unit for unit in self.units if column in unit.columns), None)


def fill_sql(
    table: Table,
    statistics: RelationStatistics | None,
    rows: int,
    keys: Mapping[ForeignKey, Keys],
    *,
    spare: int = 0,
    pointed_later: Collection[ForeignKey] = (),
) -> Filling:
    """How `rows` rows are made up for `table`, from `spare` more in case some are turned away.

    `keys` are those of the tables that it refers to and that have been filled; a foreign key
    that is not among them stays NULL. Columns of those in `pointed_later` get any value, for
    rows to point to come later. Raises nothing: what cannot be done is the `problem`.
    """
    limits = _limits(table)
    plan = _Plan(table, rows + spare)
    made = {c.name: _made(c, statistics, limits, rows) for c in table.columns}
    if problem := _add_foreign_keys(plan, statistics, keys, pointed_later):
        return Filling(table.name, 0, problem=problem)
    taken = {name for unit in plan.units for name in unit.columns}
    taken |= {n for f in plan.mirrored for n in f.columns if n not in f.keys}
    for column in table.columns:
        if column.name not in taken:
            plan.units.append(_column_unit(made[column.name], statistics, rows))
    for unique in sorted(table.uniques, key=lambda u: (len(u.columns), u.name)):
        _make_unique(plan, unique, made)
    values: dict[str, str] = {}
    for unit in plan.units:
        unit.sql = unit.sql or _drawn(unit, plan.rows, rows, seed=plan.units.index(unit) + 1)
        problem = _write_values(unit, plan, made, values)
        if problem:
            return Filling(table.name, 0, problem=problem)
    values = _ordered_pairs(table, limits, values)
    for foreign in plan.mirrored:
        values |= _mirrored(foreign, table, statistics, values)
    return Filling(
        table.name,
        min(plan.rows, rows),
        _insert(plan, values, keep=rows),
        filtered=bool(_usable(table)) or _clashes(table),
        notes=tuple(plan.notes),
    )


def _limits(table: Table) -> dict[str, Limits]:
    found = limits_of(table.checks)
    for column in table.columns:
        if column.rules:
            rules = [Named("domain", rule, ()) for rule in column.rules]
            own = limits_of(rules, value=column.name).get(column.name)
            if own is not None and column.name not in found:
                found[column.name] = own
    return found


def _made(
    column: Column,
    statistics: RelationStatistics | None,
    limits: Mapping[str, Limits],
    rows: int,
) -> Made:
    known = statistics.column(column.name) if statistics else None
    width = known.width if known else None
    toast = 0
    if statistics and statistics.toast_bytes and statistics.rows:
        each = statistics.toast_bytes / statistics.rows
        widest = max((c for c in statistics.columns), key=lambda c: c.width, default=None)
        # What is stored beside the table has a pointer of 18 bytes in it.
        if each > 500 and widest is not None and widest.name == column.name:
            toast = max(int(each), 2_500)
    return Made(
        column,
        width,
        limits.get(column.name, Limits()),
        _distinct(known, statistics, rows),
        toast if column.base in ("text", "varchar") else 0,
    )


def _distinct(
    known: ColumnStatistics | None, statistics: RelationStatistics | None, rows: int
) -> float:
    """Distinct values among `rows`: as many as there are, or in proportion."""
    if known is None or known.distinct == 0:
        return float(max(rows, 1))
    distinct = known.distinct
    if distinct < 0:
        distinct = -distinct * rows
    elif statistics is not None and distinct > 0.1 * statistics.rows:
        distinct = distinct / max(statistics.rows, 1) * rows
    return float(max(min(distinct, rows), 1))


def _column_unit(made: Made, statistics: RelationStatistics | None, rows: int) -> _Unit:
    known = statistics.column(made.column.name) if statistics else None
    free_to_be_null = not (made.column.not_null or made.limits.not_null)
    return _Unit(
        columns=(made.column.name,),
        distinct=min(made.distinct, bound(made) or made.distinct),
        nulls=known.null_fraction if known and free_to_be_null else 0.0,
        common=known.common[:MOST_COMMON] if known else (),
        ordered=_order(known),
        limit=bound(made),
    )


def _order(known: ColumnStatistics | None) -> int:
    """1 where values rise with the rows, -1 where they fall, 0 where they do neither."""
    correlation = known.correlation if known else None
    if correlation is None or abs(correlation) < ORDERED:
        return 0
    return 1 if correlation > 0 else -1


def _add_foreign_keys(
    plan: _Plan,
    statistics: RelationStatistics | None,
    keys: Mapping[ForeignKey, Keys],
    pointed_later: Collection[ForeignKey],
) -> str | None:
    """Adds a unit for each foreign key, those over more columns first; or says what is missing."""
    taken: set[str] = set()
    for foreign in sorted(plan.table.foreign_keys, key=lambda f: (-len(f.columns), f.columns)):
        if taken & set(foreign.columns):
            if not set(foreign.columns) <= taken:
                plan.notes.append(f"its reference to {foreign.referenced} shares a column")
            continue
        if foreign in pointed_later:
            continue
        to_itself = foreign.referenced == plan.table.name
        if to_itself and len(foreign.keys) > 1:
            plan.mirrored.append(foreign)
            taken |= set(foreign.columns) - set(foreign.keys)
            continue
        of = keys.get(foreign)
        columns = [plan.table.column(name) for name in foreign.columns]
        must = any(column is None or column.not_null for column in columns)
        if (of is None or of.count == 0) and not to_itself:
            if must:
                return f"it needs rows of {foreign.referenced}, which has none here"
            plan.notes.append(f"its reference to {foreign.referenced} is NULL")
        taken |= set(foreign.columns)
        known = statistics.column(foreign.columns[0]) if statistics else None
        count = plan.rows if to_itself else of.count if of else 0
        plan.units.append(
            _Unit(
                columns=foreign.columns,
                distinct=min(_distinct(known, statistics, plan.rows), max(count, 1)),
                nulls=1.0 if not count else 0.0 if must or not known else known.null_fraction,
                common=known.common[:MOST_COMMON] if known else (),
                ordered=_order(known),
                limit=float(count) if count else 1.0,
                keys=of,
                foreign=foreign,
            )
        )
    return None


def _make_unique(plan: _Plan, unique: Unique, made: Mapping[str, Made]) -> None:
    """Numbers the units under a unique index so that no two rows are alike."""
    units: list[_Unit] = []
    for name in unique.columns:
        unit = plan.unit_of(name)
        if unit is not None and unit not in units:
            units.append(unit)
    if not units or any(unit.sql and unit.distinct >= plan.rows for unit in units):
        return  # one of them alone makes every row another
    free = [unit for unit in units if not unit.sql]
    if not free:
        return  # what clashes is left out by the server
    if len(units) > 1 and any(
        not unit.sql and unit.limit is None and unit.distinct >= LEAST_DISTINCT_SHARE * plan.rows
        for unit in units
    ):
        free = [
            next(
                u
                for u in free
                if u.limit is None and u.distinct >= LEAST_DISTINCT_SHARE * plan.rows
            )
        ]
    # Those with few values first, so that the one that may have any number takes the rest.
    free.sort(key=lambda u: (u.limit is None, u.limit or u.distinct))
    sizes = [max(min(u.distinct, u.limit or u.distinct), 1.0) for u in free]
    for place in reversed(range(len(free))):
        others = math.prod(size for n, size in enumerate(sizes) if n != place)
        needed = math.ceil(plan.rows / others)
        if needed > sizes[place]:
            sizes[place] = float(min(needed, free[place].limit or needed))
    room = math.prod(int(size) for size in sizes)
    if room < plan.rows:
        plan.notes.append(f"{unique.name} leaves room for {room:,} rows")
        plan.rows = room
    _number(plan, free, [int(size) for size in sizes])


def _number(plan: _Plan, units: Sequence[_Unit], sizes: Sequence[int]) -> None:
    ordered = any(unit.ordered for unit in units)
    row = "(g - 1)" if ordered else _shuffled(plan.rows)
    divisor = 1
    for unit, size in zip(units, sizes, strict=True):
        inner = row if divisor == 1 else f"({row} / {divisor})"
        unit.sql = inner if len(units) == 1 else f"({inner} % {size})"
        unit.distinct = float(size)
        if unit.nulls and unit.foreign is None and len(units) == 1:
            unit.sql = _nullable(unit.sql, unit.nulls, seed=900 + plan.units.index(unit))
        divisor *= size


def _shuffled(rows: int) -> str:
    """Every number below `rows` once, out of order."""
    step = max(int(rows * 0.618), 1)
    while math.gcd(step, rows) != 1:
        step += 1
    return f"((g - 1) * {step} % {max(rows, 1)})"


def _random(seed: int) -> str:
    """A number from 0 to 1, another for each row and each seed, the same in each run."""
    return f"((hashint8extended(g, {seed}) & 9007199254740991)::float8 / 9007199254740992)"


def _nullable(sql: str, nulls: float, *, seed: int) -> str:
    return f"CASE WHEN {_random(seed)} >= {nulls!r} THEN {sql} END"


ALL_DIFFERENT = 0.95
"""From which share of distinct values on all are taken to be."""


def _drawn(unit: _Unit, rows: int, kept: int, *, seed: int) -> str:
    """The number of a distinct value, from 0, by null fraction, frequencies and correlation.

    `rows` are made up, and `kept` of them stay.
    """
    if unit.nulls >= 1:
        return "NULL::bigint"
    if _all_different(unit, rows, kept):
        own = _shuffled(rows)
        if unit.ordered:
            own = "(g - 1)" if unit.ordered > 0 else f"({rows} - g)"
        return _nullable(own, unit.nulls, seed=seed * 2) if unit.nulls else own
    distinct = max(int(unit.distinct), 1)
    chance, other = _random(seed * 2), _random(seed * 2 + 1)
    if unit.ordered:
        place = f"((g - 1)::float8 * {distinct} / {max(rows, 1)})::bigint % {distinct}"
        rising = f"({place})" if unit.ordered > 0 else f"({distinct - 1} - {place})"
        return _nullable(rising, unit.nulls, seed=seed * 2) if unit.nulls else rising
    common = [share for share in unit.common if share > 0][:distinct]
    rest = max(distinct - len(common), 1)
    drawn_rows = rows * max(1 - unit.nulls - sum(common), 0)
    drawn = f"floor({other} * {_pool(rest, drawn_rows, unit.limit)})::bigint"
    if not common:
        return _nullable(drawn, unit.nulls, seed=seed * 2) if unit.nulls else drawn
    steps, reached = [unit.nulls], unit.nulls
    for share in common:
        reached += share
        steps.append(min(reached, 1.0))
    shares = ", ".join(repr(step) for step in steps)
    bucket = f"width_bucket({chance}, ARRAY[{shares}]::float8[])"
    beyond = f"{len(common)} + {drawn}" if distinct > len(common) else drawn
    choice = f"CASE WHEN b = 0 THEN NULL WHEN b > {len(common)} THEN {beyond} ELSE b - 1 END"
    return f"(SELECT {choice} FROM (SELECT {bucket}::bigint AS b) AS drawn)"  # noqa: S608


def _all_different(unit: _Unit, rows: int, kept: int) -> bool:
    room = unit.limit is None or unit.limit >= rows
    alike = any(share > 2 / max(kept, 1) for share in unit.common)
    # Of a reference, the rows of the other table are drawn; how many meet is left to chance.
    plain = unit.foreign is None and room and not alike
    return plain and unit.distinct >= ALL_DIFFERENT * kept * (1 - unit.nulls)


def _pool(distinct: int, draws: float, limit: float | None) -> int:
    """From how many values to draw so that about `distinct` come up in `draws`."""
    if draws <= distinct or limit is not None:
        return distinct
    pool = float(distinct)
    for _ in range(30):
        pool = distinct / (1 - math.exp(-draws / pool))
    return math.ceil(pool)


def _write_values(
    unit: _Unit, plan: _Plan, made: Mapping[str, Made], values: dict[str, str]
) -> str | None:
    number = f"made.v{plan.units.index(unit) + 1}"
    if unit.foreign is not None:
        values |= _references(unit, unit.foreign, plan.table, made, number)
        return None
    column = made[unit.columns[0]].column
    sql = value_sql(made[column.name], number)
    if sql is None:
        if column.not_null and not column.has_default:
            return f"nobody knows values of {column.type}, the type of its column {column.name}"
        plan.notes.append(f"{column.name} has no values: they are of {column.type}")
        if column.has_default:
            return None
        sql = f"NULL::{column.type}"
    elif unit.nulls:
        sql = f"CASE WHEN {number} IS NOT NULL THEN {sql} END"
    values[column.name] = sql
    return None


def _references(
    unit: _Unit, foreign: ForeignKey, table: Table, made: Mapping[str, Made], number: str
) -> dict[str, str]:
    """The columns of a foreign key: those of a row of the other table, or of one of this table."""
    if unit.keys is not None and unit.keys.count:
        alias = number.replace("made.v", "k")
        pairs = zip(foreign.columns, foreign.keys, strict=True)
        return {name: f"{alias}.{quote_identifier(key)}" for name, key in pairs}
    if unit.nulls < 1 and foreign.keys[0] in made:
        value = value_sql(made[foreign.keys[0]], number)  # as the key of that row is made
        if value is not None:
            return {foreign.columns[0]: f"CASE WHEN {number} IS NOT NULL THEN {value} END"}
    columns = [table.column(name) for name in foreign.columns]
    return {column.name: f"NULL::{column.type}" for column in columns if column is not None}


def _mirrored(
    foreign: ForeignKey,
    table: Table,
    statistics: RelationStatistics | None,
    values: Mapping[str, str],
) -> dict[str, str]:
    """The columns of a reference to several columns of the same table: each row's own key."""
    found: dict[str, str] = {}
    for name, key in zip(foreign.columns, foreign.keys, strict=True):
        column = table.column(name)
        if name == key or column is None or key not in values:
            continue
        known = statistics.column(name) if statistics else None
        nulls = known.null_fraction if known and not column.not_null else 0.0
        # One seed for all its columns: it is NULL in all of them or in none.
        found[name] = _nullable(values[key], nulls, seed=800) if nulls else values[key]
    return found


def _ordered_pairs(
    table: Table, limits: Mapping[str, Limits], values: dict[str, str]
) -> dict[str, str]:
    """`values` where a column that has to exceed another is made of it."""
    changed = dict(values)
    for name, limit in limits.items():
        above, column = limit.above, table.column(name)
        if above not in values or column is None or name not in values or name == above:
            continue
        if limits.get(above, Limits()).above is not None:
            continue
        if column.base in ("timestamp", "timestamptz"):
            added = f"{values[above]} + interval '1 hour'"
        elif column.base in ("int2", "int4", "int8", "numeric", "float4", "float8", "date"):
            added = f"{values[above]} + 1"
        else:
            continue
        # Null where it would have been null by its own statistics.
        changed[name] = f"CASE WHEN ({values[name]}) IS NOT NULL THEN {added} END"
    return changed


def _insert(plan: _Plan, values: Mapping[str, str], *, keep: int) -> str:
    table = plan.table
    names = [column.name for column in table.columns if column.name in values]
    columns = ", ".join(map(quote_identifier, names))
    numbers = ", ".join(f"{unit.sql} AS v{n}" for n, unit in enumerate(plan.units, start=1))
    joins = [
        f" LEFT JOIN {unit.keys.table} AS k{n}"
        f" ON k{n}.lockgate_place = made.v{n} % {unit.keys.count}"
        for n, unit in enumerate(plan.units, start=1)
        if unit.keys is not None and unit.keys.count
    ]
    made = ", ".join(f"{values[name]} AS {quote_identifier(name)}" for name in names)
    bare = split_name(table.name)[-1]
    checks = " AND ".join(f"(({check.expression}) IS NOT FALSE)" for check in _usable(table))
    where = f" WHERE {checks}" if checks else ""
    order = " ORDER BY made.g" if joins else ""
    insert = f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE"
    conflict = " ON CONFLICT DO NOTHING" if _clashes(table) else ""
    numbered = f", {numbers}" if numbers else ""
    numbered = f"SELECT g{numbered} FROM generate_series(1::bigint, {plan.rows}) AS g OFFSET 0"  # noqa: S608
    rows = f"SELECT {made} FROM ({numbered}) AS made{''.join(joins)}{order}"  # noqa: S608
    chosen = f"SELECT {columns} FROM ({rows}) AS {bare}{where} LIMIT {keep}"  # noqa: S608
    return f"{insert} {chosen}{conflict}"


def _clashes(table: Table) -> bool:
    """Whether two made-up rows may not stand beside each other, for all that is done for it."""
    return (
        table.excludes
        or len(table.uniques) > 1
        or any(not unique.plain for unique in table.uniques)
    )


def _usable(table: Table) -> list[Named]:
    """The constraints that can be asked about rows that are not in the table yet."""
    known = {column.name for column in table.columns}
    return [check for check in table.checks if set(check.columns) <= known]
