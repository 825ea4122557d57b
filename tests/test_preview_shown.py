"""A preview as Markdown and as a page: what a reader sees, whatever stands in names and SQL."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from lockgate.core.effect import Effect, LockMode, StatementEffects
from lockgate.core.finding import Finding
from lockgate.core.plan import Verdict
from lockgate.core.preview import Preview, PreviewedRevision, PreviewedStatement
from lockgate.core.statement import Direction, Statement
from lockgate.report.plan_page import plan_html
from lockgate.report.preview import preview_html, preview_markdown, preview_text
from tests.deploying.test_plan import with_statement

CHECK = "ALTER TABLE item ADD CHECK (a < b AND note <> '</pre>' || '````' || '|')"
MESSAGE = "Compare <a> & b | c"


def previewed(sql: str, line: int | None = 7) -> PreviewedStatement:
    """A statement that locks a table, as scratch saw it."""
    sent = Statement(sql, None, "abc", Direction.UP, "abc.py", line, transactional=True)
    effect = Effect("public.item", LockMode.ACCESS_EXCLUSIVE, scans=True)
    return PreviewedStatement(sent, sql, effects=StatementEffects((effect,)))


def preview(*statements: PreviewedStatement) -> Preview:
    """Of one revision, with a finding about its first statement."""
    finding = Finding("LG005", "check", "blocks | reads", "add it NOT VALID", statement=0, line=7)
    one = PreviewedRevision("abc", MESSAGE, "abc.py", statements, findings=(finding,))
    return Preview("18.4", "base", (), ("abc",), (one,), "", "", ())


class Page(HTMLParser):
    """The words of a page, and its elements in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.elements: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the element."""
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        """Notes the words."""
        self.words += data


def test_page_shows_names_and_sql_as_they_are_written() -> None:
    page = Page(preview_html(preview(previewed(CHECK))))

    assert CHECK in page.words
    assert MESSAGE in page.words
    assert "1 statement, 1 blocks reads and writes; 1 error" in page.words
    assert "error LG005: blocks | reads→ add it NOT VALID" in page.words
    assert 1 == page.elements.count("pre")
    assert not {"script", "img", "link"} & set(page.elements)


def test_page_of_a_plan_has_what_is_approved_and_which_gate_refuses() -> None:
    verdicts = (Verdict("drift", False, "table <a> & <b> differ"),)
    plan = replace(with_statement(CHECK), verdicts=verdicts)

    page = Page(plan_html(plan))

    assert "production, PostgreSQL 18, from a1\nto b2, 1 revision" in page.words
    assert "driftrefusestable <a> & <b> differ" in page.words
    assert CHECK in page.words
    assert f"lockgate deploy prod --approve {plan.hash}" in page.words
    assert not {"script", "img", "link"} & set(page.elements)


def test_markdown_keeps_its_tables_whatever_the_sql() -> None:
    lines = preview_markdown(preview(previewed(CHECK))).splitlines()

    rows = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    assert [6, 6, 6, 5, 5, 5] == [row.count("|") for row in rows]
    assert "| blocks reads and writes (ACCESS EXCLUSIVE) | reads every row |" in rows[2]
    assert "#### `abc` Compare \\<a\\> \\& b \\| c" in lines
    fences = [line for line in lines if line.startswith("`````")]
    assert ["`````sql", "`````"] == fences


def test_markdown_leaves_out_sql_that_a_comment_has_no_room_for() -> None:
    long = previewed(f"COMMENT ON TABLE item IS '{'x' * 70_000}'")

    shown = preview_markdown(preview(long))

    assert len(shown) < 65_536
    assert "The SQL is too long for a comment: `lockgate preview` shows it." in shown


def test_text_is_coloured_by_danger_on_a_terminal_only() -> None:
    found = preview(previewed(CHECK))

    coloured = preview_text(found, width=80, colour=True)

    assert "\033[31mblocks reads and writes  ACCESS EXCLUSIVE\033[0m" in coloured
    assert "\033[31merror LG005\033[0m: blocks | reads" in coloured
    assert "\033" not in preview_text(found, width=80)
