"""What the catalogue has beside tables: a view, and the triggers that keep `updated_at`.

Importing this module makes `Base.metadata.create_all` and `drop_all` handle them too.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from science_archive.models import Base, ProcessingJob, Repoint

LATEST_SCIENCE_FILE = """
CREATE VIEW latest_science_file AS
SELECT DISTINCT ON (instrument, data_level, descriptor, start_time, repoint_id)
    id, file_name, instrument, data_level, descriptor, start_time, repoint_id,
    major_version, minor_version, ingested_at
FROM science_file
ORDER BY
    instrument, data_level, descriptor, start_time, repoint_id,
    major_version DESC, minor_version DESC
"""

SET_UPDATED_AT = """
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$
"""

SET_UPDATED_AT_TRIGGER = """
CREATE TRIGGER set_updated_at BEFORE UPDATE ON %(table)s
FOR EACH ROW EXECUTE FUNCTION set_updated_at()
"""

for target, moment, statement in (
    (Base.metadata, "before_create", SET_UPDATED_AT),
    (ProcessingJob.__table__, "after_create", SET_UPDATED_AT_TRIGGER),
    (Repoint.__table__, "after_create", SET_UPDATED_AT_TRIGGER),
    (Base.metadata, "after_create", LATEST_SCIENCE_FILE),
    (Base.metadata, "before_drop", "DROP VIEW latest_science_file"),
    (Base.metadata, "after_drop", "DROP FUNCTION set_updated_at()"),
):
    event.listen(target, moment, DDL(statement))  # type: ignore[no-untyped-call]
