"""`lockgate doctor`: each way in which a set-up goes wrong is told, with a cure that works."""

from __future__ import annotations

import shutil
from pathlib import Path

from lockgate.core.url import DatabaseUrl
from tests.locate.conftest import Site


def only(site: Site, code: str) -> dict[str, object]:
    """The one Finding there is, which has that code."""
    ok, findings = site.doctor()
    assert (False, [code]) == (ok, [found["code"] for found in findings]), findings
    return findings[0]


def well(site: Site) -> bool:
    return (True, []) == site.doctor()


def test_a_set_up_in_order_is_well(two: Site) -> None:
    said = two.run("doctor")

    assert "all is well: 4 revision files, dev, test\n" == said.stdout
    assert 0 == said.returncode


def test_a_recorded_revision_without_a_file_is_restored_from_git(at_head: Site) -> None:
    at_head.git("rm", "-q", str(at_head.file("three")))
    at_head.git("commit", "-qm", "lose it")

    found = only(at_head, "LG-DOC-4")
    at_head.cure(found)

    assert "dev records three, and no file here has it; git does: " in str(found["message"])
    assert at_head.file("three").is_file()
    assert well(at_head)


def test_a_revision_that_is_nowhere_is_stamped_over_where_the_structure_proves_it(
    at_head: Site,
) -> None:
    at_head.do("UPDATE alembic_version SET version_num = 'never'")

    found = only(at_head, "LG-DOC-4")
    at_head.cure(found)

    assert "its structure is that of three" in str(found["message"])
    assert well(at_head)


def test_a_clone_without_the_branch_of_a_lost_revision_is_told_to_fetch_it(
    at_head: Site, tmp_path: Path
) -> None:
    at_head.git("init", "-q", "--bare", str(tmp_path / "hub"))
    at_head.git("checkout", "-qb", "side")
    at_head.file("never").write_text(at_head.file("three").read_text().replace("three", "never"))
    at_head.git("add", "-A")
    at_head.git("commit", "-qm", "never")
    at_head.git("push", "-q", str(tmp_path / "hub"), "side")
    at_head.git("checkout", "-q", "-")
    at_head.git("branch", "-qD", "side")
    at_head.git("reflog", "expire", "--expire=now", "--all")
    at_head.git("remote", "add", "-t", "main", "origin", str(tmp_path / "hub"))
    at_head.do("UPDATE alembic_version SET version_num = 'never'")

    before = only(at_head, "LG-DOC-4")
    at_head.cure(before)
    after = only(at_head, "LG-DOC-4")

    assert "but this clone lacks a part of the history" in str(before["message"])
    assert "run `lockgate doctor --restore never` to bring it back" == after["remedy"]


def test_without_a_proof_no_stamp_is_offered(at_head: Site) -> None:
    at_head.do("UPDATE alembic_version SET version_num = 'never'; ALTER TABLE item ADD odd int")

    found = only(at_head, "LG-DOC-4")

    assert "stamp" not in str(found["remedy"])


def test_an_empty_version_table_is_stamped(at_head: Site) -> None:
    at_head.do("DELETE FROM alembic_version")

    found = only(at_head, "LG-DOC-5")
    at_head.cure(found)

    assert "the version table is empty, but the database is not" in str(found["message"])
    assert well(at_head)


def test_a_doubled_version_table_is_stamped(at_head: Site) -> None:
    at_head.do("INSERT INTO alembic_version VALUES ('two')")

    found = only(at_head, "LG-DOC-5")
    at_head.cure(found)

    assert "has two and what comes after it: three" in str(found["message"])
    assert well(at_head)


def test_a_row_that_stands_there_twice_is_one_again(at_head: Site) -> None:
    at_head.do("ALTER TABLE alembic_version DROP CONSTRAINT alembic_version_pkc")
    at_head.do("INSERT INTO alembic_version VALUES ('three')")

    found = only(at_head, "LG-DOC-5")
    at_head.cure(found)

    assert "has three more than once" in str(found["message"])
    assert well(at_head)


def test_a_version_table_at_head_over_another_structure_is_stamped(at_head: Site) -> None:
    at_head.do("ALTER TABLE item DROP size")

    found = only(at_head, "LG-DOC-6")
    at_head.cure(found)

    assert "dev records three, but its structure is exactly that of two" in str(found["message"])
    assert well(at_head)


def test_drift_is_told_with_the_statements_of_both_cures(at_head: Site) -> None:
    at_head.do("ALTER TABLE item ADD by_hand int; CREATE INDEX mine ON item (by_hand)")

    found = only(at_head, "LG-DOC-7")
    details = found["details"]
    assert isinstance(details, list)
    undo = details[details.index("to undo:") + 1 : details.index("to adopt:")]
    for statement in undo:
        at_head.do(statement)

    assert "dev has drifted from three by 2 changes" in str(found["message"])
    assert well(at_head)


def test_drift_is_adopted_by_a_revision_that_reaches_it(at_head: Site) -> None:
    at_head.do("ALTER TABLE item ADD by_hand int DEFAULT 3; CREATE INDEX mine ON item (by_hand)")

    adopted = at_head.run("doctor", "dev", "--adopt", "-m", "keep it")
    stamp = adopted.stderr.split("`")[1].split()
    assert 0 == adopted.returncode, adopted.stderr
    assert 0 == at_head.run(*stamp[1:]).returncode

    assert "ADD COLUMN by_hand" in adopted.stdout
    assert ["lockgate", "stamp"] == stamp[:2]
    assert well(at_head)


def test_what_has_not_drifted_is_not_adopted(at_head: Site) -> None:
    answer = at_head.run("doctor", "dev", "--adopt")

    assert 1 == answer.returncode
    assert 'error[LG-DOC-17]: nothing of "dev" can be adopted' in answer.stderr


def test_branches_with_a_label_each_are_left_apart(at_head: Site) -> None:
    text = at_head.file("three").read_text().replace("'two'", "'three'")
    for name, column in (("expand", "age"), ("contract", "rank")):
        branch = text.replace("'three'", f"'{name}1'", 1).replace("size", column)
        at_head.file(name).write_text(f"{branch}\nbranch_labels = ('{name}',)\n")
    assert 0 == at_head.run("rehearse").returncode
    assert 0 == at_head.run("upgrade", "heads", "--env", "dev").returncode

    _, findings = at_head.doctor()

    assert [] == findings


def test_several_heads_are_merged(at_head: Site) -> None:
    side = at_head.file("three").read_text().replace("'three'", "'side'").replace("size", "age")
    at_head.file("side").write_text(side)
    assert 0 == at_head.run("rehearse").returncode

    _, findings = at_head.doctor()
    assert 0 == at_head.run("merge", "heads", "-m", "join").returncode
    assert 0 == at_head.run("upgrade", "--env", "dev").returncode

    assert ["LG-DOC-2"] == [found["code"] for found in findings]
    assert "there are 2 heads: side, three" == findings[0]["message"]
    assert "--rebase side three" in findings[0]["remedy"]
    assert well(at_head)


def test_a_revision_edited_after_it_was_applied_is_restored(at_head: Site) -> None:
    text = at_head.file("two").read_text()
    at_head.file("two").write_text(text.replace("sa.Text", "sa.String"))
    at_head.git("commit", "-qam", "edit")

    _, findings = at_head.doctor()
    edited = [found for found in findings if found["code"] == "LG-DOC-8"]
    at_head.cure(edited[0])

    assert "two was edited after it was applied to dev" == edited[0]["message"]
    assert text == at_head.file("two").read_text()
    assert well(at_head)


def test_a_copied_revision_file_is_told(at_head: Site) -> None:
    shutil.copy(at_head.file("two"), at_head.file("copy"))

    found = only(at_head, "LG-REV-6")
    at_head.file("copy").unlink()

    assert 'revision "two" stands in two files' in str(found["message"])
    assert well(at_head)


def test_a_lost_parent_is_restored_from_git(at_head: Site) -> None:
    at_head.git("rm", "-q", str(at_head.file("two")))
    at_head.git("commit", "-qm", "lose it")

    found = only(at_head, "LG-DOC-1")
    at_head.cure(found)

    assert 'names "two" as its down_revision, and no file has that revision' in str(
        found["message"]
    )
    assert well(at_head)


def test_an_invalid_index_is_built_anew(at_head: Site) -> None:
    at_head.do("INSERT INTO item VALUES (1), (1)")
    at_head.fails("CREATE UNIQUE INDEX CONCURRENTLY once ON item (id)")
    at_head.do("DELETE FROM item")

    found = only(at_head, "LG-DOC-11")
    at_head.do("DROP INDEX CONCURRENTLY once")

    assert "dev: index once is invalid" in str(found["message"])
    assert "REINDEX INDEX CONCURRENTLY once" in str(found["remedy"])
    assert well(at_head)


def test_a_constraint_that_was_left_not_valid_is_validated(at_head: Site) -> None:
    at_head.do("ALTER TABLE item ADD CONSTRAINT positive CHECK (size > 0) NOT VALID")

    _, findings = at_head.doctor()
    left = [found for found in findings if found["code"] == "LG-DOC-12"]
    at_head.cure(left[0])
    _, after = at_head.doctor()

    assert "dev: positive of public.item is NOT VALID" in left[0]["message"]
    assert "LG-DOC-12" not in [found["code"] for found in after]


def test_a_sequence_behind_its_column_is_brought_up(at_head: Site) -> None:
    at_head.do(
        "CREATE SCHEMA aside; CREATE TABLE aside.t (id serial PRIMARY KEY, other serial);"
        "INSERT INTO aside.t VALUES (5, 1)"
    )

    _, findings = at_head.doctor()
    behind = [found for found in findings if found["code"] == "LG-DOC-13"]
    at_head.cure(behind[0])
    _, after = at_head.doctor()

    expected = "dev: aside.t_id_seq gives 1 next, but aside.t.id has 5 already"
    assert [expected] == [found["message"] for found in behind]
    unknown = [found["message"] for found in findings if found["code"] == "LG-DOC-14"]
    assert ["aside.t_other_seq" in message for message in unknown] == [True]
    assert "LG-DOC-13" not in [found["code"] for found in after]


def test_environments_at_one_revision_with_another_structure_are_told(two: Site) -> None:
    two.do("ALTER TABLE item ADD by_hand int")

    _, findings = two.doctor()

    assert ["LG-DOC-7", "LG-DOC-16"] == [found["code"] for found in findings]
    assert "dev and test are both at three, and differ by 1 change" == findings[1]["message"]


def test_a_revision_inserted_below_an_applied_one_is_told(at_head: Site) -> None:
    text = at_head.file("three").read_text()
    between = text.replace("'three'", "'between'").replace("size", "age")
    at_head.file("between").write_text(between)
    at_head.file("three").write_text(text.replace("'two'", "'between'"))

    assert 0 == at_head.run("rehearse").returncode

    _, findings = at_head.doctor()
    at_head.cure(findings[0])

    assert "Down = 'two'" in at_head.file("three").read_text().replace("down_revision", "Down")
    assert 0 == at_head.run("upgrade", "--env", "dev").returncode
    assert well(at_head)
    assert ["dev never ran between, which stands below three, and that is applied"] == [
        found["message"] for found in findings
    ]


def test_a_database_that_does_not_answer_is_said_and_the_others_are_asked(two: Site) -> None:
    gone = DatabaseUrl.parse(two.environ["TEST_URL"], source="test")
    two.environ["TEST_URL"] = gone.render().replace(str(gone.database), "no_such_database")

    ok, findings = two.doctor()

    assert (False, ["LG-CONN-1"]) == (ok, [found["code"] for found in findings])
    assert findings[0]["message"].startswith("test: ")


def test_production_is_stamped_only_where_the_structure_proves_it(at_head: Site) -> None:
    at_head.do("UPDATE alembic_version SET version_num = 'two'")
    settings = at_head.root / "lockgate.toml"
    settings.write_text(settings.read_text().replace("development", "production"))
    at_head.run("env", "relabel", "dev", "--yes", "dev")

    wrong = at_head.run("stamp", "one", "--env", "dev", "--yes", "dev")
    unnamed = at_head.run("stamp", "three", "--env", "dev")
    right = at_head.run("stamp", "three", "--env", "dev", "--yes", "dev")

    assert (3, 1, 0) == (wrong.returncode, unnamed.returncode, right.returncode), right.stderr
    assert "run `lockgate doctor dev`" in wrong.stderr
    assert well(at_head)
