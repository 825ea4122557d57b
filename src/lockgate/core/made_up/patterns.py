"""Texts that match a pattern which a CHECK asks for, such as that of an e-mail address.

Reads the plain part of regular expressions: characters, classes, groups, repetitions. What it
cannot read gives None, and the rows are filtered by the CHECK itself.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

LETTERS = string.ascii_lowercase + string.digits
"""What a class may be made of that leaves things open."""
CLASSES = {
    "d": string.digits,
    "w": LETTERS,
    "s": " ",
    "[:alpha:]": string.ascii_lowercase,
    "[:alnum:]": LETTERS,
    "[:digit:]": string.digits,
    "[:lower:]": string.ascii_lowercase,
    "[:upper:]": string.ascii_uppercase,
    "[:xdigit:]": string.digits + "abcdef",
    "[:space:]": " ",
}
ENDLESS = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """`least` to `most` characters, each one of `characters`."""

    characters: str
    least: int = 1
    most: int = 1


class _NotRead(Exception):
    """The pattern has something in it that is not read here."""


def read_pattern(pattern: str) -> tuple[Place, ...] | None:
    """What a text that matches the regular expression may have at each place; None if unread."""
    reader = _Reader(pattern)
    try:
        places = reader.branch()
    except (_NotRead, IndexError):
        return None
    return tuple(places) if reader.at == len(pattern) else None


def read_like(pattern: str) -> tuple[Place, ...] | None:
    """The same for the pattern of a LIKE."""
    places: list[Place] = []
    escaped = False
    for character in pattern:
        if not escaped and character == "\\":
            escaped = True
            continue
        if not escaped and character == "%":
            places.append(Place(LETTERS, 0, ENDLESS))
        elif not escaped and character == "_":
            places.append(Place(LETTERS))
        else:
            places.append(Place(character))
        escaped = False
    return None if escaped else tuple(places)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def branch(self) -> list[Place]:
        """Up to the end or the closing parenthesis; of several ways, the first."""
        places: list[Place] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            places += self._piece()
        if self.at < len(self.pattern) and self.pattern[self.at] == "|":
            self.at += 1
            self.branch()
        return places

    def _piece(self) -> list[Place]:
        character = self._next()
        match character:
            case "^" | "$":
                return []
            case "(":
                if self.pattern[self.at : self.at + 1] == "?":
                    if self.pattern[self.at : self.at + 2] != "?:":
                        raise _NotRead
                    self.at += 2
                inner = self.branch()
                if self._next() != ")":
                    raise _NotRead
                least, _ = self._repeated()
                return inner * least
            case "[":
                characters = self._class()
            case "\\":
                characters = self._escaped()
            case ".":
                characters = LETTERS
            case "*" | "+" | "?" | "{":
                raise _NotRead
            case _:
                characters = character
        least, most = self._repeated()
        return [Place(characters, least, most)]

    def _next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def _escaped(self) -> str:
        character = self._next()
        if character in CLASSES:
            return CLASSES[character]
        if character.isalnum():
            raise _NotRead
        return character

    def _class(self) -> str:
        negated = self.pattern[self.at] == "^"
        self.at += negated
        found = ""
        first = True
        while first or self.pattern[self.at] != "]":
            first = False
            if self.pattern[self.at] == "[":
                end = self.pattern.index(":]", self.at) + 2
                found += CLASSES[self.pattern[self.at : end]]
                self.at = end
                continue
            character = self._next()
            if character == "\\":
                found += self._escaped()
            elif self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                found += "".join(map(chr, range(ord(character), ord(self._next()) + 1)))
            else:
                found += character
        self.at += 1
        chosen = [c for c in LETTERS if c not in found] if negated else dict.fromkeys(found)
        if not chosen:
            raise _NotRead
        return "".join(chosen)

    def _repeated(self) -> tuple[int, int]:
        mark = self.pattern[self.at : self.at + 1]
        ranges = {"*": (0, ENDLESS), "+": (1, ENDLESS), "?": (0, 1)}
        if mark in ranges:
            self.at += 1
            found = ranges[mark]
        elif mark == "{":
            end = self.pattern.index("}", self.at)
            low, comma, high = self.pattern[self.at + 1 : end].partition(",")
            self.at = end + 1
            if not low.isdigit():
                raise _NotRead
            most = int(high) if high.isdigit() else ENDLESS
            found = int(low), most if comma else int(low)
        else:
            return 1, 1
        self.at += self.pattern[self.at : self.at + 1] == "?"  # not greedy: the same texts
        return found


def fitted(
    places: tuple[Place, ...], *, distinct: float, shortest: int, longest: int | None
) -> tuple[Place, ...]:
    """`places` with fixed lengths: enough for `distinct` texts, and as long as they have to be."""
    lengths = [place.least for place in places]

    def room() -> float:
        found = 1.0
        for place, length in zip(places, lengths, strict=True):
            found *= float(len(place.characters)) ** min(length, 60)
        return found

    while sum(lengths) < shortest or room() < distinct:
        open_ones = [
            n
            for n, place in enumerate(places)
            if lengths[n] < place.most and len(place.characters) > 1
        ]
        if not open_ones or (longest is not None and sum(lengths) >= longest):
            break
        lengths[open_ones[0]] += 1
    return tuple(
        replace(place, least=n, most=n) for place, n in zip(places, lengths, strict=True) if n
    )
