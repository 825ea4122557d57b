"""How options stand in a Catalog: `key=value, key=value`, sorted.

A key or a value that could be taken for more than one option is quoted, as SQL quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = r'(?:"(?:[^"]|"")*"|[^\s,="]+)'
_OPTION = re.compile(
    rf"""(?P<key>{_NAME})=(?:'(?P<quoted>(?:[^']|'')*)'|(?P<plain>.*?))(?=, {_NAME}=|\Z)(?:, )?""",
    re.DOTALL,
)
_PLAIN_KEY = re.compile(r'[^\s,="]+')


def join_options(options: Iterable[str]) -> str:
    """Options as PostgreSQL keeps them, each `key=value`, in one text."""
    return ", ".join(_spelled(option) for option in sorted(options))


def split_options(text: str | None) -> dict[str, str]:
    """What `join_options` joined."""
    return {_key(match["key"]): _value(match) for match in _OPTION.finditer(text or "")}


def _spelled(option: str) -> str:
    key, _, value = option.partition("=")
    if not _PLAIN_KEY.fullmatch(key):
        key = '"{}"'.format(key.replace('"', '""'))
    _, comma, behind = value.partition(", ")
    if value.startswith("'") or (comma and "=" in behind):
        value = "'{}'".format(value.replace("'", "''"))
    return f"{key}={value}"


def _key(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _value(match: re.Match[str]) -> str:
    quoted: str | None = match["quoted"]
    return match["plain"] if quoted is None else quoted.replace("''", "'")
