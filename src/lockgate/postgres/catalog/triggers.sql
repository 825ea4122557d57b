-- Triggers. A partition's copy of its parent's trigger is told where its state is another; but not
-- those of a foreign key, whose names are oids: a dump with one cannot be restored.
SELECT 'trigger' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, c.relname, t.tgname) AS name,
       pg_catalog.pg_get_triggerdef(t.oid) AS definition,
       CASE t.tgenabled WHEN 'O' THEN NULL WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas'
                        WHEN 'A' THEN 'always' END AS enabled
  FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_trigger AS u ON u.oid = t.tgparentid
 WHERE (NOT t.tgisinternal AND t.tgparentid = 0 OR t.tgenabled <> u.tgenabled)
   AND NOT (t.tgisinternal AND t.tgname LIKE 'RI\_ConstraintTrigger\_%%')
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
