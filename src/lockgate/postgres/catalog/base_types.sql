-- Base types and shells of types. Array types come with their element types.
SELECT 'type' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.typname) AS name,
       CASE WHEN t.typisdefined THEN 'base' ELSE 'shell' END AS form,
       b.input, b.output, b.receive, b.send, b.modifiers_in, b.modifiers_out, b.analyze,
       b.subscript, b.length, b.by_value, b.alignment, b.storage, b.category, b.preferred,
       b.default, b.element, b.delimiter, b.collatable
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  LEFT JOIN LATERAL (
       SELECT nullif(t.typinput, 0)::pg_catalog.regproc::text AS input,
              nullif(t.typoutput, 0)::pg_catalog.regproc::text AS output,
              nullif(t.typreceive, 0)::pg_catalog.regproc::text AS receive,
              nullif(t.typsend, 0)::pg_catalog.regproc::text AS send,
              nullif(t.typmodin, 0)::pg_catalog.regproc::text AS modifiers_in,
              nullif(t.typmodout, 0)::pg_catalog.regproc::text AS modifiers_out,
              nullif(t.typanalyze, 0)::pg_catalog.regproc::text AS analyze,
              nullif(t.typsubscript, 0)::pg_catalog.regproc::text AS subscript,
              t.typlen::text AS length,
              CASE WHEN t.typbyval THEN 'yes' END AS by_value,
              t.typalign::text AS alignment,
              t.typstorage::text AS storage,
              t.typcategory::text AS category,
              CASE WHEN t.typispreferred THEN 'yes' END AS preferred,
              coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS "default",
              CASE WHEN t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END AS element,
              t.typdelim::text AS delimiter,
              CASE WHEN t.typcollation <> 0 THEN 'yes' END AS collatable) AS b ON t.typisdefined
 WHERE (t.typtype = 'b' OR NOT t.typisdefined)
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)
   AND t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
