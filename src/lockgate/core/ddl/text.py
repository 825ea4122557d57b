"""Takes apart what PostgreSQL writes into a Catalog: names, lists, options, and what they mention.

A Catalog is read with an empty `search_path`, so that whatever is not PostgreSQL's own stands there
with its schema. Names keep the quotes that they need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

IDENTIFIER = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
OPERATOR = r"[-+*/<>=~!@#%^&|`?]+"

_PLAIN_NAME = re.compile(r"[\w$.]+")
_PART = re.compile(IDENTIFIER)
_TOKEN = re.compile(
    rf"""(?P<string>'(?:[^']|'')*')(?P<cast>::(?:pg_catalog\.)?reg\w+)?
       | (?P<chain>{IDENTIFIER}(?:\.(?:{IDENTIFIER}|{OPERATOR}))*)
         (?P<renamed>\s+{IDENTIFIER}\()?""",
    re.VERBOSE,
)
_QUOTED_OR_BRACKET = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()\[\]]""")


@lru_cache(maxsize=1 << 16)
def split_name(name: str) -> tuple[str, ...]:
    """The parts of a dotted name: `s."a.b".c` has three."""
    if _PLAIN_NAME.fullmatch(name):
        return tuple(name.split("."))
    return tuple(match[0] for match in _PART.finditer(name))


def split_signature(name: str) -> tuple[str, str]:
    """A routine's name and the types that its calls tell it by: `s.f`, `integer, text`."""
    match = re.match(rf"{IDENTIFIER}\.{IDENTIFIER}", name)
    assert match is not None, name
    return match[0], name[match.end() + 1 : -1]


def beside(name: str, other: str) -> str:
    """`other`, in the schema of the object `name`."""
    return f"{split_name(name)[0]}.{other}"


def split_list(text: str, separator: str = ", ") -> list[str]:
    """The members of a list, whatever stands in their quotes and brackets."""
    if not text:
        return []
    members, depth, begin, position = [], 0, 0, 0
    while position < len(text):
        match = _QUOTED_OR_BRACKET.match(text, position)
        if match is None:
            if depth == 0 and text.startswith(separator, position):
                members.append(text[begin:position])
                position += len(separator)
                begin = position
            else:
                position += 1
            continue
        depth += (match[0] in "([") - (match[0] in ")]")
        position = match.end()
    return [*members, text[begin:]]


def literal(text: str) -> str:
    """`text` as a string constant."""
    quoted = text.replace("'", "''")
    return "E'{}'".format(quoted.replace("\\", "\\\\")) if "\\" in text else f"'{quoted}'"


def quote(name: str) -> str:
    """`name`, which has no quotes yet, as an identifier."""
    return '"{}"'.format(name.replace('"', '""'))


def unquote(name: str) -> str:
    """An identifier without the quotes that it needed."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def given_name(parts: list[str], label: str) -> str:
    """The name that PostgreSQL gives to what has none, of a table and a column, or of a type.

    The longest part is cut, byte by byte, until all fit in 63. Source: `makeObjectName`.
    """
    lengths = [len(part.encode()) for part in parts]
    while sum(lengths) + len(parts) + len(label) > 63:
        # Of two as long the later one is cut.
        longest = max(range(len(lengths)), key=lambda place: (lengths[place], place))
        lengths[longest] -= 1
    cut = (
        part.encode()[:length].decode(errors="ignore")
        for part, length in zip(parts, lengths, strict=True)
    )
    return "_".join([*cut, label])


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a text names.

    `names` are names with their schema, without the column behind it; `words` every identifier;
    `renamed` are the relations whose columns the text calls by names of its own.
    """

    names: frozenset[str]
    words: frozenset[str]
    renamed: frozenset[str]


def mentions(text: str) -> Mentions:
    """What `text`, in PostgreSQL's spelling, names."""
    names: set[str] = set()
    words: set[str] = set()
    renamed: set[str] = set()
    for chain, is_renamed in _chains(text):
        parts = _chain_parts(chain)
        words.update(parts)
        if len(parts) > 1:
            name = f"{parts[0]}.{parts[1]}"
            names.add(name)
            if is_renamed:
                renamed.add(name)
    return Mentions(frozenset(names), frozenset(words), frozenset(renamed))


def _chains(text: str) -> Iterator[tuple[str, bool]]:
    for match in _TOKEN.finditer(text):
        if match["chain"]:
            yield match["chain"], match["renamed"] is not None
        elif match["cast"]:
            yield from _chains(match["string"][1:-1].replace("''", "'"))


_CHAIN_PART = re.compile(rf"{IDENTIFIER}|{OPERATOR}")


def _chain_parts(chain: str) -> list[str]:
    return _CHAIN_PART.findall(chain)
