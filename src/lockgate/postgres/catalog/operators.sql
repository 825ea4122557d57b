-- Operators.
SELECT 'operator' AS kind,
       pg_catalog.format('%%I.%%s(%%s, %%s)', n.nspname, o.oprname,
           CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END,
           CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END)
           AS name,
       o.oprcode::pg_catalog.regproc::text AS function,
       nullif(o.oprcom, 0)::pg_catalog.regoperator::text AS commutator,
       nullif(o.oprnegate, 0)::pg_catalog.regoperator::text AS negator,
       nullif(o.oprrest, 0)::pg_catalog.regproc::text AS restriction,
       nullif(o.oprjoin, 0)::pg_catalog.regproc::text AS "join",
       CASE WHEN o.oprcanmerge THEN 'yes' END AS merges,
       CASE WHEN o.oprcanhash THEN 'yes' END AS hashes
  FROM pg_catalog.pg_operator AS o
  JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
 WHERE o.oprcode <> 0
   AND o.oprnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass
                      AND d.objid = o.oid AND d.deptype = 'e')
