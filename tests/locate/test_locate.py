"""`lockgate locate`: which revision a structure is at, and where a lost file is."""

from __future__ import annotations

import subprocess

from lockgate.postgres.servers import Server
from tests.locate.conftest import Site


def test_all_revisions_of_one_structure_are_named_from_the_lock_file(rehearsed: Site) -> None:
    rehearsed.do("CREATE TABLE item (id integer)")

    status, found = rehearsed.locate()

    assert (1, [], ["one", "rows"]) == (status, found["recorded"], found["exact"])
    assert (False, False) == (found["replayed"], found["marked"])


def test_an_empty_database_is_at_base(rehearsed: Site) -> None:
    status, found = rehearsed.locate()

    assert (0, ["base"]) == (status, found["exact"])


def test_a_version_table_that_lies_is_found_out(rehearsed: Site) -> None:
    rehearsed.do("CREATE TABLE item (id int, note text)")
    rehearsed.do("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    rehearsed.do("INSERT INTO alembic_version VALUES ('three')")

    status, found = rehearsed.locate()
    text = rehearsed.run("locate", "dev").stdout

    assert (1, ["three"], ["two"]) == (status, found["recorded"], found["exact"])
    assert "dev records three\nits structure is exactly that of two, by lockgate.lock\n" == text


def test_without_a_lock_file_the_revisions_are_replayed(site: Site) -> None:
    site.do("CREATE TABLE item (id int, note text)")

    status, found = site.locate()

    assert (1, ["two"], True) == (status, found["exact"], found["replayed"])


def test_an_edited_file_is_not_located_by_its_old_fingerprint(site: Site) -> None:
    assert 0 == site.run("rehearse").returncode
    site.file("two").write_text(site.file("two").read_text().replace("note", "remark"))
    site.do("CREATE TABLE item (id int, remark text)")

    _, found = site.locate()

    assert (["two"], True) == (found["exact"], found["replayed"])


def test_the_nearest_are_named_with_the_changes_between(site: Site) -> None:
    site.do("CREATE TABLE item (id int, note text, by_hand int)")

    status, found = site.locate()
    shown = site.run("locate", "dev", "--verbose").stdout

    near = [(one["revision"], one["changes"]) for one in found["nearest"]]
    assert (1, []) == (status, found["exact"])
    assert [("two", 1), ("three", 2), ("rows", 2)] == near
    (change,) = found["nearest"][0]["details"]
    assert ("added", "column", "public.item.by_hand") == (
        change["kind"],
        change["object"],
        change["name"],
    )
    assert "  two  1 change away\n    + column public.item.by_hand: type integer\n" in shown


def test_branches_are_located_without_each_other(site: Site) -> None:
    side = site.file("three").read_text().replace("three", "side").replace("size", "weight")
    site.file("side").write_text(side)
    site.do("CREATE TABLE item (id int, note text, weight int)")

    _, found = site.locate()

    assert ["side"] == found["exact"]


def test_heads_that_stay_apart_are_located_together(site: Site) -> None:
    side = site.file("three").read_text().replace("three", "side").replace("size", "weight")
    site.file("side").write_text(side)
    site.enroll("dev")
    assert 0 == site.run("upgrade", "heads", "--env", "dev").returncode

    code, found = site.locate()
    site.do("DELETE FROM alembic_version WHERE version_num = 'side'")
    untrue, again = site.locate()
    _, findings = site.doctor()

    assert (0, []) == (code, found["exact"])
    assert ["side", "three"] == found["together"] == again["together"]
    assert 1 == untrue
    (cure,) = [f["remedy"] for f in findings if f["code"] == "LG-DOC-6"]
    assert "run `lockgate stamp --purge side three --env dev`" == cure


def test_a_lost_file_is_found_on_a_deleted_branch_and_restored(rehearsed: Site) -> None:
    rehearsed.git("add", "-A")
    rehearsed.git("commit", "-qm", "rehearsed")
    rehearsed.git("checkout", "-qb", "side")
    child = rehearsed.file("three").read_text().replace("'three'", "'four'")
    rehearsed.file("four").write_text(child.replace("'two'", "'three'").replace("size", "age"))
    rehearsed.git("add", "-A")
    rehearsed.git("commit", "-qm", "four")
    commit = rehearsed.git("rev-parse", "HEAD")
    rehearsed.git("checkout", "-q", "-")
    rehearsed.git("branch", "-qD", "side")
    rehearsed.do("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    rehearsed.do("INSERT INTO alembic_version VALUES ('four'), ('never')")

    _, found = rehearsed.locate()
    _, restored = rehearsed.locate("--restore")

    path = "migrations/versions/four.py"
    assert {"four": f"git:{commit}:{path}"} == found["file_found"]
    assert ["never"] == found["file_missing"]
    assert [str(rehearsed.root / path)] == restored["restored"]
    assert "four (head)\n" == rehearsed.run("heads").stdout


def test_a_file_that_is_gone_is_located_by_the_lock_file_all_the_same(rehearsed: Site) -> None:
    rehearsed.file("three").unlink()
    rehearsed.do("CREATE TABLE item (id int, note text, size int)")

    _, found = rehearsed.locate()

    assert ["three"] == found["exact"]


def test_no_git_is_no_error(site: Site) -> None:
    site.git("checkout", "-q", "--detach")
    subprocess.run(["rm", "-rf", ".git"], cwd=site.root, check=True)
    site.do("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    site.do("INSERT INTO alembic_version VALUES ('never')")

    status, found = site.locate()

    assert (1, {}, ["never"]) == (status, found["file_found"], found["file_missing"])


def test_a_role_that_may_not_read_the_version_table_is_told_so(at_head: Site) -> None:
    at_head.do("CREATE ROLE outsider LOGIN")
    settings = at_head.root / "lockgate.toml"
    outside = at_head.url.render().replace("postgres@", "outsider@")
    settings.write_text(settings.read_text().replace("env:DEV_URL", outside))

    done = at_head.run("locate", "dev")
    at_head.do("DROP ROLE outsider")

    assert 4 == done.returncode
    said = "the login may not even ask which revision the database is at: permission denied"
    assert f"error[LG-RUN-10]: {said} for table alembic_version" in done.stderr


def test_a_role_that_may_not_see_all_gets_no_answer_that_is_wrong(
    rehearsed: Site, server: Server
) -> None:
    rehearsed.do("CREATE ROLE half_blind LOGIN")
    rehearsed.do("REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC")
    settings = rehearsed.root / "lockgate.toml"
    blind = rehearsed.url.render().replace("postgres@", "half_blind@")
    settings.write_text(settings.read_text().replace("env:DEV_URL", blind))

    status, found = rehearsed.locate()
    rehearsed.do("DROP ROLE half_blind")

    assert (1, [], []) == (status, found["exact"], found["nearest"])
    assert ["comments", "policies"] == found["incomplete"]
