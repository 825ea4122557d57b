"""Holds what lockgate observes of the statements held out against what servers showed of them.

    python -m tools.observe_held_out [--only WORDS] [--without-rows] [--fast]

Runs each statement of tests/rules/held_out*.json as `explain --observe` does, on a scratch server
of each major that LOCKGATE_TEST_MAJORS names, and compares the mode of each lock with the one in
the file, which tools/held_out.py measured; that shares no code with lockgate. What it keeps no
locks of, because PostgreSQL refuses it in a transaction, it measures now, or passes over with
--fast. With --without-rows
what stands there beforehand has no rows, as with --env, so that locks which rows bring about are
not seen; they are counted, and no difference.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lockgate.core.effect import LockMode
from lockgate.core.sql.trees import parse
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.observe import Witness, observe
from lockgate.postgres.servers import scratch_server
from tests.effects.lab import SETTINGS, Lab, open_lab
from tools.held_out import ROLE, Instrument
from tools.lint_figures import _base, _locks, _majors, corpora, read_corpus

Case = Mapping[str, Any]  # Any: a JSON document
ROWS = frozenset({"InsertStmt", "CopyStmt"})


def main(arguments: Sequence[str]) -> int:
    """Compares, and prints what differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--without-rows", action="store_true")
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args(arguments)
    differing = 0
    for major in map(int, os.environ.get("LOCKGATE_TEST_MAJORS", "18").split(",")):
        with ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockgate-seen-")))
            root.chmod(0o755)
            programs = find_binaries(major)
            server = stack.enter_context(scratch_server(root, programs, settings=SETTINGS))
            lab = stack.enter_context(open_lab(server.url))
            prepare(lab)
            instrument = Instrument(server.url.render())
            statements = 0
            for corpus, case in cases(major, options.only):
                statements += 1
                if "locks" not in case and options.fast:
                    continue
                if "locks" not in case:
                    seen = instrument.show(_base(corpus, dict(case)), dict(case))
                    case = {**case, "locks": seen.locks}
                lines = list(
                    differences(lab, corpus, case, major, with_rows=not options.without_rows)
                )
                if lines:
                    differing += 1
                    print(major, case.get("setup", ""), case["sql"], *lines, sep="\n    ")
            instrument.close()
        print(f"PostgreSQL {programs.version}: {statements} statements", flush=True)
    print(f"{differing} differ")
    return 1 if differing else 0


def cases(major: int, only: str = "") -> Iterator[tuple[str, Case]]:
    """The corpus and the statement, of those that ran on `major`."""
    for corpus in corpora():
        for case in read_corpus(corpus)["cases"]:
            ran = major in _majors(case.get("majors", ""))
            # Each statement is tried by itself, and one that stands where it must not goes well.
            if ran and only in case["sql"] and "CONCURRENTLY" not in case["sql"].partition(";")[2]:
                yield corpus, case


def prepare(lab: Lab) -> None:
    """Makes what all statements take for granted."""
    lab.connection.prepare_threshold = None  # some discard what was prepared
    if not lab.connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
        lab.connection.execute(f"CREATE ROLE {ROLE}".encode())


def differences(
    lab: Lab, corpus: str, case: Case, major: int, *, with_rows: bool = True
) -> Iterator[str]:
    """A line for each lock that was not observed as the file has it."""
    given = _base(corpus, dict(case)) + "\n" + case.get("setup", "")
    lab.empty()
    for parsed in parse(given):
        if with_rows or parsed.kind not in ROWS:
            lab.connection.execute(parsed.sql.encode())
    there = {name for (name,) in lab.connection.execute(TABLES if alone(case) else NAMES)}
    wanted = _locks(case["locks"], major)
    lab.connection.execute("DISCARD PLANS")  # the instrument has another session for the statement
    seen: dict[str, LockMode] = {}
    for parsed in parse(case["sql"]):
        if parsed.kind == "TransactionStmt":
            continue
        witness = Witness(lambda query: lab.connection.execute(query.encode()).fetchall())
        found = observe(lab.connection, parsed.sql, witness=witness, gate=lab.gate, with_rows=True)
        if found.error is not None and not found.statement.effects:
            yield f"fails: {found.error}"
            return
        for effect in found.statement.effects:
            if (name := effect.relation) in there:
                seen[name] = max(seen.get(name, effect.mode), effect.mode, key=_strength)
    for name in sorted(wanted.keys() | seen.keys()):
        mode = seen.get(name)
        if mode != wanted.get(name) and (with_rows or not _hangs_on_rows(mode, wanted.get(name))):
            yield f"{name}: observed {mode or 'none'}, instrument {wanted.get(name, 'none')}"


def alone(case: Case) -> bool:
    """Whether it stands in no transaction; then the instrument shows the locks of tables."""
    return "transaction" in case


def _hangs_on_rows(mode: LockMode | None, wanted: str | None) -> bool:
    weak = LockMode.ROW_EXCLUSIVE.strength
    return wanted is not None and max(_strength(mode), _strength(LockMode(wanted))) <= weak


def _strength(mode: LockMode | None) -> int:
    return mode.strength if mode else 0


NAMES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid >= 16384
"""
TABLES = f"{NAMES} AND c.relkind IN ('r', 'p', 'm')"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
