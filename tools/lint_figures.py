"""Counts what lint and squawk find of statements whose danger servers have shown.

    python tools/lint_figures.py               prints both tables, what was missed or cried wolf at
    python tools/lint_figures.py --held-out    prints the second alone, which needs no server
    python tools/lint_figures.py --write       writes the tables into docs/rules.md

The first is of the forms of docs/locks.json, with the locks, scans and rewrites that were
observed there on the newest major. Whether one loses rows or names is observed here, on a scratch
server. The second is of tests/rules/held_out*.json, which have what servers showed, and with it
comes the share of locks that were predicted in the mode seen. A statement is dangerous if it

- reads, writes anew or indexes a relation that was there under a lock that blocks reads or writes,
- fails as soon as there is a row,
- does not run where it stands: what PostgreSQL refuses in a transaction, in a transaction,
- takes away a name that code may use, or every row of a table, or writes every row of one,
- waits under a lock that blocks, where PostgreSQL has a form that does not (`AVOIDABLE`).

squawk is installed into an environment of its own, or left out where that cannot be done. Of its
rules, those of style do not count.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from lockgate.core.effect import Effect, Evidence
from lockgate.core.effects import Structure, apply, predict
from lockgate.core.effects.structure import Kind, spelled
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.refusals import follow
from lockgate.core.rule import UNKNOWN_RELATION, Unit
from lockgate.core.script import read_script
from lockgate.core.sql.trees import parse
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import scratch_server
from lockgate.workflows.linting import choose_rules

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "docs" / "locks.json"
PAGE = ROOT / "docs" / "rules.md"
HELD_OUT = ROOT / "tests" / "rules"
"""Has a file held_out*.json for each corpus; tools/held_out.py measures them."""
BEGIN, END = "<!-- tools/lint_figures.py -->\n", "<!-- end -->\n"
BEGIN_HELD_OUT = "<!-- tools/lint_figures.py --held-out -->\n"
SQUAWK = "2.70.0"
MAJOR = 18

# What squawk advises on taste, robustness or types, and not because somebody would wait or fail.
STYLE = re.compile(r"prefer-|require-.*timeout|ban-char|require-table-schema|identifier-too-long")

AVOIDABLE = re.compile(
    r"DROP INDEX (?!CONCURRENTLY)(?!IF EXISTS nothing)|DETACH PARTITION \w+$|^LOCK (?:TABLE )?+\w++"
    r"(?!(, \w+)* IN (ACCESS SHARE|ROW SHARE|ROW EXCLUSIVE|SHARE UPDATE EXCLUSIVE))",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, what exists before it, and why it is dangerous; None where it is not."""

    given: str
    sql: str
    danger: str | None
    major: int = MAJOR
    base: str = ""
    """What exists before `given`."""
    corrected: str | None = None
    """What a hand changed in the label that the instrument gave."""
    excused: str | None = None
    """Why lint is known to say otherwise than the label."""


Said = dict[Case, str]
"""What a linter says of each Case, empty where it says nothing."""


def main(arguments: list[str]) -> int:
    """Prints or writes the tables."""
    forms = () if "--held-out" in arguments else tuple(cases())
    others = {corpus: held_out(corpus) for corpus in corpora()}
    theirs = squawk_says([*forms, *(case for found in others.values() for case in found)])
    if forms:
        table = show({"": forms}, theirs)
    held = show(others, theirs)
    for corpus, found in others.items():
        print(f"{corpus}:", corrections(found), sep="\n")
        wrong, predicted = wrong_modes(corpus)
        right = 1 - sum(map(len, wrong.values())) / predicted
        print(f"{right:.1%} of {predicted:,} predicted locks had the mode seen; not these:")
        for sql, lines in wrong.items():
            print(f"  {sql}", *lines, sep="\n    ")
    if "--write" in arguments:
        if not theirs or not forms:
            print("not written: that takes squawk and a server", file=sys.stderr)
            return 1
        write(BEGIN, table)
        write(BEGIN_HELD_OUT, held)
    return 0


def show(corpora: Mapping[str, Sequence[Case]], theirs: Said) -> str:
    """The table of the corpora; prints it and each Case on which lint and label disagree."""
    everything = [case for found in corpora.values() for case in found]
    ours = {case: lockgate_says(case) for case in everything}
    blind = {case: lockgate_says(case, blind=True) for case in everything}
    table = render(corpora, ours, blind, theirs)
    print(table)
    for told, said in (("told what exists", ours), ("told nothing", blind)):
        print(told)
        for case in disagreements(everything, said):
            what = f"missed ({case.danger})" if case.danger else f"cried wolf ({said[case]})"
            print(f"  {what}: {case.sql}    -- given {case.given or 'its base'}")
        print()
    return table


def disagreements(found: Sequence[Case], said: Said) -> list[Case]:
    """What a linter missed or cried wolf at."""
    return [case for case in found if (case.danger is not None) is not bool(said[case])]


def write(begin: str, table: str) -> None:
    """Puts `table` into the page, between `begin` and the next END."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + begin + table + END + after, encoding="utf-8")


# What the servers show


def cases() -> Iterator[Case]:
    """The forms, each with its danger; those that PostgreSQL refuses in a transaction twice."""
    forms = json.loads(LOCKS.read_text(encoding="utf-8"))["forms"]
    # Where PostgreSQL's own account can go, which a folder of the caller's may not let it.
    root = Path(tempfile.mkdtemp(prefix="lockgate-figures-"))
    root.chmod(0o711)
    with (
        scratch_server(root, find_binaries(MAJOR)) as server,
        psycopg.connect(server.url.render(), autocommit=True) as connection,
    ):
        connection.execute("CREATE ROLE lockgate_one; CREATE ROLE lockgate_two")
        for form in forms:
            seen = [o for o in form["observed"] if MAJOR in o["majors"]]
            if not seen or "error" in seen[0]:
                continue
            given, sql = form["given"], form["sql"]
            forbidden = seen[0]["transaction"] == "forbidden"
            there, lost = (set(), None) if forbidden else look(connection, given, sql)
            yield Case(given, sql, danger(sql, seen[0], there, lost))
            if forbidden:
                yield Case(given, f"BEGIN;\n{sql};\nCOMMIT", "does not run in a transaction")


# Any: a JSON document.
def danger(sql: str, seen: dict[str, Any], there: set[str], lost: str | None) -> str | None:
    """Why a statement is dangerous by what was observed."""
    for effect in seen["effects"]:
        works = effect["scans"] or effect["rewrites"] or effect["builds"]
        new = there and effect["relation"] not in there
        if sql.startswith("REFRESH MATERIALIZED VIEW CONCURRENTLY"):
            continue  # writes wait, but nobody writes to a materialized view
        if works and effect["blocks"] and not new:
            return f"works on {effect['relation']} under {effect['mode']}"
    if seen["fails_if_rows"]:
        return "fails if there is a row"
    if lost is not None:
        return lost
    return "waits where it need not" if AVOIDABLE.search(sql) else None


def look(
    connection: psycopg.Connection[Any], given: str, sql: str, *, filled: bool = True
) -> tuple[set[str], str | None]:
    """The relations before the statement, and what it takes away; undone afterwards."""
    with connection.transaction(force_rollback=True):
        try:
            connection.execute(given.encode() or b"SELECT 1")
        except psycopg.Error as error:
            print(f"not tried: {sql}: {error}", file=sys.stderr)
            return set(), None
        if filled:
            fill(connection)
        names, rows = state(connection)
        owned = {name.replace(" ", " public.") for (name,) in connection.execute(OWNED)}
        there = {name.partition(" ")[2] for name in names if name.startswith("relation ")}
        there.update(name for (name,) in connection.execute(INDEXES))
        try:
            with connection.transaction():
                connection.execute(sql.encode())
        except psycopg.Error:
            failed = True
        else:
            failed = False
            updated = connection.execute(UPDATED).fetchall()
            after, rows_after = state(connection)
    if failed:  # by the rows made up here; the forms were observed without
        return look(connection, given, sql, filled=False) if filled else (there, None)
    gone = sorted(names - after - owned)  # a column's own sequence goes with it
    if gone:
        return there, f"takes {gone[0]} away"
    emptied = [table for table, count in rows.items() if count and rows_after.get(table) == 0]
    if emptied:
        return there, f"removes every row of {emptied[0]}"
    written = every_row(updated, rows)
    return there, f"writes every row of {written}" if written else None


def every_row(updated: list[tuple[str, int, int]], rows: dict[str, int]) -> str:
    """A table of which all rows were updated, of a partitioned one in all partitions; else ''."""
    for root in {root for _, root, _ in updated}:
        together = [(name, count) for name, its, count in updated if its == root]
        there = sum(rows.get(name, 0) for name, _ in together)
        if 1 < there <= sum(count for _, count in together):
            return together[0][0]
    return ""


NAMES = b"""
SELECT 'relation ' || n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema)' AND c.relkind = ANY ('{r,p,f,v,m,S}')
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema)' AND c.relkind = ANY ('{r,p,f,v,m,c}')
    AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'function ' || n.nspname || '.' || p.proname FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT 'type ' || n.nspname || '.' || t.typname FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^(pg_|information_schema)' AND t.typtype = ANY ('{e,d,r}')
UNION ALL
SELECT 'value ' || e.enumlabel FROM pg_catalog.pg_enum e
UNION ALL
SELECT 'schema ' || nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'
"""
OWNED = b"""
SELECT 'relation ' || c.oid::regclass FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = ANY ('{a,i}')
WHERE c.relkind = 'S'
"""
INDEXES = b"""
SELECT schemaname || '.' || indexname FROM pg_catalog.pg_indexes
"""
TABLES = b"""
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema)' AND c.relkind = 'r' ORDER BY 1
"""
UPDATED = b"""
SELECT format('%I.%I', schemaname, relname),
    coalesce(pg_catalog.pg_partition_root(relid), relid)::oid::int8, n_tup_upd
FROM pg_catalog.pg_stat_xact_user_tables ORDER BY 1
"""
COLUMNS = b"""
SELECT a.attname, t.typcategory FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '' AND a.attidentity = ''
"""
VALUES = {"N": "{n}", "S": "'{n}'", "D": "'2026-01-{n:02}'", "B": "true"}


def state(connection: psycopg.Connection[Any]) -> tuple[set[str], dict[str, int]]:
    """Every name that code may use, and the rows of each table."""
    names = {name for (name,) in connection.execute(NAMES)}
    rows = {}
    for (table,) in connection.execute(TABLES).fetchall():
        found = connection.execute(b"SELECT count(*) FROM ONLY " + table.encode()).fetchone()
        rows[table] = found[0] if found else 0
    return names, rows


def fill(connection: psycopg.Connection[Any]) -> None:
    """A dozen rows for each table that takes them; twice round, for foreign keys."""
    for (table,) in connection.execute(TABLES).fetchall() * 2:
        columns = connection.execute(COLUMNS, [table]).fetchall()
        known = [(name, VALUES[kind]) for name, kind in columns if kind in VALUES]
        for n in range(1, 13):
            listed = ", ".join(f'"{name}"' for name, _ in known)
            values = ", ".join(value.format(n=n) for _, value in known)
            insert = f"INSERT INTO {table} ({listed}) VALUES ({values})"  # noqa: S608
            with suppress(psycopg.Error), connection.transaction():
                connection.execute(insert.encode())


# What servers have shown of the statements held out


def corpora() -> list[str]:
    """The names of the corpora: of held_out_reference.json that is `reference`."""
    return [_corpus(path) for path in sorted(HELD_OUT.glob("held_out*.json"))]


def _corpus(path: Path) -> str:
    return path.stem.removeprefix("held_out").lstrip("_") or "migrations"


@cache
def held_out(corpus: str) -> tuple[Case, ...]:
    """Those that ran somewhere, each as the newest major on which it ran has shown it."""
    return tuple(
        Case(
            document.get("setup", ""),
            document["sql"],
            document["why"] if document["dangerous"] else None,
            max(_majors(document["majors"])),
            _base(corpus, document),
            document.get("corrected"),
            document.get("excused", {}).get("lint"),
        )
        for document in read_corpus(corpus)["cases"]
        if "majors" in document
    )


def corrections(found: Sequence[Case]) -> str:
    """How many labels a hand has changed, and what the figures would be with those before."""
    changed = [case for case in found if case.corrected]
    before = [
        replace(
            case, danger=(None if case.danger else "at first") if case.corrected else case.danger
        )
        for case in found
    ]
    said = {case: lockgate_says(case) for case in before}
    return f"with the {len(changed)} labels as they were before a hand changed them:\n" + row(
        "lockgate, told what exists", before, said
    )


@cache
def wrong_modes(corpus: str) -> tuple[dict[str, list[str]], int]:
    """By statement, the locks that were seen in another mode than predicted; and all predicted.

    Locks count for each major. What lockgate calls unknown does not, and where it says that
    anything may be locked, that nothing more was predicted is no mistake.
    """
    wrong: dict[str, list[str]] = {}
    predicted = 0
    for document in read_corpus(corpus)["cases"]:
        if "locks" not in document:
            continue
        given = document.get("setup", "")
        majors = _majors(document["majors"])
        predictions = _predicted(_base(corpus, document) + given, document["sql"], majors)
        for major, effects in zip(majors, predictions, strict=True):
            seen = _locks(document["locks"], major)
            made = _locks(document.get("new", {}), major)
            certain = {n: e for n, e in effects.items() if e.evidence is Evidence.PREDICTED}
            if "transaction" in document:  # only the locks on tables were seen
                tables = _tables(_base(corpus, document) + given)
                certain = {n: e for n, e in certain.items() if n in tables}
            predicted += len(certain)
            lines = [
                f"PostgreSQL {major}: {name} predicted {effect.mode}, seen {mode}"
                for name, effect in certain.items()
                if effect.mode != (mode := (seen | made).get(name, "none"))
            ]
            if "?" not in effects:
                lines += [
                    f"PostgreSQL {major}: {name} not predicted, seen {seen[name]}"
                    for name in sorted(seen.keys() - effects.keys())
                ]
            if lines:
                wrong.setdefault(f"{given} {document['sql']}".strip(), []).extend(lines)
    return wrong, predicted


def _tables(given: str) -> set[str]:
    """Every table that is there after `given`."""
    found = structure_of(given).relations.items()
    kinds = (Kind.TABLE, Kind.PARTITIONED)
    return {spelled(name) for name, relation in found if relation.kind in kinds}


def _predicted(given: str, sql: str, majors: Sequence[int]) -> Iterator[dict[str, Effect]]:
    """For each major, by relation, the strongest Effect of the statements one after the other.

    Of several statements, those on relations that were there before the first.
    """
    script = parse(sql)
    structure = structure_of(given)
    there = {spelled(name) for name in structure.relations}
    for major in majors:
        found: dict[str, Effect] = {}
        for parsed in script:
            for effect in predict(parsed, structure, major).effects:
                if len(script) > 1 and effect.relation not in {*there, UNKNOWN_RELATION}:
                    continue
                known = found.get(effect.relation)
                if known is None or effect.mode.strength > known.mode.strength:
                    found[effect.relation] = effect
            if len(script) > 1:
                apply(structure, parsed)
        yield found
        if len(script) > 1:
            structure = structure_of(given)


# Any: a JSON document, here and below.
@cache
def read_corpus(corpus: str) -> dict[str, Any]:
    """The document of a corpus."""
    (path,) = (path for path in HELD_OUT.glob("held_out*.json") if _corpus(path) == corpus)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _base(corpus: str, document: dict[str, Any]) -> str:
    return "\n".join(read_corpus(corpus)["bases"][document["base"]])


def _majors(joined: str) -> list[int]:
    return [int(major) for major in joined.split()]


def _locks(document: dict[str, Any], major: int) -> dict[str, str]:
    """The mode of each relation on a major; a relation has one, or one for some majors each."""
    found = {}
    for relation, modes in document.items():
        if isinstance(modes, str):
            found[relation] = modes
            continue
        for majors, mode in modes.items():
            if major in _majors(majors):
                found[relation] = mode
    return found


# What the linters say


CHOSEN = by_subject(choose_rules())


def lockgate_says(case: Case, *, blind: bool = False) -> str:
    """The codes of the errors and warnings, empty where there are none.

    Blind, lint is not told what exists.
    """
    structure = Structure() if blind else structure_of(case.base + case.given)
    linter = UnitLinter(CHOSEN, Unit(structure, case.major, complete=not blind))
    with tempfile.TemporaryFile() as stream:
        stream.write(case.sql.encode() + b";\n")
        stream.seek(0)
        answers = list(linter.script(read_script(stream)))
    loud = [a for a in answers if isinstance(a, Finding) and a.severity is not Severity.INFO]
    return " ".join(sorted({finding.code for finding in loud}))


def structure_of(given: str) -> Structure:
    """What exists after `given`, and nothing else."""
    structure = Structure(complete=True)
    for parsed in parse(given):
        follow(structure, parsed, MAJOR)
    return structure


def squawk_says(found: list[Case]) -> Said:
    """The names of squawk's rules that fire, style left out; nothing where pip does not find it."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder, "venv"), with_pip=True)
        python, program = (Path(folder, "venv", "bin", name) for name in ("python", "squawk"))
        pip = [str(python), "-m", "pip", "install", "-qq", f"squawk-cli=={SQUAWK}"]
        if subprocess.run(pip).returncode:
            return {}
        paths = {}
        for number, case in enumerate(found):
            path = Path(folder, f"{number:04}.sql")
            path.write_text(case.sql + ";\n", encoding="utf-8")
            paths[str(path)] = case
        command = [str(program), "--reporter", "json", "--pg-version", f"{MAJOR}.0", *paths]
        answer = subprocess.run(command, capture_output=True, text=True)
        said: dict[Case, set[str]] = {case: set() for case in found}
        for violation in json.loads(answer.stdout):
            if not STYLE.match(violation["rule_name"]):
                said[paths[violation["file"]]].add(violation["rule_name"])
    return {case: " ".join(sorted(names)) for case, names in said.items()}


def render(corpora: Mapping[str, Sequence[Case]], ours: Said, blind: Said, theirs: Said) -> str:
    """The table, three rows a corpus; without squawk where nothing is known of it."""
    lines = ["| | dangerous statements found | harmless ones reported |", "|---|---|---|"]
    for corpus, found in corpora.items():
        of = f"{corpus}: " if corpus else ""
        lines.append(row(f"{of}lockgate, told what exists", found, ours))
        lines.append(row(f"{of}lockgate, told nothing", found, blind))
        if theirs:
            lines.append(row(f"{of}squawk {SQUAWK}, rules of style left out", found, theirs))
    return "\n".join((*lines, ""))


def row(name: str, found: Sequence[Case], said: Said) -> str:
    """A row of the table: what a linter found and what it cried wolf at."""
    dangerous = [case for case in found if case.danger is not None]
    harmless = [case for case in found if case.danger is None]
    caught, cried = (sum(bool(said[case]) for case in part) for part in (dangerous, harmless))
    return (
        f"| {name} | {caught} of {len(dangerous)} ({caught / len(dangerous):.1%})"
        f" | {cried} of {len(harmless)} ({cried / len(harmless):.1%}) |"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
