"""What is known of the extensions that come with PostgreSQL, and of pgvector."""

from __future__ import annotations

BRING_NO_RELATION = frozenset(
    """
    amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance
    file_fdw fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime
    pageinspect pg_buffercache pg_freespacemap pg_logicalinspect pg_prewarm pg_stat_statements
    pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks pgstattuple plpgsql
    postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp
    vector xml2
    """.split()  # noqa: SIM905
)
"""Extensions that bring no table, view or sequence, but for those whose names begin with `pg_`.

tests/rules/test_refusals.py asks a server what its extensions bring.
"""
