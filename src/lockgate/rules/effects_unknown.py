"""What a statement does cannot be known from its text.

A function may do anything, a DO block may build its statements as it runs, and a statement may
speak of a table that nobody has described. What is not known counts as dangerous.

Write the statement out, give lint the structure with `--schema` or `--env`, or run `lockgate
explain --observe` and say what was seen: `-- lockgate: allow LG063 because ...`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.effect import Evidence
from lockgate.core.finding import Severity
from lockgate.core.rule import ALWAYS, UNKNOWN_RELATION, Family, Hazard, Seen, short

CODE = "LG063"
NAME = "effects-unknown"
FAMILY = Family.READING
SEVERITY = Severity.WARNING
ON = (ALWAYS,)

BAD = "DO $$ BEGIN EXECUTE current_setting('app.ddl'); END $$;"
GOOD = "DO $$ BEGIN PERFORM 1; END $$;"
BAD_ALEMBIC = """\
op.execute("DO $$ BEGIN EXECUTE current_setting('app.ddl'); END $$")
"""
GOOD_ALEMBIC = """\
op.execute("SELECT 1")
"""


def check(seen: Seen) -> Iterator[Hazard]:
    """A statement with an Effect that is not known, where no rule has spoken."""
    if seen.said or seen.parsed.problem is not None:
        return
    unknown = [e for e in seen.effects.effects if e.evidence is Evidence.UNKNOWN]
    if any(e.relation == UNKNOWN_RELATION for e in unknown):
        yield Hazard(
            "may block reads and writes: what it does cannot be known from its text",
            "write the statement out, or look with `lockgate explain --observe`",
        )
        return
    for effect in unknown:
        if effect.blocks and seen.exists(effect.relation):
            absent = seen.unit.relation(effect.relation) is None
            yield Hazard(
                f"may do more to {short(effect.relation)} than can be known without its structure",
                "give lint the structure with --schema or --env",
                effect.relation,
                Severity.INFO if seen.unit.complete and absent else None,
            )
            return
