"""Statements written without a look at lint's rules, against what servers showed of each.

What lint misses, reports or predicts otherwise is listed here with the reason; nothing else may be.
"""

from __future__ import annotations

from tools.lint_figures import (
    PAGE,
    Case,
    corrections,
    disagreements,
    held_out,
    lockgate_says,
    row,
    wrong_modes,
)

MISSED = {
    "UPDATE posts SET views = 0 WHERE id > 0": "that every id is above 0 only the rows tell",
    "UPDATE posts SET views = 0 WHERE views IS NULL": "that every one is NULL only the rows tell",
}
BRANCH = (
    "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'audit' "
    "AND column_name = 'zz') THEN ALTER TABLE audit DROP COLUMN zz; END IF; END $$"
)
LOOP = (
    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = "
    "'nothing' LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN q int', t); END LOOP; END $$"
)
REPORTED = {
    "DROP OWNED BY lg_p1": "what a role owns is not in a schema's text; here it is nothing",
    BRANCH: "that the branch is not taken only the server tells",
    LOOP: "that the loop has no table only the server tells",
    "ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz": "free only if the zone is UTC",
}
OTHER_MODES = {
    "DELETE FROM users WHERE last_login < now() - interval '5 years'": "no row to look up",
    "DELETE FROM authors WHERE id = 25": "no row to look up",
    "DELETE FROM contact WHERE id = 5": "seen with the tables empty, as its row is refused",
    BRANCH: "not taken",
}


def test_the_statements_are_those_of_the_docs() -> None:
    labels = [case.danger is not None for case in held_out()]

    assert (labels.count(True), labels.count(False)) == (344, 410)


def test_told_what_exists_lint_misses_and_reports_only_the_listed() -> None:
    missed, reported = wrong(said(blind=False))

    assert missed == sorted(MISSED)
    assert reported == sorted(REPORTED)


def test_told_nothing_lint_misses_no_more() -> None:
    missed, _ = wrong(said(blind=True))

    assert missed == sorted(MISSED)


def test_predicted_modes_are_those_seen_but_for_the_listed() -> None:
    differing, predicted = wrong_modes()

    assert differing.keys() == OTHER_MODES.keys(), differing
    assert predicted > 3_700


def test_the_docs_give_the_figures_of_now() -> None:
    text = PAGE.read_text(encoding="utf-8")
    differing, predicted = wrong_modes()
    right = 1 - sum(map(len, differing.values())) / predicted
    *_, found, reported, _ = (cell.strip() for cell in corrections(held_out()).split("|"))

    assert row("lockgate, told what exists", held_out(), said(blind=False)) in text
    assert row("lockgate, told nothing", held_out(), said(blind=True)) in text
    assert f"and {right:.1%} of {predicted:,} locks" in text
    assert f"lint finds {found} and reports {reported}." in " ".join(text.split())


def said(*, blind: bool) -> dict[Case, str]:
    return {case: lockgate_says(case, blind=blind) for case in held_out()}


def wrong(answers: dict[Case, str]) -> tuple[list[str], list[str]]:
    """The dangerous statements of which nothing is said, and the harmless ones reported."""
    differing = disagreements(held_out(), answers)
    return (
        sorted(case.sql for case in differing if case.danger),
        sorted(case.sql for case in differing if not case.danger),
    )
