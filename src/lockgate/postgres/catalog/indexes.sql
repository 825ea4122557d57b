-- Indexes that no constraint owns. One that is not valid is apart: pg_dump does not write it.
-- The columns are what pg_get_indexdef writes between the method and the storage parameters, so
-- with expressions, operator classes, collations, order and INCLUDE.
SELECT CASE WHEN i.indisvalid AND i.indisready OR i.relkind = 'I' THEN 'index'
            ELSE 'invalid index' END AS kind,
       pg_catalog.format('%%I.%%I', i.nspname, i.relname) AS name,
       pg_catalog.format('%%I.%%I', i.nspname, i.table_name) AS "table",
       CASE WHEN i.indisunique THEN 'yes' END AS "unique",
       i.amname AS method,
       pg_catalog.substr(i.definition, i.begins,
                         pg_catalog.length(i.definition) - i.begins + 1
                         - CASE WHEN i.nulls_not_distinct THEN 19 ELSE 0 END
                         - coalesce(i.parameters_length, 0)
                         - coalesce(pg_catalog.length(i.predicate) + 7, 0)) AS columns,
       CASE WHEN i.nulls_not_distinct THEN 'yes' END AS "nulls not distinct",
       i.predicate AS predicate,
       i.reloptions AS "storage parameters",
       CASE WHEN i.indisclustered THEN 'yes' END AS clustered,
       CASE WHEN i.relispartition THEN
       (SELECT pg_catalog.format('%%I.%%I', pn.nspname, p.relname)
          FROM pg_catalog.pg_inherits AS h
          JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
          JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
         WHERE h.inhrelid = i.indexrelid) END AS "attached to",
       i.targets AS "statistics targets"
  FROM (SELECT i.indexrelid, i.indisvalid, i.indisready, i.indisunique, i.indisclustered,
               x.relkind, x.relname, x.reloptions, x.relispartition,
               n.nspname, r.relname AS table_name, m.amname,
               pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
               pg_catalog.length(pg_catalog.format(
                   'CREATE %%sINDEX %%I ON %%s%%I.%%I USING %%I ',
                   CASE WHEN i.indisunique THEN 'UNIQUE ' END, x.relname,
                   CASE WHEN x.relkind = 'I' THEN 'ONLY ' END, n.nspname, r.relname,
                   m.amname)) + 1 AS begins,
               CASE WHEN i.indpred IS NOT NULL
                    THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid) END AS predicate,
               -- A column from PostgreSQL 15 on.
               CASE WHEN i.indisunique
                    THEN (pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean
                    END AS nulls_not_distinct,
               CASE WHEN x.reloptions IS NOT NULL THEN
               (SELECT pg_catalog.sum(pg_catalog.length(
                           pg_catalog.quote_ident(o.option_name) || '=' ||
                           CASE WHEN pg_catalog.quote_ident(o.option_value) = o.option_value
                                THEN o.option_value
                                ELSE pg_catalog.quote_literal(o.option_value) END || ', '))
                       + pg_catalog.length(' WITH ()') - pg_catalog.length(', ')
                  FROM pg_catalog.pg_options_to_table(x.reloptions) AS o) END::integer
                   AS parameters_length,
               CASE WHEN i.indexprs IS NOT NULL THEN
               (SELECT pg_catalog.string_agg(
                           pg_catalog.format('column %%s: %%s', a.attnum, a.attstattarget), ', '
                           ORDER BY a.attnum)
                  FROM pg_catalog.pg_attribute AS a
                 WHERE a.attrelid = x.oid
                   AND nullif(a.attstattarget, -1) IS NOT NULL) END AS targets
          FROM pg_catalog.pg_index AS i
          JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
          JOIN pg_catalog.pg_class AS r ON r.oid = i.indrelid
          JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
          JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
         WHERE r.relnamespace = ANY (%(schemas)s::oid[])
           AND r.oid <> ALL (%(left_out_relations)s::oid[])
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_constraint AS c
                            WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))) AS i
