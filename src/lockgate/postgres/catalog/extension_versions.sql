-- Versions of extensions: a new database gets what its server has, so no structure.
SELECT 'extension version' AS kind,
       pg_catalog.quote_ident(e.extname) AS name,
       e.extversion AS definition
  FROM pg_catalog.pg_extension AS e
 WHERE e.oid >= 16384
