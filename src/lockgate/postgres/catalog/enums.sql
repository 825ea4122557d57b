-- Enums, with their labels in order.
SELECT 'enum' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.typname) AS name,
       e.labels AS labels
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  LEFT JOIN (SELECT e.enumtypid,
                    pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', '
                                          ORDER BY e.enumsortorder) AS labels
               FROM pg_catalog.pg_enum AS e
              GROUP BY e.enumtypid) AS e ON e.enumtypid = t.oid
 WHERE t.typtype = 'e'
   AND t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
