"""How the number of a distinct value becomes a value of a column's type, as SQL.

Every value is made of a row number: nothing of the target stands in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from lockgate.core.made_up.limits import Limits, limits_of
from lockgate.core.made_up.patterns import Place, fitted
from lockgate.core.made_up.table import Column, Named, TypeKind

DEFAULT_TEXT_BYTES = 12
LONGEST_INLINE = 1_900
"""A row that is longer is stored in pieces beside the table."""

INTEGERS = {"int2": 32_767, "int4": 2_147_483_647, "int8": 2**62, "oid": 2**31}
TEXTS = ("text", "varchar", "bpchar", "citext", "name")
OBJECTS = (
    *("regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regrole"),
    *("regnamespace", "regconfig", "regdictionary", "regcollation"),
)
TIMES = ("date", "timestamp", "timestamptz", "time", "timetz")
ORDERED = (*INTEGERS, "numeric", "float4", "float8", "date", "timestamp", "timestamptz")
"""Types whose values rise with their numbers, so that a range may lie between two of them."""


@dataclass(frozen=True, slots=True)
class Made:
    """A column that values are made for: its width in bytes, what it may be, where it is long."""

    column: Column
    width: int | None
    limits: Limits = field(default_factory=Limits)
    distinct: float = 1.0
    toast_bytes: int = 0


def quoted(text: str) -> str:
    """`text` as a literal that no setting reads differently."""
    if "\\" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


def bound(made: Made) -> float | None:
    """How many distinct values there can be at most; None where they are as good as endless."""
    column, limits = made.column, made.limits
    if limits.among:
        return len(limits.among)
    if column.labels:
        return len(column.labels)
    if column.base == "bool":
        return 2
    low, high = _number(limits.low), _number(limits.high)
    if column.base in (*INTEGERS, "numeric") and high is not None:
        first = min(1.0, high) if low is None else low
        open_ends = limits.high_open + (limits.low_open and low is not None)
        return max(high - first + 1 - (open_ends if column.base in INTEGERS else 0), 1)
    if column.base in INTEGERS:
        return float(INTEGERS[column.base])
    if column.base == "numeric" and column.length is not None:
        return 10.0 ** (column.length - (column.scale or 0)) - 1
    if column.base in TEXTS and made.limits.places:
        room = math.prod(float(len(p.characters)) ** min(p.least, 20) for p in _fitted(made))
        return room if room < 2**40 else None
    if column.base in TEXTS and (length := _longest(made)) is not None:
        return 16.0**length if length < 12 else None
    if column.base == "date":
        return 36_500.0
    return None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _longest(made: Made) -> int | None:
    lengths = [n for n in (made.column.length, made.limits.longest) if n is not None]
    return min(lengths) if lengths else None


def value_sql(made: Made, v: str) -> str | None:
    """The value numbered by the SQL expression `v`, from 0; None for a type nobody knows."""
    column = made.column
    if made.limits.among:
        listed = ", ".join(quoted(value) for value in made.limits.among)
        text = f"(ARRAY[{listed}]::text[])[1 + {v} % {len(made.limits.among)}]"
        return f"{text}::{column.type}"
    if column.labels:
        listed = ", ".join(quoted(label) for label in column.labels)
        return f"(ARRAY[{listed}]::text[])[1 + {v} % {len(column.labels)}]::{column.type}"
    match column.kind:
        case TypeKind.ARRAY:
            return _array(made, v)
        case TypeKind.COMPOSITE:
            parts = [_part(part, v) or "NULL" for part in column.parts]
            return f"ROW({', '.join(parts)})::{column.type}"
        case TypeKind.RANGE:
            return _range(column, v)
        case TypeKind.MULTIRANGE:
            return f"{column.base_type}({_range(column.parts[0], v)})::{column.type}"
    plain = _plain(made, column.base, v)
    return None if plain is None else f"({plain})::{column.type}"


def _part(part: Column, v: str) -> str | None:
    """A value of one part of a column's type, within what its domain allows."""
    rules = [Named("domain", rule, ()) for rule in part.rules]
    limits = limits_of(rules, value=part.name).get(part.name, Limits())
    return value_sql(Made(part, None, limits), v)


def _range(column: Column, v: str) -> str:
    over = column.parts[0]
    low, high = (_part(over, f"({v} * 10 + {n})") for n in (0, 5))
    if over.base not in ORDERED or low is None or high is None:
        return f"'(,)'::{column.type}"
    return f"{column.base_type}({low}, {high})::{column.type}"


def _plain(made: Made, base: str, v: str) -> str | None:
    if base in TEXTS:
        return _text(made, v)
    if base in INTEGERS or base in ("numeric", "float4", "float8", "money"):
        return _numeric(made, base, v)
    if base in TIMES:
        return _time(made, base, v)
    width = max((made.width or 40) - 16, 8)
    match base:
        case "bool":
            return f"{v} % 2 = 0"
        case "uuid":
            return f"md5('u' || {v})::uuid"
        case "json" | "jsonb":
            return f"json_build_object('v', {_hex(v, width)})::text"
        case "bytea":
            return f"convert_to({_hex(v, made.width or 16)}, 'UTF8')"
        case "interval":
            return f"{v} * interval '1 second'"
        case "inet" | "cidr":
            return f"inet '10.0.0.0' + ({v} % 16777216)"
        case "macaddr":
            return f"left(md5('m' || {v}), 12)"
        case "bit" | "varbit":
            return f"{v}::bit({made.column.length or 8})"
        case "char":
            return f"chr(65 + ({v} % 26)::integer)"
        case "tsvector":
            return f"to_tsvector('simple', {_hex(v, width)})::text"
        case "xml":
            return f"'<v>' || {_hex(v, width)} || '</v>'"
        case "macaddr8":
            return f"left(md5('m' || {v}), 16)"
        case "pg_lsn":
            return f"'0/' || to_hex({v} % 4294967296)"
        case "tsquery":
            return f"'v' || {v}"
        case "ltree":
            return f"'v' || {_hex(v, max((made.width or 24) - 12, 1))}"
        case "hstore":
            return f"'v=>' || {_hex(v, max((made.width or 24) - 14, 1))}"
        case "point" | "box" | "circle" | "lseg" | "path" | "polygon":
            return _geometric(base, v)
        case "line":
            return f"line(point({v}, 0), point({v}, 1))"
        case "xid" | "cid":
            return f"({v} % 4294967296)::text"
        case "xid8":
            return f"{v}::text"
        case "tid":
            return f"'(' || {v} % 4294967296 || ',1)'"
        case "pg_snapshot" | "txid_snapshot":
            return f"'1:' || {v} + 1 || ':'"
        case "jsonpath":
            return f"'$.v' || {v}"
        case "refcursor":
            return f"'v' || {v}"
        case "aclitem":
            return "format('=r/%I', current_user)"
        case _ if base in OBJECTS:  # by number: there need be no such object
            return f"({v} % 2147483648)::oid"
    return None


def _geometric(base: str, v: str) -> str:
    at, beside = f"point({v}, {v} % 1000)", f"point({v} + 1, {v} % 1000 + 1)"
    match base:
        case "point":
            return at
        case "circle":
            return f"circle({at}, 1)"
        case "path":
            return f"path(polygon(box({at}, {beside})))"
        case "polygon":
            return f"polygon(box({at}, {beside}))"
    return f"{base}({at}, {beside})"


def _text(made: Made, v: str) -> str:
    """Letters and digits as long as the target's; each number gives another text."""
    # One byte of header up to 126 bytes, four from then on.
    width = DEFAULT_TEXT_BYTES if made.width is None else made.width
    if made.limits.places:
        return _matching(_fitted(made), v)
    length = max(width - (1 if width <= 127 else 4), 1)
    length = max(length, made.limits.shortest or 0)
    if (longest := _longest(made)) is not None:
        length = min(length, longest)
    plain = _hex(v, length)
    if length <= 3 and made.distinct <= 16**length:
        plain = f"lpad({plain}, greatest({length}, length({plain})), '0')"
    text = f"upper({plain})" if made.limits.upper else plain
    if not made.toast_bytes:
        return text
    pieces = -(-made.toast_bytes // 32)
    numbers = f"generate_series(1, {pieces}) AS i"
    long = f"(SELECT string_agg(md5({v} || 't' || i), '') FROM {numbers})"  # noqa: S608
    return long if longest is None else f"left({long}, {longest})"


def _fitted(made: Made) -> tuple[Place, ...]:
    return fitted(
        made.limits.places,
        distinct=made.distinct,
        shortest=made.limits.shortest or 0,
        longest=_longest(made),
    )


def _matching(places: Iterable[Place], v: str) -> str:
    """A text with one of the characters of each place, another text for each number."""
    pieces: list[str] = []
    divisor = 1
    for place in places:
        for _ in range(place.least):
            count = len(place.characters)
            if count == 1:
                pieces.append(quoted(place.characters))
                continue
            nth = f"({v} / {divisor} % {count})"
            pieces.append(f"substr({quoted(place.characters)}, 1 + {nth}::integer, 1)")
            divisor = divisor * count if divisor < 2**50 else divisor
    return " || ".join(pieces) or "''"


def _hex(v: str, length: int) -> str:
    """A text of about `length` characters that is another for each number."""
    number = f"to_hex({v})"
    if length <= 6:
        return f"lpad({number}, {length}, '0')" if length > 3 else number
    filler = f"md5('x' || {v})" if length <= 32 else f"repeat(md5('x' || {v}), {-(-length // 32)})"
    return f"left({filler}, greatest({length} - length({number}), 0)) || {number}"


def _numeric(made: Made, base: str, v: str) -> str:
    low, high = _number(made.limits.low), _number(made.limits.high)
    start = low if low is not None else min(1.0, high if high is not None else 1.0)
    step = 1.0
    if base in INTEGERS or not (low is not None and high is not None):
        start += 1 if made.limits.low_open else 0
    else:  # between two numbers, as a share of the way, the ends left out
        step = (high - low) / (made.distinct + 2)
        start += step
    count = bound(made)
    if base in INTEGERS:
        first = int(start) if start >= 0 or start == int(start) else int(start) - 1
        return f"{first} + {v} % {max(int(count or INTEGERS[base]), 1)}"
    inside = v if count is None or step != 1.0 else f"({v} % {max(int(count), 1)})"
    return f"{start!r} + {inside} * {step!r}"


UNIT = {"date": "day", "time": "second", "timetz": "second"}
FIRST = {"time": "00:00:00", "timetz": "00:00:00+00"}


def _time(made: Made, base: str, v: str) -> str:
    """From a fixed day on, or from the lowest that is allowed, up to the highest."""
    low, high = made.limits.low, made.limits.high
    if low in ("infinity", "-infinity"):
        low = None
    first = quoted(low or FIRST.get(base, "2020-01-01")) + f"::{base}"
    if base == "date":
        span = f"({quoted(high)}::date - {first})" if high and low else "36500"
        return f"{first} + ({v} % {span})::integer"
    if base in ("time", "timetz"):
        return f"{first} + ({v} % 86400) * interval '1 second'"
    if high and low:
        seconds = f"extract(epoch FROM {quoted(high)}::{base} - {first})"
        spread = f"mod({v} * 61, greatest(floor({seconds})::bigint, 1))"
        return f"{first} + {spread} * interval '1 second'"
    if high:
        return f"{quoted(high)}::{base} - ({v} + 1) * interval '1 second'"
    return f"{first} + ({v} + 1) * interval '61 seconds'"


def _array(made: Made, v: str) -> str | None:
    """As many elements as the width leaves room for, up to fifty."""
    element = made.column.parts[0]
    if _part(element, v) is None:
        return None
    size = {"int2": 2, "int4": 4, "int8": 8, "float8": 8, "uuid": 16}.get(element.base, 16)
    count = min(max(((made.width or 40) - 24) // size, made.limits.shortest or 1), 50)
    count = min(count, made.limits.longest or count)
    items = ", ".join(_part(element, f"({v} + {n})") or "NULL" for n in range(count))
    return f"ARRAY[{items}]::{made.column.type}"
