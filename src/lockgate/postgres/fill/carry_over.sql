-- The target's numbers about one column, in place of those that ANALYZE found in made-up rows.
-- Whether a column is there is asked first: the revisions of scratch may be ahead.
SELECT pg_catalog.pg_restore_attribute_stats(
           'schemaname', n.nspname::text, 'relname', c.relname::text,
           'attname', a.attname::text, 'inherited', c.relkind = 'p',
           'version', pg_catalog.current_setting('server_version_num')::integer,
           'null_frac', %(null_fraction)s::real,
           'avg_width', %(width)s::integer,
           'n_distinct', %(distinct)s::real,
           'correlation', %(correlation)s::real)
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE a.attrelid = pg_catalog.to_regclass(%(relation)s)
   AND a.attname = %(column)s::name
   AND NOT a.attisdropped
