"""Privileges, as PostgreSQL writes them into a Catalog, and the statements between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lockgate.core.ddl.text import IDENTIFIER, split_list

GRANTED = {
    **dict.fromkeys(("table", "view", "materialized view", "foreign table"), "TABLE"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "ROUTINE"),
    "sequence": "SEQUENCE",
    "type": "TYPE",
    "schema": "SCHEMA",
    "language": "LANGUAGE",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "server": "FOREIGN SERVER",
    "large object": "LARGE OBJECT",
}
PRIVILEGES = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
}
PUBLIC = ""
"""The grantee that everybody is."""

Grants = dict[tuple[str, str], dict[str, bool]]
"""For each grantor and grantee the privileges, and whether the grantee may grant them on."""

_ITEM = re.compile(
    rf"(?P<who>{IDENTIFIER}|)=(?P<what>[A-Za-z*]*)/(?P<grantor>{IDENTIFIER})", re.DOTALL
)


def grants(text: str) -> Grants:
    """What the definition of `privileges` says."""
    found: Grants = {}
    for item in split_list(text) if text != "none" else []:
        match = _ITEM.fullmatch(item)
        if match is not None:
            letters = re.findall(r"([A-Za-z])(\*?)", match["what"])
            privileges = found.setdefault((match["grantor"], match["who"]), {})
            privileges.update({one: bool(star) for one, star in letters})
    return found


def united(one: str, other: str) -> str:
    """The privileges of both, spelled as a Catalog has them."""
    both = grants(one)
    for pair, privileges in grants(other).items():
        mine = both.setdefault(pair, {})
        mine.update({key: mine.get(key, False) or option for key, option in privileges.items()})
    items = (
        f"{who}={_letters(privileges)}/{grantor}" for (grantor, who), privileges in both.items()
    )
    return ", ".join(sorted(items)) or "none"


ACL_ORDER = "arwdDxtXUCTcsAm"
"""The order in which PostgreSQL writes the letters."""


def _letters(privileges: dict[str, bool]) -> str:
    return "".join(one + ("*" if privileges[one] else "") for one in ACL_ORDER if one in privileges)


def usual(kind: str, owner: str, major: int) -> Grants:
    """What an object of `kind` is made with."""
    everything = {"TABLE": "arwdDxt", "SEQUENCE": "rwU", "SCHEMA": "UC", "ROUTINE": "X"}
    word = GRANTED.get(kind, "")
    letters = "" if kind == "column" else everything.get(word, "U")
    if word == "LARGE OBJECT":
        letters = "rw"
    if word == "TABLE" and major >= 17:
        letters += "m"
    found: Grants = {(owner, owner): dict.fromkeys(letters, False)} if letters else {}
    if word in ("ROUTINE", "TYPE", "LANGUAGE"):
        found[owner, PUBLIC] = dict.fromkeys(letters, False)
    return found


def root(found: Grants) -> str | None:
    """Who granted first: the owner, whom nobody else has granted anything."""
    given = {grantee for grantor, grantee in found if grantor != grantee}
    return next((grantor for grantor, _ in sorted(found) if grantor not in given), None)


def owned_by(found: Grants, owner: str | None) -> Grants:
    """The same once the object belongs to `owner`: OWNER TO puts the new one for the old."""
    was = root(found)
    if owner is None or was in (None, owner):
        return found
    moved: Grants = {}
    for pair, privileges in found.items():
        grantor, grantee = (owner if role == was else role for role in pair)
        moved.setdefault((grantor, grantee), {}).update(privileges)
    return moved


def between(have: Grants, want: Grants, what: str, columns: str, begin: str = "") -> Iterator[str]:
    """REVOKE and GRANT on `what`, which is written with its kind.

    What others than the owner granted is theirs to grant and to revoke: those further from the
    owner revoke first and grant last.
    """
    for pair in sorted(have, key=lambda pair: (-_distance(pair, have), pair)):
        for sql in _revoked(have[pair], want.get(pair, {}), what, columns, pair[1]):
            yield from _as(pair[0], have, f"{begin}{sql}")
    for pair in sorted(want, key=lambda pair: (_distance(pair, want), pair)):
        for sql in _given(have.get(pair, {}), want[pair], what, columns, pair[1]):
            yield from _as(pair[0], want, f"{begin}{sql}")


def _distance(pair: tuple[str, str], found: Grants) -> int:
    """How many have passed it on, from the owner to the grantor."""
    owner, role, steps = root(found), pair[0], 0
    while role != owner and steps < len(found):
        role = next((one for one, grantee in sorted(found) if grantee == role != one), role)
        steps += 1
    return steps


def _as(grantor: str, found: Grants, sql: str) -> Iterator[str]:
    if grantor in (root(found), None):
        yield sql
    else:
        yield f"SET LOCAL ROLE {grantor}"
        yield sql
        yield "RESET ROLE"


def _revoked(
    before: dict[str, bool], after: dict[str, bool], what: str, columns: str, who: str
) -> Iterator[str]:
    gone = [one for one in before if one not in after]
    if gone:
        yield f"REVOKE {_listed(gone, columns)} ON {what} FROM {who or 'PUBLIC'}"
    stripped = [one for one in before if one in after and before[one] and not after[one]]
    if stripped:
        listed = _listed(stripped, columns)
        yield f"REVOKE GRANT OPTION FOR {listed} ON {what} FROM {who or 'PUBLIC'}"


def _given(
    before: dict[str, bool], after: dict[str, bool], what: str, columns: str, who: str
) -> Iterator[str]:
    for option in (False, True):
        come = [
            one
            for one in after
            if after[one] is option and (one not in before or (option and not before[one]))
        ]
        if come:
            end = " WITH GRANT OPTION" if option else ""
            yield f"GRANT {_listed(come, columns)} ON {what} TO {who or 'PUBLIC'}{end}"


def _listed(letters: list[str], columns: str) -> str:
    return ", ".join(f"{PRIVILEGES[one]}{columns}" for one in PRIVILEGES if one in letters)
