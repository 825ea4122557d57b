-- Extensions that somebody made. What they hold is theirs.
SELECT 'extension' AS kind,
       pg_catalog.quote_ident(e.extname) AS name,
       pg_catalog.quote_ident(n.nspname) AS schema
  FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
 WHERE e.oid >= 16384
