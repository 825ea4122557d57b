-- What ANALYZE found in the columns of the tables in %(tables)s: never a value, only how wide, how
-- many, how often. A column without a row in pg_stats was never analyzed, or this role may not
-- read it. Of a partitioned table it is what was found in all partitions together.
SELECT a.attrelid::bigint AS "table",
       a.attname::text AS name,
       CASE WHEN t.typlen > 0 THEN t.typlen::integer END AS fixed_width,
       s.avg_width AS width,
       s.null_frac::float8 AS null_fraction,
       s.n_distinct::float8 AS "distinct",
       s.correlation::float8 AS correlation,
       coalesce(s.most_common_freqs, '{}')::float8[] AS common,
       pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_stats AS s
         ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
        AND s.inherited = (c.relkind = 'p')
 WHERE a.attrelid = ANY (%(tables)s::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
