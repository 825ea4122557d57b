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

EXTENSION_OF = {
    "citext": "citext",
    "cube": "cube",
    "geography": "postgis",
    "geometry": "postgis",
    "halfvec": "vector",
    "hstore": "hstore",
    "ltree": "ltree",
    "raster": "postgis_raster",
    "sparsevec": "vector",
    "vector": "vector",
}
"""The extension that brings a type."""

EXTENSION_WITH = {
    "crypt": "pgcrypto",
    "gen_salt": "pgcrypto",
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
    "show_trgm": "pg_trgm",
    "unaccent": "unaccent",
    "uuid_generate_v1": "uuid-ossp",
    "uuid_generate_v1mc": "uuid-ossp",
    "uuid_generate_v4": "uuid-ossp",
    "vector_cosine_ops": "vector",
    "vector_l2_ops": "vector",
}
"""The extension that brings a function, or a class of operators of an index."""
