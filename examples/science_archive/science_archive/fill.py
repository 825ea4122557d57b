"""Fills a catalogue at head with a made-up mission: `python -m science_archive.fill --rows N`.

The server makes the rows, and the same ones each time. There are no L1C files, so that the
filled catalogue can be taken all the way down and up again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, create_engine, text

from science_archive.database import database_url
from science_archive.models import Instrument

MISSION_START = date(2022, 1, 1)
FILES_PER_DAY = 768
BATCH_ROWS = 50_000

Progress = Callable[[int, int], None]

# One repointing a day, at midnight; the spacecraft clock started with the mission.
REPOINTS = """
INSERT INTO repoint (repoint_id, start_sclk, end_sclk, start_time, end_time)
SELECT
    day + 1,
    day * 86400.0,
    day * 86400.0 + 900,
    (:mission_start + day)::timestamp AT TIME ZONE 'UTC',
    (:mission_start + day)::timestamp AT TIME ZONE 'UTC' + interval '15 minutes'
FROM generate_series(0, CAST(:days AS integer) - 1) AS day
ORDER BY day
"""

# An attitude kernel covers 30 days.
ATTITUDE_KERNELS = """
INSERT INTO spice_kernel
    (file_name, kernel_type, version, min_et, max_et, intervals, ingested_at)
SELECT
    'orrery_' || to_char(first_day, 'YYYY_DDD') || '_' || to_char(last_day, 'YYYY_DDD')
        || '_01.ah.bc',
    'ck',
    1,
    min_et,
    min_et + 30 * 86400,
    jsonb_build_array(jsonb_build_array(min_et, min_et + 30 * 86400)),
    (last_day + 7)::timestamp AT TIME ZONE 'UTC'
FROM
    generate_series(0, CAST(:days AS integer) - 1, 30) AS day,
    LATERAL (
        SELECT
            :mission_start + day AS first_day,
            :mission_start + day + 29 AS last_day,
            (:mission_start + day - date '2000-01-01') * 86400.0 - 43200 AS min_et
    ) AS covered
ORDER BY day
"""

OTHER_KERNELS = """
INSERT INTO spice_kernel (file_name, kernel_type, version, ingested_at)
SELECT
    file_name,
    kernel_type::kernel_type,
    version,
    CAST(:mission_start AS timestamp) AT TIME ZONE 'UTC'
FROM (
    VALUES
        ('naif0012.tls', 'lsk', 12),
        ('pck00011.tpc', 'pck', 11),
        ('orrery_001.tf', 'fk', 1),
        ('orrery_sclk_0001.tsc', 'sclk', 1),
        ('orrery_recon_20220101_20270101_v01.bsp', 'spk', 1)
) AS kernel (file_name, kernel_type, version)
ORDER BY file_name
"""

POINTINGS = """
INSERT INTO pointing
    (pointing_id, kernel_id, repoint_id, start_time, end_time, spin_axis_ra_deg, spin_axis_dec_deg)
SELECT
    repoint.repoint_id,
    spice_kernel.id,
    repoint.repoint_id,
    repoint.end_time,
    repoint.start_time + interval '1 day',
    mod(280.46 + 0.9856 * repoint.repoint_id, 360),
    23.44 * sind(mod(280.46 + 0.9856 * repoint.repoint_id, 360)::float)
FROM repoint
JOIN spice_kernel
    ON spice_kernel.file_name = 'orrery_'
        || to_char(:mission_start + (repoint.repoint_id - 1) / 30 * 30, 'YYYY_DDD') || '_'
        || to_char(:mission_start + (repoint.repoint_id - 1) / 30 * 30 + 29, 'YYYY_DDD')
        || '_01.ah.bc'
ORDER BY repoint.repoint_id
"""

# In a day: 6 instruments, 4 levels, 8 descriptors, and 4 versions of each file.
SCIENCE_FILES = """
INSERT INTO science_file (
    file_name, instrument, data_level, descriptor, start_time, repoint_id,
    major_version, minor_version, extension, size_bytes, ingested_at
)
SELECT
    'orrery_' || instrument || '_' || lower(data_level) || '_' || descriptor || '_'
        || to_char(day, 'YYYYMMDD') || coalesce('-repoint' || to_char(repoint_id, 'FM00000'), '')
        || '_v' || to_char(major, 'FM000') || '.' || to_char(minor, 'FM0000') || '.' || extension,
    instrument::instrument,
    data_level::data_level,
    descriptor,
    day::timestamp AT TIME ZONE 'UTC',
    repoint_id,
    major,
    minor,
    extension::file_extension,
    100000 + n::bigint * 7919 % 900000000,
    (day + 1 + (major - 1) * 180 + minor * 30)::timestamp AT TIME ZONE 'UTC'
        + n % 86400 * interval '1 second'
FROM
    generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n,
    LATERAL (
        SELECT
            1 + n / 2 % 2 AS major,
            n % 2 AS minor,
            (ARRAY['hk', 'sci', 'norm', 'burst', 'cal', 'events', 'rates', 'spectra'])[
                1 + n / 4 % 8
            ] AS descriptor,
            (ARRAY['L0', 'L1A', 'L1B', 'L2'])[1 + n / 32 % 4] AS data_level,
            (CAST(:instruments AS text[]))[1 + n / 128 % 6] AS instrument,
            :mission_start + n / :files_per_day AS day
    ) AS product,
    LATERAL (
        SELECT
            CASE WHEN data_level = 'L2' THEN 1 + n / :files_per_day END AS repoint_id,
            CASE
                WHEN data_level = 'L0' THEN 'pkts'
                WHEN instrument IN ('aurel', 'tarn') THEN 'fits'
                ELSE 'cdf'
            END AS extension
    ) AS derived
ORDER BY n
"""

QUICKLOOK_FILES = """
INSERT INTO quicklook_file (file_name, instrument, descriptor, start_time, ingested_at)
SELECT
    'orrery_' || instrument || '_ql_' || to_char(day, 'YYYYMMDD') || '.png',
    instrument::instrument,
    'ql',
    day::timestamp AT TIME ZONE 'UTC',
    (day + 1)::timestamp AT TIME ZONE 'UTC'
FROM
    generate_series(0, CAST(:days AS integer) - 1) AS n,
    LATERAL (SELECT :mission_start + n AS day) AS calendar,
    unnest(CAST(:instruments AS text[])) AS instrument
ORDER BY n, instrument
"""

# A calibration table for each quarter.
ANCILLARY_FILES = """
INSERT INTO ancillary_file (
    file_name, instrument, descriptor, start_date, end_date,
    major_version, minor_version, extension, ingested_at
)
SELECT
    'orrery_' || instrument || '_cal-table_' || to_char(day, 'YYYYMMDD') || '_v001.0000.csv',
    instrument::instrument,
    'cal-table',
    day,
    day + 89,
    1,
    0,
    'csv',
    day::timestamp AT TIME ZONE 'UTC'
FROM
    generate_series(0, CAST(:days AS integer) - 1, 90) AS n,
    LATERAL (SELECT :mission_start + n AS day) AS calendar,
    unnest(CAST(:instruments AS text[])) AS instrument
ORDER BY n, instrument
"""

# The last day is still being processed; now and then a job failed.
PROCESSING_JOBS = """
INSERT INTO processing_job (
    instrument, data_level, descriptor, start_time, status,
    batch_job_id, container_image, submitted_at, finished_at, updated_at
)
SELECT
    instrument::instrument,
    'L1B',
    'sci',
    submitted_at - interval '1 day',
    status::job_status,
    'l1b-sci-' || instrument || '-' || to_char(day, 'YYYYMMDD'),
    'orrery-sdc/' || instrument || '-pipeline',
    submitted_at,
    finished_at,
    coalesce(finished_at, submitted_at)
FROM
    generate_series(0, CAST(:days AS integer) - 1) AS n,
    unnest(CAST(:instruments AS text[])) WITH ORDINALITY AS listed (instrument, number),
    LATERAL (
        SELECT
            :mission_start + n AS day,
            (:mission_start + n + 1)::timestamp AT TIME ZONE 'UTC' AS submitted_at,
            CASE
                WHEN n = :days - 1 AND number % 2 = 0 THEN 'in_progress'
                WHEN n = :days - 1 THEN 'pending'
                WHEN (n * 6 + number) % 97 = 0 THEN 'failed'
                ELSE 'succeeded'
            END AS status
    ) AS job,
    LATERAL (
        SELECT
            CASE WHEN n < :days - 1 THEN submitted_at + interval '40 minutes' END AS finished_at
    ) AS run
ORDER BY n, number
"""

# The first release: the best L2 files of the mission's first quarter.
RELEASE_FILES = """
INSERT INTO release_file (release_number, science_file_id, released_at)
SELECT 1, id, (:mission_start + 365)::timestamp AT TIME ZONE 'UTC'
FROM science_file
WHERE
    data_level = 'L2'
    AND major_version = 2
    AND minor_version = 1
    AND start_time < (:mission_start + 90)::timestamp AT TIME ZONE 'UTC'
ORDER BY id
"""

BEFORE_SCIENCE_FILES = (REPOINTS, ATTITUDE_KERNELS, OTHER_KERNELS, POINTINGS)
AFTER_SCIENCE_FILES = (QUICKLOOK_FILES, ANCILLARY_FILES, PROCESSING_JOBS, RELEASE_FILES)


def fill(connection: Connection, rows: int, *, progress: Progress) -> None:
    """Insert `rows` science files and what belongs to them, in the caller's transaction.

    `progress` is called with the science files inserted so far and `rows`.
    """
    if connection.scalar(text("SELECT EXISTS (SELECT FROM science_file)")):
        raise SystemExit("science_file has rows already: only an empty catalogue can be filled")
    mission = {
        "days": -(-rows // FILES_PER_DAY),
        "files_per_day": FILES_PER_DAY,
        "instruments": [instrument.value for instrument in Instrument],
        "mission_start": MISSION_START,
    }
    for statement in BEFORE_SCIENCE_FILES:
        connection.execute(text(statement), mission)
    for first in range(0, rows, BATCH_ROWS):
        last = min(first + BATCH_ROWS, rows) - 1
        connection.execute(text(SCIENCE_FILES), {**mission, "first": first, "last": last})
        progress(last + 1, rows)
    for statement in AFTER_SCIENCE_FILES:
        connection.execute(text(statement), mission)
    connection.execute(text("ANALYZE"))


def main() -> None:
    """Fill the database that DATABASE_URL names."""
    parser = argparse.ArgumentParser(prog="python -m science_archive.fill", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="science files to make")
    rows = parser.parse_args().rows
    with create_engine(database_url()).begin() as connection:
        fill(connection, rows, progress=_show)


def _show(done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    sys.stderr.write(f"{done:,} of {total:,} science files{end}")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
