-- The same where the server has no function for it.
UPDATE pg_catalog.pg_class AS c
   SET relallvisible = (%(share)s * c.relpages)::integer
 WHERE c.oid = pg_catalog.to_regclass(%(relation)s)
   AND c.relkind IN ('r', 'm')
