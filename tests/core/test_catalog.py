"""Catalogs as values: their Fingerprints, and the Changes between two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.catalog import (
    COLUMN_ORDER,
    DEPENDENCY_ORDER,
    Catalog,
    CatalogObject,
    Change,
    ChangeKind,
    diff,
)
from lockgate.core.ddl.plan import ORDER
from lockgate.report.changes import changes_text

TABLE = CatalogObject(
    "table", "public.file", "CREATE TABLE public.file", (("column sum", "character varying(64)"),)
)
INDEX = CatalogObject("index", "public.ix", "CREATE INDEX ix ON public.file USING btree (sum)")
COMMENT = CatalogObject("comment", "table public.file", "COMMENT ON ...", cosmetic=True)


def catalog(*objects: CatalogObject) -> Catalog:
    return Catalog("18.4", objects)


def order(columns: str) -> CatalogObject:
    return CatalogObject(COLUMN_ORDER, "public.file", columns, cosmetic=True)


def test_the_order_of_objects_is_no_structure() -> None:
    assert catalog(TABLE, INDEX) == catalog(INDEX, TABLE)
    assert catalog(TABLE, INDEX).fingerprint == catalog(INDEX, TABLE).fingerprint


def test_the_server_is_no_structure() -> None:
    assert Catalog("15.18", (TABLE,)).fingerprint == Catalog("18.4", (TABLE,)).fingerprint


def test_a_fingerprint_stays_what_it_was() -> None:
    # It is kept in lock files: whoever changes the canonical form has to say so there.
    expected = "sha256:d7305e7c364d690b74cc37a31dfa35755253b3343cde9affec126518a9214c67"

    assert expected == catalog(TABLE, INDEX).fingerprint


def test_what_is_cosmetic_is_not_in_the_fingerprint() -> None:
    assert catalog(TABLE).fingerprint == catalog(TABLE, COMMENT).fingerprint
    assert [change.cosmetic for change in diff(catalog(TABLE), catalog(TABLE, COMMENT))] == [True]


def test_an_altered_column_is_named_with_both_types() -> None:
    wider = CatalogObject(
        "table",
        "public.file",
        "CREATE TABLE public.file",
        (("column sum", "character varying(255) NOT NULL"),),
    )

    assert (
        Change(
            ChangeKind.ALTERED,
            "table",
            "public.file",
            "column sum",
            "character varying(64)",
            "character varying(255) NOT NULL",
            False,
        ),
    ) == diff(catalog(TABLE), catalog(wider))


def test_an_added_object_is_told_whole() -> None:
    text = "CREATE TABLE public.file\ncolumn sum character varying(64)"

    assert (Change(ChangeKind.ADDED, "table", "public.file", None, None, text, False),) == diff(
        catalog(), catalog(TABLE)
    )


def test_a_moved_column_is_a_cosmetic_change() -> None:
    before, after = catalog(TABLE, order("sum, size")), catalog(TABLE, order("size, sum"))

    assert before.fingerprint == after.fingerprint
    assert (
        Change(
            ChangeKind.ALTERED,
            COLUMN_ORDER,
            "public.file",
            "definition",
            "sum, size",
            "size, sum",
            True,
        ),
    ) == diff(before, after)


def test_the_order_is_not_told_of_a_table_with_other_columns() -> None:
    assert diff(catalog(TABLE, order("sum")), catalog(TABLE, order("sum, size"))) == ()
    assert diff(catalog(TABLE), catalog(TABLE, order("sum"))) == ()


def test_changes_come_in_order_of_dependency_and_the_cosmetic_last() -> None:
    kinds = ["comment", "policy", "trigger", "view", "index", "constraint", "column", "table"]
    kinds += ["sequence", "enum", "extension", "schema"]

    changes = diff(catalog(), catalog(*(CatalogObject(kind, "a", "") for kind in kinds)))

    assert [*reversed(kinds[1:]), "comment"] == [change.object for change in changes]


def test_changes_and_statements_have_one_order_of_kinds() -> None:
    function = CatalogObject("function", "public.f()", "SELECT 1")

    changed = [change.object for change in diff(catalog(), catalog(TABLE, INDEX, function))]

    assert ["function", "table", "index"] == changed
    assert [kind for kind in ORDER if kind in DEPENDENCY_ORDER] == list(DEPENDENCY_ORDER)


def test_the_line_of_a_whole_table_counts_what_came_with_it() -> None:
    added = ChangeKind.ADDED
    table = Change(added, "table", "public.file", None, None, "", False)
    brought = [
        Change(added, "column", "public.file.id", None, None, "type integer", False),
        Change(added, "column", "public.file.sum", None, None, "type text", False),
        Change(added, "index", "public.ix", None, None, "table public.file\ncolumns (sum)", False),
    ]
    other = Change(added, "column", "public.other.x", None, None, "type text", False)

    shown = changes_text([table, *brought, other], missed=[table])

    assert [
        "  + table public.file: 2 columns, 1 index  (autogenerate does not see this)",
        "  + column public.other.x: type text",
    ] == shown.splitlines()


def test_a_catalog_that_lacks_something_has_no_complete_ones_fingerprint() -> None:
    lacking = Catalog("18.4", (TABLE,), ("functions",))

    assert catalog(TABLE).fingerprint != lacking.fingerprint


def test_what_is_cosmetic_has_a_fingerprint_of_its_own() -> None:
    comment = CatalogObject("comment", "table public.file", "", cosmetic=True)

    assert catalog(TABLE).cosmetic_fingerprint == catalog(INDEX).cosmetic_fingerprint
    assert catalog(TABLE).cosmetic_fingerprint != catalog(TABLE, comment).cosmetic_fingerprint


def test_two_objects_of_one_name_are_both_compared() -> None:
    other = CatalogObject("table", "public.file", "CREATE TABLE public.file WITH (fillfactor='50')")

    changes = diff(catalog(TABLE, other), catalog(TABLE))

    assert [(ChangeKind.REMOVED, other.text)] == [(change.kind, change.from_) for change in changes]


OBJECTS = st.builds(
    CatalogObject,
    st.sampled_from(["table", "index", COLUMN_ORDER]),
    st.sampled_from(["a", "b"]),
    st.text("xy", max_size=2),
    st.dictionaries(st.sampled_from("pq"), st.text("xy", max_size=1)).map(
        lambda found: tuple(sorted(found.items()))
    ),
).map(
    lambda found: CatalogObject(
        found.kind, found.name, found.definition, found.properties, found.kind == COLUMN_ORDER
    )
)
CATALOGS = st.lists(OBJECTS, max_size=5).map(lambda objects: catalog(*objects))


@given(CATALOGS, CATALOGS)
def test_fingerprints_differ_exactly_when_there_is_a_change_of_structure(
    before: Catalog, after: Catalog
) -> None:
    structure = [change for change in diff(before, after) if not change.cosmetic]

    assert (before.fingerprint != after.fingerprint) == bool(structure)


@given(CATALOGS, CATALOGS)
def test_the_way_back_has_the_changes_of_the_way_there(before: Catalog, after: Catalog) -> None:
    there = {(one.object, one.name, one.property, one.from_, one.to) for one in diff(before, after)}
    back = {(one.object, one.name, one.property, one.to, one.from_) for one in diff(after, before)}

    assert there == back
