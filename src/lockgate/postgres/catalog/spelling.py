"""Settles what older majors of PostgreSQL spell otherwise than the newest one does.

Of a query over one relation, 14 and 15 write every column of a view with the relation's name, newer
ones without. It is taken off here: a newer server's text does not say whose a column is.

A name that has become a keyword is quoted by the majors that know it. It is quoted here for those
that do not. `tests/catalog/test_spelling.py` asks the servers which words these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import pairwise

from lockgate.core.catalog import CatalogObject

VIEWS = ("view", "materialized view")
NEW_KEYWORDS = {
    160_000: ("json_array", "json_arrayagg", "json_object", "json_objectagg", "system_user"),
    170_000: (
        "json",
        "json_exists",
        "json_query",
        "json_scalar",
        "json_serialize",
        "json_table",
        "json_value",
        "merge_action",
    ),
}
"""Words that a name has to be quoted for, by the version that began to."""
NEWEST_SPELLING = max(NEW_KEYWORDS)
"""From this version on, nothing is to be settled."""
OWN_WORDS = frozenset(["comment", "function", "procedure", "security label"])
"""Kinds of objects whose definition is somebody's own text; a function's may be its body."""
TYPES = frozenset(["arguments", "result", "type", "of type", "identity"])
"""Properties in which `json` is the type, which no major quotes."""


def settle(found: CatalogObject, server_version: int) -> CatalogObject:
    """`found` as the newest PostgreSQL writes it; `server_version` is the one that it came from."""
    if server_version < 160_000 and found.kind in VIEWS:
        found = found._replace(definition=_unqualified(found.definition))
    words = _words_after(server_version)
    if words is None or words.search(found.name + found.definition + str(found.properties)) is None:
        return found
    own = found.kind in OWN_WORDS and ("body parsed", "yes") not in found.properties
    return found._replace(
        name=_quoted(words, found.name, json=Json.AFTER_DOT),
        definition=found.definition if own else _quoted(words, found.definition, json=Json.NO_CAST),
        properties=tuple(
            (name, _quoted(words, text, json=Json.NEVER if name in TYPES else Json.NO_CAST))
            for name, text in found.properties
        ),
    )


class Json(Enum):
    """Where the word `json`, which is a type, is the name of something else."""

    AFTER_DOT = "after a dot"
    NO_CAST = "unless cast to, or returned by a function of JSON"
    NEVER = "never"


@cache
def _words_after(server_version: int) -> re.Pattern[str] | None:
    """What finds the new keywords in a text, strings and quoted names apart; None without any."""
    words = [w for since, new in NEW_KEYWORDS.items() if server_version < since for w in new]
    if not words:
        return None
    bare = "|".join(sorted(words, key=len, reverse=True))
    return re.compile(
        rf"""'(?:[^']|'')*' | "(?:[^"]|"")*"
          | (?P<before>::|\.|RETURNING\ )?(?<![\w$])(?P<word>{bare})(?![\w$])""",
        re.VERBOSE,
    )


def _quoted(words: re.Pattern[str], text: str, *, json: Json) -> str:
    def quote(match: re.Match[str]) -> str:
        word, before = match["word"], match["before"] or ""
        if word is None:
            return match[0]
        if word == "json":
            is_name = {
                Json.AFTER_DOT: before == ".",
                Json.NO_CAST: before not in ("::", "RETURNING "),
                Json.NEVER: False,
            }
            if not is_name[json]:
                return match[0]
        return f'{before}"{word}"'

    return words.sub(quote, text)


# What pg_get_viewdef writes: never a comment, never dollar quotes.
TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*"|[^\W\d][\w$]*)
      | (?P<cast>::)
      | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
AFTER_FROM = frozenset(
    ["WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", ";"]
)
COMBINED = frozenset(["UNION", "INTERSECT", "EXCEPT"])
QUERY = frozenset(["SELECT", "WITH", "VALUES"])


@dataclass(slots=True)
class Token:
    """One token; `depth` counts the parentheses around it, `nested` those that hold a query."""

    text: str
    is_name: bool
    depth: int
    nested: int
    clause: str = ""
    """The keyword that begins its part of the outermost query, for a token that is not nested."""


def _tokens(text: str) -> Iterator[Token]:
    held: list[bool] = []
    found = [match for match in TOKEN.finditer(text) if match.lastgroup != "space"]
    for match, following in pairwise([*found, None]):
        assert match is not None, "only the last of the pairs is"
        if match[0] == ")":
            held.pop()
        yield Token(match[0], match.lastgroup == "name", len(held), sum(held))
        if match[0] == "(":
            held.append(following is not None and following[0] in QUERY)


def _unqualified(definition: str) -> str:
    tokens = list(_tokens(definition))
    clause = ""
    for token in tokens:
        if token.depth == 0 and (token.text in AFTER_FROM or token.text in ("SELECT", "FROM")):
            clause = token.text
        if token.depth == 0 and token.text in COMBINED:
            return definition
        token.clause = clause
    relation = _only_relation([token for token in tokens if token.clause == "FROM"][1:])
    if relation is None:
        return definition
    outputs = _outputs([token for token in tokens if token.clause == "SELECT"][1:], relation)
    kept = iter(_kept(tokens, relation, outputs))
    return "".join(
        match[0] for match in TOKEN.finditer(definition) if match.lastgroup == "space" or next(kept)
    )


def _only_relation(item: list[Token]) -> str | None:
    """The name by which columns call the one thing in FROM, None where there are more or none."""
    outermost = [token for token in item if token.depth == 0]
    if any(token.text == "," for token in outermost):
        return None
    if item and item[0].text == "(" and item[1].text not in QUERY:
        return None  # a join
    words = [token.text for token in outermost if token.is_name]
    if "TABLESAMPLE" in words:
        words = words[: words.index("TABLESAMPLE")]
    return words[-1] if words else None


def _outputs(tokens: list[Token], relation: str) -> dict[str, bool]:
    """Each name in the list of SELECT, and whether it is that of the relation's own column."""
    outputs: dict[str, bool] = {}
    item: list[str] = []
    for token in [*tokens, Token(",", False, 0, 0)]:
        if token.text == "," and token.depth == 0:
            plain = item[-3:-1] == [relation, "."] and (len(item) == 3 or item[0] == "DISTINCT")
            outputs[item[-1]] = outputs.get(item[-1], True) and plain
            item = []
        else:
            item.append(token.text)
    return outputs


def _kept(tokens: list[Token], relation: str, outputs: dict[str, bool]) -> Iterator[bool]:
    """For each token, whether it stays: the relation's name and its dot go before a column."""
    drop_dot = False
    padded = [*tokens, *[Token("", False, 0, 0)] * 3]
    for position, token in enumerate(tokens):
        if drop_dot:
            drop_dot = False
            yield False
            continue
        before = tokens[position - 1].text if position else ""
        dot, column, after = padded[position + 1 : position + 4]
        drop_dot = (
            token.is_name
            and token.text == relation
            and token.nested == 0
            and token.clause not in ("", "FROM")
            and before not in ("::", ".", "COLLATE")
            and dot.text == "."
            and column.is_name
            and after.text != "("
            # Where it could be taken for another column of the result, it stays.
            and not (token.clause == "ORDER" and not outputs.get(column.text, True))
        )
        yield not drop_dot
