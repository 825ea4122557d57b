-- Constraints of tables. NOT NULL is told with its column, a constraint trigger with the triggers;
-- what a child has only from its parent is not told, but what a partition has is: pg_dump
-- makes partitions first and attaches them afterwards.
SELECT 'constraint' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, r.relname, c.conname) AS name,
       pg_catalog.regexp_replace(
           pg_catalog.pg_get_constraintdef(c.oid),
           '( NO INHERIT)?( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT VALID| NOT ENFORCED)?$', '')
           AS definition,
       CASE WHEN c.connoinherit AND c.contype = 'c' THEN 'yes' END AS "no inherit",
       CASE WHEN c.condeferred THEN 'initially deferred'
            WHEN c.condeferrable THEN 'initially immediate' END AS deferrable,
       CASE WHEN NOT c.convalidated THEN
            CASE WHEN pg_catalog.pg_get_constraintdef(c.oid) LIKE '%% NOT ENFORCED'
                 THEN 'not enforced' ELSE 'not valid' END END AS validity,
       x.reloptions AS "storage parameters",
       CASE WHEN i.indisclustered THEN 'yes' END AS clustered,
       CASE WHEN h.inhparent IS NOT NULL
            THEN pg_catalog.format('%%I.%%I', pn.nspname, p.relname) END AS "attached to"
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
  LEFT JOIN pg_catalog.pg_class AS x ON x.oid = c.conindid AND c.contype IN ('p', 'u', 'x')
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = x.oid
  LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = x.oid
  LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
 WHERE c.contype IN ('c', 'f', 'p', 'u', 'x')
   AND NOT (c.contype = 'f' AND c.conparentid <> 0)
   AND NOT (c.contype = 'c' AND NOT c.conislocal AND NOT r.relispartition)
   AND r.relnamespace = ANY (%(schemas)s::oid[])
   AND r.oid <> ALL (%(left_out_relations)s::oid[])
