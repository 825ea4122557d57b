-- Foreign keys, by the tables that hold rows and refer with them, and those that they refer to.
SELECT c.conrelid::pg_catalog.int8 AS near,
       c.confrelid::pg_catalog.int8 AS far,
       c.conname::pg_catalog.text AS name
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS t ON t.oid = c.conrelid
 WHERE c.contype = 'f' AND t.relkind = 'r'
