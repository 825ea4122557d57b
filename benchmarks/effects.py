"""Prints how many statements a second are predicted, and how long `explain` of one takes.

python -m benchmarks.effects
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from pglast.parser import parse_sql_json

from benchmarks.measure import RUNS
from lockgate.cli.main import COLLECT_EVERY
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.sql.trees import parse

TABLES = 2000
TURNS = 5
PER_SECOND = 25_000
EXPLAIN_HELD_TO = 1.0

STATEMENTS = """
CREATE TABLE t{n} (id bigserial PRIMARY KEY, name varchar(40) NOT NULL, amount numeric(10, 2),
    placed timestamptz DEFAULT now(), parent_id bigint REFERENCES t{before} (id));
CREATE INDEX ix_t{n}_name ON t{n} (name);
ALTER TABLE t{n} ADD COLUMN note text;
ALTER TABLE t{n} ADD COLUMN state varchar(10) NOT NULL DEFAULT 'new';
ALTER TABLE t{n} ALTER COLUMN name TYPE text;
ALTER TABLE t{n} ADD CONSTRAINT ck_t{n} CHECK (amount > 0) NOT VALID;
ALTER TABLE t{n} VALIDATE CONSTRAINT ck_t{n};
UPDATE t{n} SET state = 'old' WHERE placed < '2020-01-01';
INSERT INTO t{n} (name, amount) SELECT name, amount FROM t{before} WHERE amount IS NOT NULL;
CREATE INDEX CONCURRENTLY ix_t{n}_placed ON t{n} (placed DESC) WHERE note IS NOT NULL;
ALTER TABLE t{n} RENAME COLUMN note TO remark;
DROP INDEX ix_t{n}_name;
COMMENT ON TABLE t{n} IS 'the one after t{before}';
"""


def blocks() -> list[str]:
    """Statements as migrations have them, a dozen for each table, in blocks as files are read."""
    statements = [STATEMENTS.format(n=n, before=max(n - 1, 0)) for n in range(TABLES)]
    return ["".join(statements[n : n + 10]) for n in range(0, TABLES, 10)]


def main() -> int:
    """Exit status 1 where prediction is slower than it is held to."""
    gc.set_threshold(COLLECT_EVERY)  # as the command line does
    texts = blocks()
    parsing, predicting = [], []
    count = 0
    for _ in range(TURNS):
        start = time.process_time()
        for text in texts:
            parse_sql_json(text)
        parsing.append(time.process_time() - start)
        start = time.process_time()
        count = explain(texts)
        predicting.append(time.process_time() - start)
    per_second = count / median(predicting)
    ratio = median(predicting) / median(parsing)
    print(
        f"predict  {count} statements, {per_second:,.0f}/s (held to {PER_SECOND:,})   "
        f"{count / median(parsing):,.0f}/s parsed to JSON by pglast, ratio {ratio:.1f}"
    )
    alembic_s, lockgate_s = in_turns(
        ("alembic", "--help"),
        ("lockgate", "explain", "ALTER TABLE orders ADD COLUMN note text NOT NULL"),
    )
    print(
        f"explain  alembic --help {alembic_s:5.2f} s   lockgate explain {lockgate_s:5.2f} s   "
        f"ratio {lockgate_s / alembic_s:.2f} (held to {EXPLAIN_HELD_TO})"
    )
    return 0 if per_second >= PER_SECOND and lockgate_s <= EXPLAIN_HELD_TO * alembic_s else 1


def in_turns(*commands: Sequence[str]) -> list[float]:
    """The median time of each command, in seconds, of processes run in turns."""
    taken: list[list[float]] = [[] for _ in commands]
    for turn in range(RUNS + 1):  # the first fills the caches
        for (program, *arguments), seconds in zip(commands, taken, strict=True):
            start = time.perf_counter()
            path = Path(sys.executable).with_name(program)
            # explain answers with 1, for what it is given is an error by the rules
            answer = subprocess.run([path, *arguments], stdout=subprocess.DEVNULL)
            assert answer.returncode in (0, 1)
            if turn:
                seconds.append(time.perf_counter() - start)
    return [median(seconds) for seconds in taken]


def explain(texts: Sequence[str]) -> int:
    """Parses the statements, predicts each on what the ones before it left, and counts them."""
    structure = Structure.empty()
    count = 0
    for text in texts:
        for one in parse(text):
            predict(one, structure, 18)
            apply(structure, one)
            count += 1
    return count


if __name__ == "__main__":
    sys.exit(main())
