-- Indexes of the tables in %(tables)s; `keys` are its columns, NULL for an expression.
SELECT i.indrelid::bigint AS "table",
       pg_catalog.format('%%I.%%I', n.nspname, x.relname) AS name,
       m.amname AS method,
       CASE WHEN x.relkind = 'I' THEN 0
            WHEN %(sizes)s THEN pg_catalog.pg_relation_size(x.oid)
            ELSE x.relpages::bigint * pg_catalog.current_setting('block_size')::bigint END AS bytes,
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
                LEFT JOIN pg_catalog.pg_attribute AS a
                       ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
               ORDER BY k.place) AS keys,
       i.indisunique AS "unique",
       i.indisvalid AS valid,
       i.indpred IS NOT NULL AS partial,
       pg_catalog.pg_stat_get_numscans(x.oid) AS scans
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
 WHERE i.indrelid = ANY (%(tables)s::oid[])
 ORDER BY 2
