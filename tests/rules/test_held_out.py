"""Statements written without a look at lint's rules, against what servers showed of each.

What lint misses, reports or predicts otherwise is `excused` in the file with the reason; nothing
else may be.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache

import pytest

from lockgate.postgres.servers import Server
from tools.held_out import Instrument
from tools.lint_figures import (
    PAGE,
    Case,
    corpora,
    corrections,
    disagreements,
    held_out,
    lockgate_says,
    read_corpus,
    row,
    wrong_modes,
)

every_corpus = pytest.mark.parametrize("corpus", corpora())


@every_corpus
def test_told_what_exists_lint_differs_only_where_it_is_excused(corpus: str) -> None:
    excused = [case for case in held_out(corpus) if case.excused]

    assert disagreements(held_out(corpus), said(corpus, blind=False)) == excused


@every_corpus
def test_told_nothing_lint_misses_no_more(corpus: str) -> None:
    known = ("lint", "blind")
    excused = {
        (case.get("setup", ""), case["sql"])
        for case in read_corpus(corpus)["cases"]
        if any(key in case.get("excused", {}) for key in known)
    }
    missed = [c for c in disagreements(held_out(corpus), said(corpus, blind=True)) if c.danger]

    assert [case for case in missed if (case.given, case.sql) not in excused] == []


@every_corpus
def test_predicted_modes_differ_only_where_they_are_excused(corpus: str) -> None:
    differing, _ = wrong_modes(corpus)
    excused = {
        f"{case.get('setup', '')} {case['sql']}".strip()
        for case in read_corpus(corpus)["cases"]
        if "modes" in case.get("excused", {})
    }

    assert differing.keys() == excused, differing


@every_corpus
def test_the_docs_give_the_figures_of_now(corpus: str) -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    differing, predicted = wrong_modes(corpus)
    right = 1 - sum(map(len, differing.values())) / predicted
    found = held_out(corpus)
    *_, caught, reported, _ = (cell.strip() for cell in corrections(found).split("|"))

    assert row(f"{corpus}: lockgate, told what exists", found, said(corpus, blind=False)) in text
    assert row(f"{corpus}: lockgate, told nothing", found, said(corpus, blind=True)) in text
    assert f"{right:.1%} of {predicted:,} locks" in text
    assert f"lint finds {caught} and reports {reported}" in text


@pytest.mark.parametrize(
    "sql", ["ALTER TABLE sale ALTER COLUMN qty SET NOT NULL", "VACUUM (FULL, ANALYZE) product"]
)
def test_measured_anew_a_statement_does_what_the_file_says(sql: str, server: Server) -> None:
    document = read_corpus("reference")
    case = next(c for c in document["cases"] if c["sql"] == sql and "setup" not in c)

    with closing(Instrument(server.url.render())) as instrument:
        seen = instrument.show("\n".join(document["bases"][case["base"]]), case)

    assert (seen.danger, seen.locks) == (case["why"], case["locks"])


@cache
def said(corpus: str, *, blind: bool) -> dict[Case, str]:
    return {case: lockgate_says(case, blind=blind) for case in held_out(corpus)}
