"""Writes docs/locks.json and docs/locks.md: what PostgreSQL does for each form of the corpus.

    python -m tools.truth_table            says whether both are right; exit 1 if not
    python -m tools.truth_table --write    writes both

Tries every form on a scratch server of each major that LOCKGATE_TEST_MAJORS names (`make locks`
fetches all of them and writes).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

from lockgate.core.effect import Effect, StatementEffects, Transactional
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import scratch_server
from tests.effects.corpus import FORMS, Form, forms_of
from tests.effects.lab import SETTINGS, Lab, open_lab

DOCS = Path(__file__).parents[1] / "docs"
JSON, MARKDOWN, OPENING = DOCS / "locks.json", DOCS / "locks.md", Path(__file__).parent / "locks.md"
MAJORS = (14, 15, 16, 17, 18)

Cell = Callable[[Mapping[str, Any]], str]
"""The text of one column, from what was observed of a form."""

Seen = Mapping[int, StatementEffects]
"""What one form did, by major."""


def observe_all(lab: Lab, major: int) -> dict[Form, StatementEffects]:
    """What each form that `major` has does there. A form that fails is a mistake of the corpus."""
    seen = {}
    for form in forms_of(major):
        observation = lab.try_form(form)
        if observation.error is not None:
            raise SystemExit(f"{form.sql}\nfails on PostgreSQL {major}: {observation.error}")
        seen[form] = observation.statement
    return seen


# As JSON


def document(seen: Mapping[int, Mapping[Form, StatementEffects]]) -> dict[str, Any]:
    """All forms, each with what was seen; majors that did the same stand together."""
    return {
        "schema": "lockgate/locks/1",
        "majors": sorted(seen),
        "forms": [
            {
                "group": form.group,
                "given": form.given,
                "sql": form.sql,
                "observed": [
                    {"majors": majors, **statement_document(statement)}
                    for majors, statement in _by_majors(
                        {major: seen[major][form] for major in sorted(seen) if form in seen[major]}
                    )
                ],
            }
            for form in FORMS
        ],
    }


def _by_majors(seen: Seen) -> Iterable[tuple[list[int], StatementEffects]]:
    for statement, majors in groupby(seen, key=lambda major: seen[major]):
        yield list(majors), statement


def statement_document(statement: StatementEffects) -> dict[str, Any]:
    """What one statement does, as in the JSON; how it is known is not said there."""
    return {
        "transaction": statement.transaction.value,
        "fails_if_rows": statement.fails_if_rows,
        "effects": [_effect(effect) for effect in statement.effects],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "relation": effect.relation,
        "mode": effect.mode.value,
        "rewrites": effect.rewrites,
        "scans": effect.scans,
        "builds": sorted(effect.builds),
        "blocks": list(effect.blocks),
        "toast": [effect.toast.mode, effect.toast.index] if effect.toast else None,
    }


def recorded(major: int, found: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What the JSON document `found` says of `major`, by group, set-up and statement."""
    answer = {}
    for form in found["forms"]:
        for observed in form["observed"]:
            if major in observed["majors"]:
                said = {name: value for name, value in observed.items() if name != "majors"}
                answer[form["group"], form["given"], form["sql"]] = said
    return answer


def current(seen: Mapping[Form, StatementEffects]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What was seen of one major, in the shape of `recorded`."""
    return {(form.group, form.given, form.sql): statement_document(seen[form]) for form in seen}


# As Markdown


def markdown(found: Mapping[str, Any], opening: str) -> str:
    """The page that `found` makes, below `opening`."""
    lines = [opening.rstrip()]
    for group, forms in groupby(found["forms"], key=lambda form: form["group"]):
        in_group = list(forms)
        given = _shared([form["given"].split("; ") for form in in_group])
        lines += ["", f"### {group}", "", "```sql", *(f"{part};" for part in given), "```", ""]
        lines += ["| statement | locks | reads and writes all of | transaction |"]
        lines += ["|---|---|---|---|"]
        lines += [_row(form, len(given), found["majors"]) for form in in_group]
    return "\n".join(lines) + "\n"


def _shared(given: list[list[str]]) -> list[str]:
    """The statements that all of a group begin with."""
    alike = takewhile(lambda parts: len(set(parts)) == 1, zip(*given, strict=False))
    return [parts[0] for parts in alike]


def _row(form: Mapping[str, Any], shared: int, majors: list[int]) -> str:
    more = "; ".join(form["given"].split("; ")[shared:])
    statement = f"`{_cell(form['sql'])}`" + (f"<br>after `{_cell(more)}`" if more else "")
    cells = [_locks, _work, _transaction]
    return f"| {' | '.join([statement, *(_by_version(form, cell, majors) for cell in cells)])} |"


def _by_version(form: Mapping[str, Any], cell: Cell, majors: list[int]) -> str:
    """A cell; where versions differ, each with its majors in bold."""
    together = [
        (text, [major for observed in same for major in observed["majors"]])
        for text, same in groupby(form["observed"], key=cell)
    ]
    if len(together) == 1:
        text, in_majors = together[0]
        is_new = in_majors[0] != majors[0] and cell is _locks
        return f"**since {in_majors[0]}** {text}" if is_new else text
    return "<br>".join(f"**{_span(ms)}** {text or '-'}" for text, ms in together)


def _span(majors: list[int]) -> str:
    return str(majors[0]) if len(majors) == 1 else f"{majors[0]} to {majors[-1]}"


def _locks(observed: Mapping[str, Any]) -> str:
    return "<br>".join(map(_lock, observed["effects"])) or "none"


def _lock(effect: Mapping[str, Any]) -> str:
    # The mode on the TOAST table is that on its table.
    toast = " with TOAST" if effect["toast"] else ""
    return f"{_short(effect['relation'])}{toast}: {effect['mode']}"


def _work(observed: Mapping[str, Any]) -> str:
    said = []
    for effect in observed["effects"]:
        name = _short(effect["relation"])
        if effect["rewrites"]:
            said.append(f"rewrites {name}")
        elif effect["scans"] and not effect["builds"]:
            said.append(f"reads {name}")
        if effect["builds"]:
            said.append(f"builds {', '.join(map(_short, effect['builds']))}")
    if observed["fails_if_rows"]:
        said.append("**fails if there is a row**")
    return "<br>".join(said)


def _transaction(observed: Mapping[str, Any]) -> str:
    return "" if observed["transaction"] == Transactional.ALLOWED.value else "forbidden"


def _short(name: str) -> str:
    return name.removeprefix("public.")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Looks, or writes."""
    asked = os.environ.get("LOCKGATE_TEST_MAJORS", "14,15,16,17,18")
    majors = [int(major) for major in asked.split(",")]
    seen = {}
    with tempfile.TemporaryDirectory(prefix="lockgate-locks-") as folder:
        Path(folder).chmod(0o755)
        for major in majors:
            programs = find_binaries(major)
            with (
                scratch_server(Path(folder), programs, settings=SETTINGS) as server,
                open_lab(server.url) as lab,
            ):
                seen[major] = observe_all(lab, major)
            print(f"PostgreSQL {programs.version}: {len(seen[major])} forms")
    if "--write" in arguments:
        if tuple(majors) != MAJORS:
            raise SystemExit(f"the table is written with all of {MAJORS}: run make locks")
        found = document(seen)
        JSON.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        MARKDOWN.write_text(markdown(found, OPENING.read_text("utf-8")), encoding="utf-8")
        return 0
    found = json.loads(JSON.read_text("utf-8"))
    stale = markdown(found, OPENING.read_text("utf-8")) != MARKDOWN.read_text("utf-8")
    print(f"docs/locks.md is {'not ' if stale else ''}what docs/locks.json makes")
    for major in majors:
        known, now = recorded(major, found), current(seen[major])
        for form in sorted(known.keys() | now.keys()):
            if known.get(form) != now.get(form):
                stale = True
                print(f"PostgreSQL {major}: {form[-1]}\n  {known.get(form)}\n  {now.get(form)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
