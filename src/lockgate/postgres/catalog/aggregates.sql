-- Aggregates.
SELECT 'aggregate' AS kind,
       pg_catalog.format('%%I.%%I(%%s)', n.nspname, p.proname,
           (SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', ' ORDER BY a.position)
              FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, position))) AS name,
       pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
       CASE a.aggkind WHEN 'o' THEN 'ordered set' WHEN 'h' THEN 'hypothetical set' ELSE 'normal' END
           AS form,
       nullif(a.aggtransfn, 0)::pg_catalog.regproc::text AS "transition function",
       pg_catalog.format_type(a.aggtranstype, NULL) AS "transition type",
       nullif(a.aggtransspace, 0)::text AS "transition space",
       nullif(a.aggfinalfn, 0)::pg_catalog.regproc::text AS "final function",
       CASE WHEN a.aggfinalextra THEN 'yes' END AS "final extra",
       a.aggfinalmodify::text AS "final modify",
       nullif(a.aggcombinefn, 0)::pg_catalog.regproc::text AS "combine function",
       nullif(a.aggserialfn, 0)::pg_catalog.regproc::text AS "serial function",
       nullif(a.aggdeserialfn, 0)::pg_catalog.regproc::text AS "deserial function",
       nullif(a.aggmtransfn, 0)::pg_catalog.regproc::text AS "moving transition function",
       nullif(a.aggminvtransfn, 0)::pg_catalog.regproc::text AS "moving inverse function",
       CASE WHEN a.aggmtranstype <> 0
            THEN pg_catalog.format_type(a.aggmtranstype, NULL) END AS "moving transition type",
       nullif(a.aggmtransspace, 0)::text AS "moving transition space",
       nullif(a.aggmfinalfn, 0)::pg_catalog.regproc::text AS "moving final function",
       CASE WHEN a.aggmfinalextra THEN 'yes' END AS "moving final extra",
       a.aggmfinalmodify::text AS "moving final modify",
       pg_catalog.quote_literal(a.agginitval) AS "initial value",
       pg_catalog.quote_literal(a.aggminitval) AS "moving initial value",
       CASE WHEN a.aggsortop <> 0 THEN a.aggsortop::pg_catalog.regoper::text END AS "sort operator",
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
           AS parallel
  FROM pg_catalog.pg_aggregate AS a
  JOIN pg_catalog.pg_proc AS p ON p.oid = a.aggfnoid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE p.pronamespace = ANY (%(schemas)s::oid[])
   AND p.oid <> ALL (%(left_out_functions)s::oid[])
