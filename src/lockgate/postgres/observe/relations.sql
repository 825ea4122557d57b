-- Relations that somebody made, their files, and the table of an index. A statement is compared
-- with this afterwards. The session's own temporary schema goes by the name that people write. The
-- name of a TOAST table has the oid of its table. Oids below 16384 are PostgreSQL's own.
SELECT c.oid::pg_catalog.int8 AS oid,
       CASE WHEN n.oid = pg_catalog.pg_my_temp_schema() THEN 'pg_temp'
            ELSE pg_catalog.quote_ident(n.nspname) END
       || '.' || pg_catalog.quote_ident(c.relname) AS name,
       c.relname::pg_catalog.text AS bare,
       CASE WHEN n.nspname ~ '^pg_toast'
            THEN pg_catalog.split_part(c.relname, '_', 3)::pg_catalog.int8
            ELSE 0 END AS toast_of,
       c.relkind::pg_catalog.text AS kind,
       c.relfilenode::pg_catalog.int8 AS filenode,
       c.reltablespace::pg_catalog.int8 AS tablespace,
       coalesce(i.indrelid, 0)::pg_catalog.int8 AS indexed,
       coalesce(pg_catalog.pg_stat_get_xact_numscans(c.oid), 0) AS scans
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
 WHERE c.oid >= 16384
