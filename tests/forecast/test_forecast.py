"""What a forecast decides, from values alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lockgate.core.effect import Effect, Evidence, LockMode, StatementEffects
from lockgate.core.forecast import Basis, Forecast, Sureness
from lockgate.core.forecasting import Forecastable, forecast, forecast_all
from lockgate.core.health import Replica
from lockgate.core.rates import Measurement, Rates
from lockgate.core.senders import senders
from lockgate.core.shape import shape_of
from lockgate.core.target import (
    ApplicationStatement,
    ColumnStatistics,
    IndexStatistics,
    RelationStatistics,
    ServerSettings,
    TargetStatistics,
    Traffic,
)
from lockgate.core.work import works_of
from lockgate.report.forecast import forecast_lines

MB = 1_000_000

SETTINGS = ServerSettings(
    maintenance_work_mem_bytes=64 * MB,
    work_mem_bytes=4 * MB,
    shared_buffers_bytes=128 * MB,
    max_wal_size_bytes=1_000 * MB,
    max_parallel_maintenance_workers=2,
    max_connections=100,
    wal_level="replica",
    fsync=True,
    full_page_writes=True,
)
ID = ColumnStatistics("id", 8, 0.0, -1.0, 1.0)
NOTE = ColumnStatistics("note", 32, 0.75, 500.0, 0.1)
PAD = ColumnStatistics("pad", 56, 0.0, -1.0, 0.0)
PKEY = IndexStatistics("public.star_pkey", "btree", 20 * MB, 8, unique=True, valid=True, scans=1.0)


def star(rows: int = 1_000_000, **more: object) -> RelationStatistics:
    made = RelationStatistics(
        name="public.star",
        kind="table",
        rows=rows,
        analyzed=True,
        heap_bytes=rows * 100,
        toast_bytes=0,
        indexes=(replace(PKEY, bytes=rows * 20),),
        columns=(ID, NOTE, PAD),
        traffic=Traffic(inserts=10, updates=30, deletes=0, sequential_scans=0.0, index_scans=200),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def target(*relations: RelationStatistics, **more: object) -> TargetStatistics:
    made = TargetStatistics(
        server_version=180000,
        read_at=datetime(2026, 1, 1, tzinfo=UTC),
        relations=relations or (star(),),
        settings=SETTINGS,
        counted_seconds=1_000.0,
        counted_since="since its counters were last reset",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def effects(mode: LockMode, **more: object) -> StatementEffects:
    return StatementEffects((Effect("public.star", mode, **more),))  # type: ignore[arg-type]


CREATE = "CREATE INDEX ix ON star (note)"
BUILDS = effects(LockMode.SHARE, scans=True, builds=("public.ix",))
ALTER = "ALTER TABLE public.star ALTER COLUMN note TYPE varchar(10)"
REWRITES = effects(LockMode.ACCESS_EXCLUSIVE, rewrites=True, builds=("public.star_pkey",))
DROP = "ALTER TABLE star DROP COLUMN note"
DROPS = effects(LockMode.ACCESS_EXCLUSIVE)


def ask(
    sql: str,
    of: StatementEffects,
    of_target: TargetStatistics | None = None,
    rates: Rates | None = None,
) -> Forecast:
    return forecast(sql, of, of_target or target(), rates or Rates())


def test_ten_times_the_rows_take_ten_times_as_long_and_a_sort_a_little_more() -> None:
    small, large = target(star(1_000_000)), target(star(10_000_000))

    rewrite = [ask(ALTER, REWRITES, one).duration_ms.expected for one in (small, large)]
    build = [ask(CREATE, BUILDS, one).duration_ms.expected for one in (small, large)]

    assert 10 == pytest.approx(rewrite[1] / rewrite[0], rel=0.1)
    assert 10 < build[1] / build[0] < 14


REFERS = "ALTER TABLE star ADD FOREIGN KEY (id) REFERENCES planet"
JOINS = StatementEffects(
    (
        Effect("public.planet", LockMode.SHARE_ROW_EXCLUSIVE),
        Effect("public.star", LockMode.SHARE_ROW_EXCLUSIVE, scans=True),
    )
)


def joined_ms(
    rows: int, referenced: int, *, correlation: float = 0.0, memory_mb: int = 64, major: int = 18
) -> float:
    near = star(rows, columns=(replace(ID, correlation=correlation),))
    far = star(referenced, name="public.planet")
    settings = replace(SETTINGS, maintenance_work_mem_bytes=memory_mb * MB)
    where = target(near, far, settings=settings, server_version=major * 10_000)
    return ask(REFERS, JOINS, where).duration_ms.expected


def test_a_foreign_key_takes_longer_a_row_once_its_hashes_leave_the_processors_cache() -> None:
    small, large = joined_ms(1_000_000, 50_000), joined_ms(1_000_000, 500_000)

    assert large > 2 * small
    assert 5 == pytest.approx(joined_ms(5_000_000, 50_000) / small, rel=0.1)


def test_rows_that_lie_as_what_they_refer_to_are_found_in_the_cache() -> None:
    assert joined_ms(1_000_000, 500_000, correlation=1) < 0.6 * joined_ms(1_000_000, 500_000)


def test_a_foreign_key_beyond_maintenance_work_mem_needs_files() -> None:
    far = star(500_000, name="public.planet")
    small = replace(SETTINGS, maintenance_work_mem_bytes=1 * MB)

    fits = ask(REFERS, JOINS, target(star(5_000_000), far))
    spills = ask(REFERS, JOINS, target(star(5_000_000), far, settings=small))

    assert 0 == fits.disk_bytes
    assert 120 * MB < spills.disk_bytes < 160 * MB  # 128 MB on a server


def test_a_few_rows_are_looked_up_in_the_index_and_nothing_is_hashed() -> None:
    assert joined_ms(1_000, 5_000_000) < 10
    assert joined_ms(100_000, 5_000_000, major=15) < joined_ms(100_000, 5_000_000, major=16)


def test_an_index_beyond_maintenance_work_mem_is_sorted_beside_itself() -> None:
    roomy = replace(SETTINGS, maintenance_work_mem_bytes=1_000 * MB)

    beside = ask(CREATE, BUILDS)
    within = ask(CREATE, BUILDS, target(settings=roomy))

    assert beside.disk_bytes == pytest.approx(1.9 * within.disk_bytes, rel=0.05)
    assert beside.wal_bytes == within.wal_bytes == within.disk_bytes


def test_what_only_changes_the_catalogs_takes_no_longer_on_a_larger_table() -> None:
    durations = {ask(DROP, DROPS, target(star(n))).duration_ms.expected for n in (1, 10**9)}

    assert 1 == len(durations)
    assert max(durations) < 10


def test_a_table_that_the_revision_makes_itself_costs_nothing() -> None:
    fresh = Effect("public.fresh", LockMode.ACCESS_EXCLUSIVE, rewrites=True)

    found = ask("ALTER TABLE fresh ADD x int DEFAULT 1", StatementEffects((fresh,)))

    assert found.duration_ms.expected < 10
    assert 0 == found.reads_blocked_ms.high


def test_a_partitioned_table_is_counted_by_its_partitions_alone() -> None:
    whole = star(2_000, kind="partitioned table")
    parts = [star(1_000, name=f"public.star_{n}", parent="public.star") for n in (1, 2)]
    all_of_them = target(whole, *parts)
    check = "ALTER TABLE star ADD CHECK (id > 0)"
    scans = StatementEffects(
        tuple(
            Effect(relation.name, LockMode.ACCESS_EXCLUSIVE, scans=True)
            for relation in (whole, *parts)
        )
    )

    works = works_of(shape_of(check), scans, all_of_them)

    assert ["public.star_1", "public.star_2"] == sorted(work.relation for work in works)


def test_only_what_its_lock_excludes_stands_blocked() -> None:
    build, rewrite = ask(CREATE, BUILDS), ask(ALTER, REWRITES)
    concurrent = ask(
        "CREATE INDEX CONCURRENTLY ix ON star (note)",
        effects(LockMode.SHARE_UPDATE_EXCLUSIVE, scans=True, builds=("public.ix",)),
    )

    assert (0, build.duration_ms.expected) == (
        build.reads_blocked_ms.expected,
        build.writes_blocked_ms.expected,
    )
    assert rewrite.reads_blocked_ms == rewrite.writes_blocked_ms == rewrite.duration_ms
    assert 0 == concurrent.writes_blocked_ms.high
    assert concurrent.duration_ms.expected > build.duration_ms.expected


def test_locks_are_held_until_the_transaction_ends() -> None:
    first, second, other = forecast_all(
        [
            Forecastable(DROP, DROPS, "abc"),
            Forecastable(CREATE, BUILDS, "abc"),
            Forecastable(CREATE, BUILDS, "def"),
        ],
        target(),
        Rates(),
    )

    assert first.reads_blocked_ms.expected == pytest.approx(
        first.duration_ms.expected + second.duration_ms.expected
    )
    assert other.writes_blocked_ms == other.duration_ms
    assert any("held until" in reason for reason in first.reasons)


def test_sessions_queue_at_the_rate_at_which_they_come_and_no_more_than_there_are() -> None:
    build, rewrite = ask(CREATE, BUILDS), ask(ALTER, REWRITES)
    endless = ask(ALTER, REWRITES, target(star(100_000_000)))

    assert build.queued_sessions is not None
    assert 40 * build.duration_ms.expected / 1_000 == pytest.approx(
        build.queued_sessions.expected, abs=0.06
    )
    assert rewrite.queued_sessions is not None
    assert min(240 * rewrite.duration_ms.expected / 1_000, 100) == pytest.approx(
        rewrite.queued_sessions.expected, abs=0.06
    )
    assert endless.queued_sessions is not None
    assert 100 == endless.queued_sessions.expected
    assert ask(ALTER, REWRITES, target(star(traffic=Traffic()))).queued_sessions is None


def test_a_long_transaction_makes_everybody_wait_up_to_the_lock_timeout() -> None:
    busy = target(oldest_transaction_ms=60_000.0)

    found = forecast(DROP, DROPS, busy, Rates(), lock_timeout_ms=2_000)

    assert found.reads_blocked_ms.high == pytest.approx(found.duration_ms.high + 2_000)
    assert any("open for 1 min" in reason for reason in found.reasons)


def test_replicas_have_the_wal_to_follow_where_there_is_much_of_it() -> None:
    follower = Replica("reports", "streaming", 4_000.0, 10)
    followed = target(replicas=(follower, replace(follower, name="spare", lag_ms=None)))

    said = [r for r in ask(ALTER, REWRITES, followed).reasons if "replica" in r]

    assert ["2 replicas, 4.0 s behind now, will have 155 MB of WAL to follow"] == said
    assert not any("replica" in r for r in ask(DROP, DROPS, followed).reasons)
    assert not any("replica" in r for r in ask(ALTER, REWRITES).reasons)


def test_bloat_of_heap_and_indexes_is_told_and_not_written_anew() -> None:
    bloated = star(heap_bytes=300 * MB, indexes=(replace(PKEY, bytes=80 * MB),))

    found, plain = ask(ALTER, REWRITES, target(bloated)), ask(ALTER, REWRITES)

    assert 250 * MB < found.bloat_bytes < 270 * MB
    assert found.disk_bytes == pytest.approx(plain.disk_bytes, rel=0.15)
    assert re.search(
        r"on 1,000,000 rows, 380 MB, about 2\d\d MB of it bloat",
        " ".join(" ".join(forecast_lines(found, width=200)).split()),
    )
    assert "bloat" not in " ".join(forecast_lines(plain, width=200))


def test_a_concurrent_build_says_how_old_the_oldest_transaction_is() -> None:
    create = CREATE.replace("INDEX", "INDEX CONCURRENTLY")
    busy = target(oldest_transaction_ms=60_000.0)

    found = ask(create, effects(LockMode.SHARE_UPDATE_EXCLUSIVE, builds=("public.ix",)), busy)

    assert any("older than itself, one is open for 1 min" in reason for reason in found.reasons)


def test_rates_of_the_same_statement_beat_those_of_its_kind_and_those_beat_the_defaults() -> None:
    works = works_of(shape_of(CREATE), BUILDS, target(star(100_000)))
    plain = sum(work.milliseconds for work in works)
    same = Measurement(CREATE, works, 3 * plain, Basis.REHEARSED, machine=1.0)
    alike = Measurement("CREATE INDEX other ON star (note)", works, 5 * plain, Basis.RECORDED)

    assumed = ask(CREATE, BUILDS)
    recorded = ask(CREATE, BUILDS, rates=Rates((alike,)))
    rehearsed = ask(CREATE, BUILDS, rates=Rates((alike, same)))

    assert Basis.ASSUMED is assumed.basis
    assert Sureness.POOR is assumed.sureness
    assert Basis.RECORDED is recorded.basis
    assert 5 == pytest.approx(
        recorded.duration_ms.expected / assumed.duration_ms.expected, rel=0.02
    )
    assert Basis.REHEARSED is rehearsed.basis
    assert Sureness.GOOD is rehearsed.sureness
    assert 3 == pytest.approx(
        rehearsed.duration_ms.expected / assumed.duration_ms.expected, rel=0.02
    )
    assert "timed on scratch with 100,000 made-up rows" in rehearsed.reasons


def test_what_was_over_at_once_on_scratch_teaches_no_rate() -> None:
    works = works_of(shape_of(CREATE), BUILDS, target(star(10)))
    short = Measurement(CREATE, works, 50.0, Basis.REHEARSED)

    assert Basis.ASSUMED is ask(CREATE, BUILDS, rates=Rates((short,))).basis


def test_what_any_statement_takes_on_scratch_is_no_rate() -> None:
    works = works_of(shape_of(CREATE), BUILDS, target(star(10_000)))
    plain = sum(work.milliseconds for work in works)
    timed = Measurement(CREATE, works, plain + 15, Basis.REHEARSED, machine=1.0)
    small = [
        Measurement(f"ALTER {n}", (), ms, Basis.REHEARSED) for n, ms in enumerate((14, 15, 900))
    ]

    slow = ask(CREATE, BUILDS, rates=Rates((timed,)))
    found = ask(CREATE, BUILDS, rates=Rates((timed, *small)))

    assert found.duration_ms.expected == pytest.approx(
        ask(CREATE, BUILDS).duration_ms.expected, 0.02
    )
    assert slow.duration_ms.expected > 3 * found.duration_ms.expected


def test_scratch_timings_are_moved_to_the_targets_machine() -> None:
    works = works_of(shape_of(CREATE), BUILDS, target(star(100_000)))
    timed = Measurement(CREATE, works, 100.0, Basis.REHEARSED)

    same = ask(CREATE, BUILDS, rates=Rates((replace(timed, machine=1.0),)))
    slower = ask(CREATE, BUILDS, rates=Rates((replace(timed, machine=2.0),)))
    unknown = ask(CREATE, BUILDS, rates=Rates((timed,)))

    assert 2 == pytest.approx(slower.duration_ms.expected / same.duration_ms.expected, rel=0.02)
    assert unknown.duration_ms.high > same.duration_ms.high


def test_a_backfill_counts_the_rows_that_its_condition_takes() -> None:
    update = effects(LockMode.ROW_EXCLUSIVE)

    def expected(sql: str) -> float:
        return ask(sql, update).duration_ms.expected

    everything = expected("UPDATE star SET id = 1")
    nulls = expected("UPDATE star SET id = 1 WHERE note IS NULL")
    one_note = expected("UPDATE star SET id = 1 WHERE note = 'a'")
    unknown = ask("UPDATE star SET id = 1 WHERE note LIKE 'a%'", update)

    assert 0.75 == pytest.approx(nulls / everything, abs=0.02)
    assert one_note < 0.05 * everything
    assert Sureness.POOR is unknown.sureness
    assert unknown.duration_ms.low < 5
    assert any("a third is assumed" in reason for reason in unknown.reasons)


def test_more_indexes_make_a_backfill_longer_and_its_wal_larger() -> None:
    update = effects(LockMode.ROW_EXCLUSIVE)
    many = target(star(indexes=(PKEY,) * 4))

    one, four = (ask("UPDATE star SET id = 1", update, t) for t in (target(), many))

    assert four.duration_ms.expected > 1.5 * one.duration_ms.expected
    assert four.wal_bytes > one.wal_bytes


def test_disk_is_held_against_what_is_free_where_that_is_known() -> None:
    rewrite = ask(ALTER, REWRITES)

    assert 100 * MB <= rewrite.disk_bytes <= 130 * MB
    assert rewrite.fits is None
    assert ask(ALTER, REWRITES, target(free_disk_bytes=10_000 * MB)).fits is True
    assert ask(ALTER, REWRITES, target(free_disk_bytes=100 * MB)).fits is False
    assert ask(DROP, DROPS).fits is True


APPLICATION = (
    ApplicationStatement("SELECT note FROM star WHERE id = $1", 5_000, 5.0, 0.1),
    ApplicationStatement("UPDATE public.star SET id = $1", 100, 0.1, 0.2),
    ApplicationStatement("SELECT id FROM star", 10_000, 10.0, 0.1),
    ApplicationStatement("SELECT * FROM planet", 9, 9.0, 0.1),
    ApplicationStatement("ALTER TABLE star ADD x int", 1, 0.0, 0.1),
)


def test_the_applications_statements_that_lose_a_column_stand_first() -> None:
    found = ask(DROP, DROPS, target(statements=APPLICATION))

    assert [
        ("SELECT note FROM star WHERE id = $1", "note"),
        ("SELECT id FROM star", None),
        ("UPDATE public.star SET id = $1", None),
    ] == [(s.sql, s.loses) for s in found.statements]


@pytest.mark.parametrize("name", ['"a.b"', '"a""b"', '"50%s"', '"Star"'])
def test_the_applications_statements_are_found_whatever_the_name(name: str) -> None:
    sent = ApplicationStatement(f"SELECT id FROM {name}", 1, 1.0, 0.1)

    assert [sent] == [s for s, _ in senders(target(statements=(sent,)), f"public.{name}")]


@pytest.mark.parametrize(
    ("sql", "loses"),
    [
        ("SELECT s.note FROM star AS s", "note"),
        ("SELECT * FROM star", "note"),
        ("SELECT s.* FROM planet AS p JOIN star AS s ON s.id = p.star", "note"),
        ("SELECT p.* FROM planet AS p JOIN star AS s ON s.id = p.star", None),
        ("SELECT p.note, s.id FROM planet AS p JOIN star AS s ON s.id = p.star", None),
        ("SELECT id AS note FROM star", None),
        ("SELECT count(*) FROM star", None),
        ("SELECT (s.note).part FROM star AS s", "note"),
        ("WITH n AS (SELECT note FROM public.star) SELECT 1 FROM n", "note"),
        ("INSERT INTO star VALUES ($1, $2, $3)", "note"),
        ("INSERT INTO star (id) VALUES ($1)", None),
        ("INSERT INTO star (id, note) VALUES ($1, $2)", "note"),
        ("UPDATE star SET note = $1", "note"),
        ("DELETE FROM star WHERE note = $1", "note"),
        ("SELECT id FROM star ORDER BY note", "note"),
    ],
)
def test_a_statement_loses_a_column_only_where_it_uses_it(sql: str, loses: str | None) -> None:
    sent = ApplicationStatement(sql, 1, 1.0, 0.1)

    (found,) = ask(DROP, DROPS, target(statements=(sent,))).statements

    assert loses == found.loses


def test_few_rows_on_many_pages_write_each_page_whole() -> None:
    one = Effect("public.star", LockMode.ROW_EXCLUSIVE)
    update = Forecastable("UPDATE star SET note = 'x'", StatementEffects((one,)))

    def wal(rows: float) -> int:
        asked = (replace(update, changed_rows=rows),)
        return forecast_all(asked, target(), Rates())[0].wal_bytes

    # 100 MB of rows, 82 on a page: a hundredth of them lies on more than half of the pages.
    assert 50 * MB < wal(10_000) < 65 * MB
    assert 300 * MB < wal(1_000_000) < 450 * MB
    assert wal(1) < 20_000


def test_rows_are_counted_once_however_many_indexes_are_built_of_them() -> None:
    made = target(star(10_000))
    works = works_of(shape_of(ALTER), REWRITES, made)
    timed = Measurement(ALTER, works, 80.0, Basis.REHEARSED, 1.0)
    found = ask(ALTER, REWRITES, target(star(1_000_000)), Rates((timed,)))

    assert 2 == len(works)
    assert "timed on scratch with 10,000 made-up rows" in found.reasons
    assert "it was timed on 10,000 rows, 1,000,000 are there" in found.reasons


def test_of_what_nobody_knows_no_time_is_promised() -> None:
    unknown = StatementEffects(
        (Effect("public.comet", LockMode.ACCESS_EXCLUSIVE, evidence=Evidence.UNKNOWN),)
    )
    found = ask("ALTER TABLE comet ALTER a TYPE bigint", unknown)
    lines = " ".join(" ".join(forecast_lines(found, width=200)).split())

    assert Sureness.POOR is found.sureness
    assert "if there are no rows" in lines
    assert "poor: how long is not known, for what it works on is not" in lines
    assert "it changes the catalogs alone" not in lines


def test_what_was_counted_for_a_moment_and_what_was_not_seen_is_said() -> None:
    sent = (ApplicationStatement("UPDATE star SET id = $1", 1, 100.0, 0.1),)
    hidden = star(columns=(ID,), unreadable=("note", "pad"))
    short = ask(CREATE, BUILDS, target(hidden, statements=sent, statements_seconds=42.0))
    long = ask(CREATE, BUILDS, target(statements=sent, statements_seconds=86_400.0))

    assert "the width of note is not known: 16 bytes are assumed" in short.reasons
    assert "how busy it is was counted for 42.0 s only" in short.reasons
    assert not [r for r in long.reasons if "width" in r or "counted" in r]
    assert (
        short.duration_ms.high / short.duration_ms.expected
        > long.duration_ms.high / long.duration_ms.expected
    )


def test_no_constant_of_the_application_is_shown_whatever_the_server_kept() -> None:
    kept = (
        "PREPARE p AS SELECT note FROM star WHERE id = 4711 /* by 'attila' */",
        "DECLARE c CURSOR FOR SELECT note FROM star WHERE note = 'attila'",
        "SELECT note FROM star WHERE id = $1 -- attila",
    )
    sent = tuple(ApplicationStatement(sql, 1, 1.0, 0.1) for sql in kept)

    assert [
        "DECLARE c CURSOR FOR SELECT note FROM star WHERE note = ?",
        "PREPARE p AS SELECT note FROM star WHERE id = ?",
        "SELECT note FROM star WHERE id = $1",
    ] == [s.sql for s in ask(DROP, DROPS, target(statements=sent)).statements]


def test_a_statement_that_uses_two_locked_tables_queues_once() -> None:
    sent = ApplicationStatement("UPDATE star SET id = $1 FROM planet", 1, 10.0, 0.1)
    both = StatementEffects(
        tuple(
            Effect(name, LockMode.ACCESS_EXCLUSIVE, rewrites=True)
            for name in ("public.planet", "public.star")
        )
    )
    tables = (star(), star(name="public.planet"))
    found = ask(ALTER, both, target(*tables, statements=(sent,)))

    assert [sent.sql] == [s.sql for s in found.statements]
    assert found.queued_sessions is not None
    assert 10 == pytest.approx(
        found.queued_sessions.expected * 1_000 / found.reads_blocked_ms.expected, rel=0.2
    )


def test_names_are_looked_for_along_the_path_of_the_role_that_sends_them() -> None:
    sent = [
        ApplicationStatement("SELECT note FROM star", 1, 1.0, 0.1),
        ApplicationStatement("SELECT note FROM star s", 1, 1.0, 0.1, "archive, public"),
        ApplicationStatement("SELECT note FROM star t", 1, 1.0, 0.1, '"$user"', "archive"),
        ApplicationStatement("SELECT note FROM star u", 1, 1.0, 0.1, "elsewhere"),
    ]
    both = (star(), star(name="archive.star"))
    busy = replace(target(statements=tuple(sent)), relations=both)

    def found(name: str) -> list[str]:
        return [s.sql.removeprefix("SELECT note FROM star") for s, _ in senders(busy, name)]

    assert ["", " u"] == found("public.star")
    assert [" s", " t", " u"] == found("archive.star")


def test_who_asks_the_whole_table_waits_for_one_of_its_partitions() -> None:
    sent = ApplicationStatement("SELECT id FROM star", 1, 1.0, 0.1)
    parts = (star(), star(name="public.star_1", parent="public.star"))
    busy = replace(target(statements=(sent,)), relations=parts)
    locks = StatementEffects((Effect("public.star_1", LockMode.ACCESS_EXCLUSIVE),))
    found = ask("DROP TABLE star_1", locks, busy)

    assert [(sent.sql, "public.star_1")] == [(s.sql, s.relation) for s in found.statements]


def test_who_asks_a_view_waits_for_its_table_and_loses_nothing() -> None:
    asked = ApplicationStatement("SELECT * FROM bright", 1, 2.0, 0.1)
    other = ApplicationStatement("SELECT * FROM dark", 1, 2.0, 0.1)
    views = (("public.bright", "public.star"), ("public.dark", "public.planet"))
    busy = target(statements=(asked, other), views=views)

    drop, build = ask(DROP, DROPS, busy), ask(CREATE, BUILDS, busy)

    assert [(asked.sql, "public.star", None)] == [
        (s.sql, s.relation, s.loses) for s in drop.statements
    ]
    assert () == build.statements


def test_only_writers_wait_for_a_lock_that_lets_readers_by() -> None:
    found = ask(CREATE, BUILDS, target(statements=APPLICATION))

    assert ["UPDATE public.star SET id = $1"] == [s.sql for s in found.statements]
    assert found.queued_sessions is not None
    assert 0.1 * found.duration_ms.expected / 1_000 == pytest.approx(
        found.queued_sessions.expected, abs=0.06
    )


def test_a_table_nobody_analyzed_makes_the_range_wider() -> None:
    guessed = ask(ALTER, REWRITES, target(star(analyzed=False)))

    assert guessed.duration_ms.high > ask(ALTER, REWRITES).duration_ms.high
    assert any("never analyzed" in reason for reason in guessed.reasons)
