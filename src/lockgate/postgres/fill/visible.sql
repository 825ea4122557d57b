-- How many pages of a table the planner takes to need no look at its rows: the target's share.
SELECT pg_catalog.pg_restore_relation_stats(
           'schemaname', n.nspname::text, 'relname', c.relname::text,
           'relallvisible', (%(share)s * c.relpages)::integer)
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass(%(relation)s)
   AND c.relkind IN ('r', 'm')
