"""Writes core/effects/facts.json: what prediction has to know of PostgreSQL's own objects.

    python tools/facts.py            says whether the file is as the servers have it; exit 1 if not
    python tools/facts.py --write    writes it

Asks a scratch server of each major that LOCKGATE_TEST_MAJORS names (`make matrix` fetches all of
them). A name stands with the majors where its answer holds, or alone where that is all of them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import scratch_server

FILE = Path(__file__).parents[1] / "src/lockgate/core/effects/facts.json"

# A name counts as volatile as soon as one function of that name is, unless one with as many
# arguments is not: which of them a call means depends on types that a text does not show, and
# `timezone` of 14 is volatile for a time alone.
QUERIES = {
    "volatile": """
        SELECT DISTINCT p.proname::text
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'v'
           AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_proc AS steady
                            WHERE steady.proname = p.proname AND steady.pronargs = p.pronargs
                              AND steady.pronamespace = p.pronamespace
                              AND steady.provolatile <> 'v')""",
    "steady": """
        SELECT p.proname::text
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'pg_catalog'::regnamespace
           AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
           AND 'internal'::regtype <> ALL (p.proargtypes)
         GROUP BY p.proname
        HAVING bool_or(p.provolatile <> 'v')""",
    "coercible": """
        SELECT s.typname::text || ' ' || t.typname::text
          FROM pg_catalog.pg_cast AS c
          JOIN pg_catalog.pg_type AS s ON s.oid = c.castsource
          JOIN pg_catalog.pg_type AS t ON t.oid = c.casttarget
         WHERE c.castmethod = 'b'""",
    "relaxed": """
        SELECT t.typname::text || ' ' || p.prosupport::regproc::text
          FROM pg_catalog.pg_cast AS c
          JOIN pg_catalog.pg_type AS t ON t.oid = c.casttarget
          JOIN pg_catalog.pg_proc AS p ON p.oid = c.castfunc
         WHERE c.castsource = c.casttarget AND p.prosupport <> 0""",
    "indexed_as": """
        SELECT t.typname::text || ' ' || o.opcname::text
          FROM pg_catalog.pg_type AS t
          JOIN pg_catalog.pg_opclass AS o ON o.opcintype = t.oid AND o.opcdefault
          JOIN pg_catalog.pg_am AS a ON a.oid = o.opcmethod AND a.amname = 'btree'
         WHERE t.typtype = 'b'
         UNION
        SELECT s.typname::text || ' ' || o.opcname::text
          FROM pg_catalog.pg_cast AS c
          JOIN pg_catalog.pg_type AS s ON s.oid = c.castsource AND s.typtype = 'b'
          JOIN pg_catalog.pg_type AS t ON t.oid = c.casttarget AND t.typispreferred
          JOIN pg_catalog.pg_opclass AS o ON o.opcintype = t.oid AND o.opcdefault
          JOIN pg_catalog.pg_am AS a ON a.oid = o.opcmethod AND a.amname = 'btree'
         WHERE c.castmethod = 'b' AND c.castcontext = 'i'
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_opclass AS own
                            WHERE own.opcintype = s.oid AND own.opcdefault
                              AND own.opcmethod = a.oid)""",
    "fixed": """
        SELECT t.typname::text || ' ' || t.typlen::text
          FROM pg_catalog.pg_type AS t
         WHERE t.typnamespace = 'pg_catalog'::regnamespace
           AND t.typtype = 'b' AND t.typlen > 0""",
    "types": """
        SELECT t.typname::text
          FROM pg_catalog.pg_type AS t
         WHERE t.typnamespace = 'pg_catalog'::regnamespace
           AND t.typtype IN ('b', 'r', 'm', 'p') AND t.typcategory <> 'A'
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_class AS c
                            WHERE c.oid = t.typrelid)""",
    # A name that is a domain in some extension is left out.
    "contributed": """
        SELECT t.typname::text
          FROM pg_catalog.pg_type AS t
          JOIN pg_catalog.pg_depend AS d ON d.objid = t.oid AND d.deptype = 'e'
         WHERE t.typtype IN ('b', 'r') AND t.typcategory <> 'A'""",
    "assigned": """
        SELECT s.typname::text || ' ' || t.typname::text
          FROM pg_catalog.pg_cast AS c
          JOIN pg_catalog.pg_type AS s ON s.oid = c.castsource
          JOIN pg_catalog.pg_type AS t ON t.oid = c.casttarget
         WHERE c.castcontext IN ('a', 'i') AND c.castsource <> c.casttarget""",
    "mutable": """
        SELECT p.proname::text
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'pg_catalog'::regnamespace
           AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
         GROUP BY p.proname
        HAVING bool_and(p.provolatile <> 'i')""",
}

EXTENSIONS = """
    SELECT name FROM pg_catalog.pg_available_extensions
     WHERE name !~ 'python|perl|tcl' ORDER BY name"""


def main(arguments: list[str]) -> int:
    """Writes or compares, by `arguments`; answers the exit status."""
    wanted = gathered([int(m) for m in os.environ["LOCKGATE_TEST_MAJORS"].split(",")])
    if arguments == ["--write"]:
        FILE.write_text(wanted, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{FILE.name} is not as the servers have it; write it with --write")
    return 1


def gathered(majors: list[int]) -> str:
    """The file's text."""
    answers: dict[str, dict[str, list[int]]] = {name: {} for name in QUERIES}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for major in majors:
            with scratch_server(Path(folder), find_binaries(major)) as server:
                ask(server.url.conninfo(), major, answers)
    document: dict[str, Any] = {"majors": majors}
    for name, found in answers.items():
        everywhere = sorted(answer for answer, where in found.items() if where == majors)
        somewhere = {a: where for a, where in sorted(found.items()) if where != majors}
        document[name] = {"everywhere": " | ".join(everywhere), "somewhere": somewhere}
    return json.dumps(document, indent=1) + "\n"


def ask(conninfo: dict[str, str], major: int, answers: dict[str, dict[str, list[int]]]) -> None:
    """Adds what the server of `major` answers."""
    with psycopg.connect(**conninfo, autocommit=True) as connection:  # type: ignore[arg-type]
        for (name,) in connection.execute(EXTENSIONS.encode()).fetchall():
            with suppress(psycopg.Error):  # one may ask for a library that is loaded at the start
                connection.execute(f'CREATE EXTENSION "{name}" CASCADE'.encode())
        for name, query in QUERIES.items():
            for (answer,) in connection.execute(query.encode()):
                answers[name].setdefault(answer, []).append(major)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
