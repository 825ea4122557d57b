"""Models before and after a change of each kind that autogenerate has to do with.

Each pair is the body of a module that finds `metadata`, `sa`, `pg`, `DDL` and `event`.
"""

from __future__ import annotations

COLUMNS_BEFORE = """
kind = pg.ENUM("raw", "final", name="kind", metadata=metadata)
sa.Table("item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", kind, server_default="raw"),
    sa.Column("width", sa.Integer, server_default="1"),
    sa.Column("height", sa.Integer, server_default=sa.text("2")),
    sa.Column("area", sa.Integer, sa.Computed("width * height", persisted=True)),
    sa.Column("serial", sa.BigInteger, sa.Identity(start=1)),
    sa.Column("label", sa.Text(), server_default="a"),
    sa.Column("code", sa.String(10), comment="old words"),
    sa.Column("stays", sa.Text, sa.CheckConstraint("stays <> ''", name="not_empty")),
    sa.CheckConstraint("width > 0", name="positive"),
    comment="old table words")
sa.Sequence("numbers", metadata=metadata, start=1, increment=1)
sa.Table("plain", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""

COLUMNS_AFTER = """
kind = pg.ENUM("raw", "checked", "final", "lost", name="kind", metadata=metadata)
sa.Table("item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", kind, server_default="checked"),
    sa.Column("width", sa.Integer, server_default="3"),
    sa.Column("height", sa.Integer),
    sa.Column("area", sa.Integer, sa.Computed("width * height * 2", persisted=True)),
    sa.Column("serial", sa.BigInteger, sa.Identity(start=1, increment=5, cycle=True)),
    sa.Column("label", sa.Text(collation="C"), server_default="it's :not % a \\\\ parameter"),
    sa.Column("code", sa.String(20), comment="new words: it's"),
    sa.Column("stays", sa.Text, sa.CheckConstraint("length(stays) > 1", name="not_empty")),
    sa.Column("state", sa.Enum("on", "off", name="state"), nullable=False, server_default="on"),
    sa.Column("other", sa.Enum("on", "off", name="state")),
    sa.Column("added", sa.Integer, sa.Identity(always=True)),
    sa.CheckConstraint("width > 0 AND width < 100", name="positive"),
    comment="new table words")
sa.Sequence("numbers", metadata=metadata, start=1, increment=10, cache=20)
sa.Sequence("more_numbers", metadata=metadata, start=7)
sa.Table("plain", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tiny", pg.DOMAIN("tiny", sa.Integer, check="VALUE < 10")))
sa.Table("fresh", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", kind), sa.Column("state", sa.Enum("on", "off", name="state")),
    sa.Column("tiny", pg.DOMAIN("tiny", sa.Integer, check="VALUE < 10")),
    prefixes=["UNLOGGED"], postgresql_with={"fillfactor": 70})
"""

INDEXES_BEFORE = """
sa.Table("parent", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("code", sa.Integer, unique=True))
sa.Table("item", metadata,
    sa.Column("id", sa.Integer, nullable=False), sa.Column("part", sa.Integer, nullable=False),
    sa.Column("parent_id", sa.Integer), sa.Column("note", sa.Text), sa.Column("tags", pg.JSONB),
    sa.Column("during", pg.INT4RANGE), sa.Column("size", sa.Integer),
    sa.PrimaryKeyConstraint("id", name="pk_item"),
    sa.UniqueConstraint("part", name="uq_part"),
    sa.UniqueConstraint("size", name="uq_size"),
    sa.ForeignKeyConstraint(["parent_id"], ["parent.id"], name="fk_parent"),
    sa.ForeignKeyConstraint(["size"], ["parent.code"], name="fk_size"),
    pg.ExcludeConstraint(("during", "&&"), name="no_overlap"),
    sa.Index("ix_where", "size", postgresql_where=sa.text("size > 10")),
    sa.Index("ix_method", "note"),
    sa.Index("ix_include", "part"),
    sa.Index("ix_opclass", "note"),
    sa.Index("ix_expression", sa.text("lower(note)")),
    sa.Index("ix_with", "size"),
    sa.Index("ix_nulls", "parent_id", unique=True))
"""

INDEXES_AFTER = """
sa.Table("parent", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("code", sa.Integer, unique=True))
sa.Table("item", metadata,
    sa.Column("id", sa.Integer, nullable=False), sa.Column("part", sa.Integer, nullable=False),
    sa.Column("parent_id", sa.Integer), sa.Column("note", sa.Text), sa.Column("tags", pg.JSONB),
    sa.Column("during", pg.INT4RANGE), sa.Column("size", sa.Integer),
    sa.PrimaryKeyConstraint("id", "part", name="pk_item"),
    sa.UniqueConstraint("part", name="uq_part", deferrable=True, initially="DEFERRED"),
    sa.UniqueConstraint("size", name="uq_size", postgresql_include=["note"]),
    sa.ForeignKeyConstraint(["parent_id"], ["parent.id"], name="fk_parent", match="FULL"),
    sa.ForeignKeyConstraint(["size"], ["parent.code"], name="fk_size", ondelete="CASCADE",
                            deferrable=True),
    pg.ExcludeConstraint(("during", "-|-"), name="no_overlap"),
    pg.ExcludeConstraint(("during", "="), name="no_twice", where=sa.text("size > 0")),
    sa.CheckConstraint("size > 0", name="new_check"),
    sa.Index("ix_where", "size", postgresql_where=sa.text("size > 20")),
    sa.Index("ix_method", "note", postgresql_using="hash"),
    sa.Index("ix_include", "part", postgresql_include=["note"]),
    sa.Index("ix_opclass", "note", postgresql_ops={"note": "text_pattern_ops"}),
    sa.Index("ix_expression", sa.text("upper(note)")),
    sa.Index("ix_with", "size", postgresql_with={"fillfactor": 50}),
    sa.Index("ix_nulls", sa.text("parent_id DESC NULLS LAST"), unique=True),
    sa.Index("ix_json", "tags", postgresql_using="gin"))
"""

EVENTS_BEFORE = """
item = sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("size", sa.Integer), sa.Column("note", sa.String(10)))
for target, moment, sql in (
    (metadata, "before_create", "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$"),
    (item, "after_create", "CREATE TRIGGER touch BEFORE UPDATE ON item"
        " FOR EACH ROW EXECUTE FUNCTION touch()"),
    (item, "after_create", "ALTER TABLE item ENABLE ROW LEVEL SECURITY"),
    (item, "after_create", "CREATE POLICY own ON item USING (id > 0)"),
    (item, "after_create", "ALTER TABLE item SET (fillfactor = 90)"),
    (metadata, "after_create", "CREATE VIEW notes AS SELECT id, note FROM item"),
    (metadata, "after_create", "CREATE VIEW on_notes AS SELECT note FROM notes"),
    (metadata, "after_create", "CREATE MATERIALIZED VIEW stored AS SELECT size FROM item"),
):
    event.listen(target, moment, DDL(sql))
"""

EVENTS_AFTER = """
item = sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("size", sa.BigInteger), sa.Column("note", sa.String(20)))
for target, moment, sql in (
    (metadata, "before_create", "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN NEW.note := '12:30 :word 100%%'; RETURN NEW; END $$"),
    (metadata, "before_create", "CREATE FUNCTION half(a integer) RETURNS integer LANGUAGE sql"
        " AS $$ SELECT a / 2 $$"),
    (item, "after_create", "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON item"
        " FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION touch()"),
    (item, "after_create", "ALTER TABLE item ENABLE ROW LEVEL SECURITY"),
    (item, "after_create", "ALTER TABLE item FORCE ROW LEVEL SECURITY"),
    (item, "after_create", "CREATE POLICY own ON item FOR SELECT USING (id > 1)"),
    (item, "after_create", "ALTER TABLE item SET (fillfactor = 80, autovacuum_enabled = false)"),
    (item, "after_create", "ALTER TABLE item SET UNLOGGED"),
    (item, "after_create", "ALTER TABLE item ALTER note SET STATISTICS 500"),
    (item, "after_create", "CREATE STATISTICS item_sizes ON id, size FROM item"),
    (metadata, "after_create", "CREATE VIEW notes AS SELECT id, note, size FROM item"),
    (metadata, "after_create", "CREATE VIEW on_notes AS SELECT note FROM notes WHERE id > 3"),
    (metadata, "after_create", "CREATE MATERIALIZED VIEW stored AS SELECT size, id FROM item"),
    (metadata, "after_create", "COMMENT ON VIEW notes IS 'what''s noted'"),
    (metadata, "after_create", "COMMENT ON TRIGGER touch ON item IS 'keeps it fresh'"),
    (metadata, "after_create", "COMMENT ON FUNCTION half(integer) IS 'half of it'"),
    (metadata, "after_create", "COMMENT ON CONSTRAINT item_pkey ON item IS 'the key'"),
    (metadata, "after_create", "COMMENT ON INDEX item_pkey IS 'its index'"),
):
    event.listen(target, moment, DDL(sql))
"""

PAIRS = {
    "columns": (COLUMNS_BEFORE, COLUMNS_AFTER),
    "indexes": (INDEXES_BEFORE, INDEXES_AFTER),
    "events": (EVENTS_BEFORE, EVENTS_AFTER),
}

ENTITIES_BEFORE = """
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.replaceable_entity import register_entities
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("size", sa.Integer), sa.Column("note", sa.String(10)))
register_entities([
    PGFunction("public", "touch()", "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RETURN NEW; END $$"),
    PGTrigger("public", "touch", on_entity="public.item",
        definition="BEFORE UPDATE ON public.item FOR EACH ROW EXECUTE FUNCTION touch()"),
    PGView("public", "sizes", "SELECT id, size FROM item"),
    PGPolicy("public", "own", "USING (id > 0)", on_entity="public.item"),
])
"""

ENTITIES_AFTER = """
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.replaceable_entity import register_entities
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("size", sa.BigInteger), sa.Column("note", sa.String(20)),
    sa.Column("state", sa.Enum("on", "off", name="state")),
    sa.CheckConstraint("size > 0", name="sized"))
register_entities([
    PGFunction("public", "touch()", "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.size := 1;"
        " RETURN NEW; END $$"),
    PGTrigger("public", "touch", on_entity="public.item",
        definition="BEFORE INSERT ON public.item FOR EACH ROW EXECUTE FUNCTION touch()"),
    PGView("public", "sizes", "SELECT id, size, note FROM item WHERE size > 0"),
    PGMaterializedView("public", "stored", "SELECT id FROM sizes", with_data=False),
])
"""

SCHEMAS_BEFORE = """
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="stock")
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Enum("a", name="kind", schema="stock")))
sa.Table("legacy_item", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""

SCHEMAS_AFTER = """
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("item_id", sa.ForeignKey("item.id", ondelete="CASCADE")),
    sa.Column("kind", sa.Enum("a", "b", name="kind", schema="stock")),
    sa.CheckConstraint("item_id > 0", name="positive"), schema="stock")
sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Enum("a", "b", name="kind", schema="stock")),
    sa.Index("ix_kind", "kind", postgresql_where=sa.text("kind = 'a'")))
sa.Table("Odd name", metadata,
    sa.Column("a column", sa.Enum("x'y", name="Odd kind"), primary_key=True),
    sa.CheckConstraint('"a column" IS NOT NULL', name="Odd check"), schema="Odd schema")
"""

PAIRS |= {
    "entities": (ENTITIES_BEFORE, ENTITIES_AFTER),
    "schemas": (SCHEMAS_BEFORE, SCHEMAS_AFTER),
}

OPTIONS = {
    "schemas": (
        ", include_schemas=True, include_object=lambda thing, name, kind, reflected, other: "
        'kind != "table" or not name.startswith("legacy_"), include_name=lambda name, kind, '
        'parents: kind != "schema" or name != "elsewhere"'
    ),
}
"""Arguments of `context.configure` beside the models, by pair."""
