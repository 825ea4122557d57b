-- Functions and procedures, each named by the types that calls tell it by.
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
       pg_catalog.format('%%I.%%I(%%s)', n.nspname, p.proname,
           (SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', ' ORDER BY a.position)
              FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, position))) AS name,
       CASE WHEN p.prosqlbody IS NULL THEN p.prosrc
            ELSE pg_catalog.pg_get_function_sqlbody(p.oid) END AS definition,
       pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
       pg_catalog.pg_get_function_result(p.oid) AS result,
       pg_catalog.quote_ident(l.lanname) AS language,
       p.probin AS library,
       CASE WHEN p.prosqlbody IS NOT NULL THEN 'yes' END AS "body parsed",
       CASE WHEN p.prokind = 'w' THEN 'yes' END AS "window",
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END
           AS volatility,
       CASE WHEN p.proisstrict THEN 'yes' END AS strict,
       CASE WHEN p.prosecdef THEN 'definer' END AS security,
       CASE WHEN p.proleakproof THEN 'yes' END AS leakproof,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
           AS parallel,
       p.procost::text AS cost,
       CASE WHEN p.proretset THEN p.prorows::text END AS rows,
       CASE WHEN p.prosupport <> 0 THEN p.prosupport::pg_catalog.regproc::text END AS support,
       p.proconfig AS configuration,
       (SELECT pg_catalog.string_agg(pg_catalog.format_type(t.type, NULL), ', ' ORDER BY t.position)
          FROM pg_catalog.unnest(p.protrftypes) WITH ORDINALITY AS t (type, position)) AS transforms
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
 WHERE p.prokind <> 'a'
   AND p.pronamespace = ANY (%(schemas)s::oid[])
   AND p.oid <> ALL (%(left_out_functions)s::oid[])
   -- Made with the range type that they construct.
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                      AND d.objid = p.oid AND d.deptype = 'i')
