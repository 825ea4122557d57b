"""What a CHECK, a domain or the bounds of a partition allow a column to be, where it is simple.

Answers for comparisons with constants, lists of them, lengths, patterns and NOT NULL, joined by
AND. What it cannot read is not lost: the rows are filtered by the constraint itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lockgate.core.made_up.patterns import Place, read_like, read_pattern
from lockgate.core.made_up.table import Named
from lockgate.core.parsed import Tree
from lockgate.core.sql.trees import parse_expression


@dataclass(frozen=True, slots=True)
class Limits:
    """What values a column may have.

    `low` and `high` are literals as the constraint spells them, `low_open` and `high_open`
    whether the bound itself is out; `among` are the only values, `longest` and `shortest` a
    text's length or an array's; `places` what a text may have at each place, `upper` whether it
    has no small letters; `above` is a column whose value this one has to exceed.
    """

    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False
    among: tuple[str, ...] = ()
    longest: int | None = None
    shortest: int | None = None
    not_null: bool = False
    above: str | None = None
    places: tuple[Place, ...] = ()
    upper: bool = False


def limits_of(checks: Iterable[Named], *, value: str | None = None) -> dict[str, Limits]:
    """Limits by column; of a domain's rules, whose word for it is VALUE, under `value`."""
    found: dict[str, Limits] = {}
    for check in checks:
        expression = check.expression
        if value is not None:
            expression = expression.replace("VALUE", "lockgate_value")
        tree = parse_expression(expression)
        for term in _terms(tree) if tree else ():
            for name, limits in (*_limits(term), *_one_of(term)):
                key = value if value is not None else name
                found[key] = _both(found.get(key, Limits()), limits)
            for name, highest in _excluded(term):
                key = value if value is not None else name
                known = found.get(key, Limits())
                if known.low is None and known.high is None and not known.among:
                    found[key] = replace(known, low=str(highest), low_open=True)
    return found


def _excluded(term: Tree) -> Iterator[tuple[str, int]]:
    """The highest of the whole numbers that a column must not be, as in a default partition."""
    if term.get("BoolExpr", {}).get("boolop") != "NOT_EXPR":
        return
    for inner in _terms(term["BoolExpr"]["args"][0]):
        for name, limits in _limits(inner):
            numbers = [value for value in limits.among if value.lstrip("-").isdigit()]
            if numbers and len(numbers) == len(limits.among):
                yield name, max(map(int, numbers))


def _terms(tree: Tree) -> Iterator[Tree]:
    """What has to hold, one by one; of what an OR leaves open, the first that is no IS NULL.

    An OR over values of one column stays whole, for `_one_of`.
    """
    match tree.get("BoolExpr", {}).get("boolop"):
        case "AND_EXPR":
            for argument in tree["BoolExpr"]["args"]:
                yield from _terms(argument)
        case "OR_EXPR":
            ways = [way for way in tree["BoolExpr"]["args"] if not _is_null(way)]
            if any(True for _ in _one_of(tree)):
                yield tree
            elif ways:
                yield from _terms(ways[0])
        case _:
            yield tree


def _one_of(term: Tree) -> Iterator[tuple[str, Limits]]:
    """The values that an OR leaves to one column."""
    if term.get("BoolExpr", {}).get("boolop") != "OR_EXPR":
        return
    ways = [list(_limits(way)) for way in term["BoolExpr"]["args"] if not _is_null(way)]
    names = {name for way in ways for name, _ in way}
    if len(names) == 1 and all(len(way) == 1 and way[0][1].among for way in ways):
        values = [value for way in ways for value in way[0][1].among]
        yield names.pop(), Limits(among=tuple(dict.fromkeys(values)))


def _is_null(tree: Tree) -> bool:
    return bool(tree.get("NullTest", {}).get("nulltesttype") == "IS_NULL")


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}


def _limits(term: Tree) -> Iterator[tuple[str, Limits]]:
    if "NullTest" in term:
        name = _column(term["NullTest"]["arg"])
        if name is not None and term["NullTest"]["nulltesttype"] == "IS_NOT_NULL":
            yield name, Limits(not_null=True)
        return
    if "A_Expr" not in term:
        return
    expression = term["A_Expr"]
    left, right = expression.get("lexpr", {}), expression.get("rexpr", {})
    operator = expression["name"][-1]["String"]["sval"]
    if expression["kind"] == "AEXPR_OP_ANY":
        name, values = _column(left), _constants(right)
        if name is not None and values and operator == "=":
            yield name, Limits(among=values)
        return
    if expression["kind"] == "AEXPR_IN":
        name, values = _column(left), _constants(right)
        if name is not None and values and operator == "=":
            yield name, Limits(among=values)
        return
    if operator in _PATTERNS and expression["kind"] in ("AEXPR_OP", "AEXPR_LIKE"):
        name, pattern = _column(left), _constant(right)
        places = None if pattern is None else _PATTERNS[operator](pattern)
        if name is not None and places is not None:
            yield name, Limits(places=places)
        return
    if expression["kind"] != "AEXPR_OP" or operator not in _TURNED:
        return
    if _constant(left) is not None:
        left, right, operator = right, left, _TURNED[operator]
    constant = _constant(right)
    if constant is None:
        yield from _between_columns(left, right, operator)
        return
    name = _column(left)
    if name is not None:
        yield name, _compared(operator, constant)
        return
    name = _length_of(left)
    if name is not None and constant.lstrip("-").isdigit():
        yield name, _lengths(operator, int(constant))


_PATTERNS = {"~": read_pattern, "~*": read_pattern, "~~": read_like, "~~*": read_like}


def _compared(operator: str, constant: str) -> Limits:
    match operator:
        case "=":
            return Limits(among=(constant,))
        case ">" | ">=":
            return Limits(low=constant, low_open=operator == ">")
    return Limits(high=constant, high_open=operator == "<")


def _lengths(operator: str, length: int) -> Limits:
    match operator:
        case "=":
            return Limits(longest=length, shortest=length)
        case ">" | ">=":
            return Limits(shortest=length + (operator == ">"))
    return Limits(longest=length - (operator == "<"))


def _between_columns(left: Tree, right: Tree, operator: str) -> Iterator[tuple[str, Limits]]:
    one, other = _column(left), _column(right)
    for name, call in ((one, right), (other, left)):
        if name is not None and operator == "=" and _argument(call, "upper") == name:
            yield name, Limits(upper=True)
    if one is not None and other is not None and operator != "=":
        above, below = (one, other) if operator in (">", ">=") else (other, one)
        yield above, Limits(above=below)


def _column(tree: Tree) -> str | None:
    """The column that `tree` is, casts around it taken off."""
    while "TypeCast" in tree:
        tree = tree["TypeCast"]["arg"]
    fields = tree.get("ColumnRef", {}).get("fields", ())
    return fields[-1]["String"]["sval"] if fields and "String" in fields[-1] else None


_LENGTHS = ("length", "char_length", "character_length", "array_length", "cardinality")


def _length_of(tree: Tree) -> str | None:
    return _argument(tree, *_LENGTHS)


def _argument(tree: Tree, *functions: str) -> str | None:
    """The column that one of `functions` is called with, None where it is no such call."""
    call = tree.get("FuncCall", {})
    names = [part["String"]["sval"] for part in call.get("funcname", ())]
    return _column(call["args"][0]) if names and names[-1] in functions else None


def _constant(tree: Tree) -> str | None:
    while "TypeCast" in tree:
        tree = tree["TypeCast"]["arg"]
    if "A_Expr" in tree:  # a negative number in parentheses
        expression = tree["A_Expr"]
        inner = _constant(expression.get("rexpr", {}))
        if "lexpr" not in expression and expression["name"][-1]["String"]["sval"] == "-":
            return None if inner is None else f"-{inner}"
    constant = tree.get("A_Const", {})
    if "sval" in constant:
        text: str = constant["sval"].get("sval", "")
        return text
    if "fval" in constant:
        number: str = constant["fval"]["fval"]
        return number
    return str(constant["ival"].get("ival", 0)) if "ival" in constant else None


def _constants(tree: Tree) -> tuple[str, ...]:
    while "TypeCast" in tree:
        tree = tree["TypeCast"]["arg"]
    items = tree.get("A_ArrayExpr", {}).get("elements") or tree.get("List", {}).get("items") or ()
    values = [_constant(item) for item in items]
    return tuple(value for value in values if value is not None)


def _both(one: Limits, other: Limits) -> Limits:
    """What both allow; of two bounds on one side, the later one, since numbers are not compared."""
    among = tuple(v for v in one.among if v in other.among) if one.among and other.among else ()
    return replace(
        one,
        low=one.low if other.low is None else other.low,
        high=one.high if other.high is None else other.high,
        low_open=one.low_open if other.low is None else other.low_open,
        high_open=one.high_open if other.high is None else other.high_open,
        among=among or one.among or other.among,
        longest=min((n for n in (one.longest, other.longest) if n is not None), default=None),
        shortest=max((n for n in (one.shortest, other.shortest) if n is not None), default=None),
        not_null=one.not_null or other.not_null,
        above=one.above or other.above,
        places=one.places or other.places,
        upper=one.upper or other.upper,
    )
