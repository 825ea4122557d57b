-- Where tables and indexes lie, if not in the database's own tablespace: no structure, since a
-- scratch server has no such place.
SELECT 'tablespace' AS kind,
       pg_catalog.format('%%s %%I.%%I', CASE WHEN c.relkind IN ('i', 'I') THEN 'index'
                                             WHEN c.relkind = 'm' THEN 'materialized view'
                                             ELSE 'table' END, n.nspname, c.relname) AS name,
       pg_catalog.quote_ident(s.spcname) AS definition
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
 WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I')
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
