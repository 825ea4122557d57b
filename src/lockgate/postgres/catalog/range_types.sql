-- Range types with their multiranges.
SELECT 'type' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.typname) AS name,
       'range' AS form,
       pg_catalog.format_type(r.rngsubtype, NULL) AS subtype,
       CASE WHEN NOT o.opcdefault
            THEN pg_catalog.format('%%I.%%I', o_n.nspname, o.opcname) END AS "operator class",
       CASE WHEN r.rngcollation <> s.typcollation
            THEN pg_catalog.format('%%I.%%I', c_n.nspname, c.collname) END AS collation,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::pg_catalog.regproc::text END AS canonical,
       CASE WHEN r.rngsubdiff <> 0
            THEN r.rngsubdiff::pg_catalog.regproc::text END AS "subtype difference",
       pg_catalog.format_type(r.rngmultitypid, NULL) AS multirange
  FROM pg_catalog.pg_range AS r
  JOIN pg_catalog.pg_type AS t ON t.oid = r.rngtypid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_type AS s ON s.oid = r.rngsubtype
  JOIN pg_catalog.pg_opclass AS o ON o.oid = r.rngsubopc
  JOIN pg_catalog.pg_namespace AS o_n ON o_n.oid = o.opcnamespace
  LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = r.rngcollation
  LEFT JOIN pg_catalog.pg_namespace AS c_n ON c_n.oid = c.collnamespace
 WHERE t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
