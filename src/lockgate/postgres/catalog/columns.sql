-- Columns of tables; and those columns of views that have a property of their own.
SELECT 'column' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, c.relname, a.attname) AS name,
       CASE WHEN c.relkind IN ('r', 'p', 'f')
            THEN pg_catalog.format_type(a.atttypid, a.atttypmod) END AS type,
       CASE WHEN a.attcollation <> t.typcollation AND c.relkind IN ('r', 'p', 'f')
            THEN (SELECT pg_catalog.format('%%I.%%I', kn.nspname, k.collname)
                    FROM pg_catalog.pg_collation AS k
                    JOIN pg_catalog.pg_namespace AS kn ON kn.oid = k.collnamespace
                   WHERE k.oid = a.attcollation) END AS collation,
       CASE WHEN a.attnotnull THEN coalesce(nn.form, 'yes') END AS "not null",
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid)
            END AS "default",
       CASE a.attidentity WHEN '' THEN NULL
            ELSE CASE a.attidentity WHEN 'a' THEN 'always' ELSE 'by default' END ||
                 coalesce((SELECT pg_catalog.format(
                                      ' (%%s sequence %%I.%%I start %%s increment %%s minimum %%s'
                                      ' maximum %%s cache %%s%%s)',
                                      pg_catalog.concat_ws(' ',
                                          CASE WHEN q.relpersistence <> c.relpersistence
                                               THEN CASE q.relpersistence WHEN 'u' THEN 'unlogged'
                                                    ELSE 'logged' END END,
                                          pg_catalog.format_type(s.seqtypid, NULL)),
                                      qn.nspname, q.relname, s.seqstart, s.seqincrement,
                                      s.seqmin, s.seqmax, s.seqcache,
                                      CASE WHEN s.seqcycle THEN ' cycle' END)
                             FROM pg_catalog.pg_depend AS i
                             JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = i.objid
                             JOIN pg_catalog.pg_class AS q ON q.oid = i.objid
                             JOIN pg_catalog.pg_namespace AS qn ON qn.oid = q.relnamespace
                            WHERE i.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                              AND i.refobjid = c.oid
                              AND i.refobjsubid = a.attnum
                              AND i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                              AND i.deptype = 'i'), '') END AS identity,
       CASE a.attgenerated WHEN '' THEN NULL
            ELSE CASE a.attgenerated WHEN 's' THEN 'stored' ELSE 'virtual' END || ' ' ||
                 pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated,
       CASE WHEN a.attstorage <> t.typstorage THEN
            CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
                              WHEN 'x' THEN 'extended' WHEN 'm' THEN 'main' END END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       -- Without a target it is -1 before PostgreSQL 17, and NULL from then on.
       nullif(a.attstattarget, -1)::text AS "statistics target",
       a.attoptions AS options,
       a.attfdwoptions AS "foreign options",
       CASE WHEN a.attinhcount > 0 AND NOT c.relispartition AND a.attislocal THEN 'and declared'
            WHEN a.attinhcount > 0 AND NOT c.relispartition THEN 'yes' END AS inherited
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef AS d
         ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
  -- NOT NULL is a constraint with a form of its own from PostgreSQL 18 on.
  LEFT JOIN (SELECT n.conrelid,
                    n.conkey[1] AS column_number,
                    pg_catalog.concat_ws(', ', CASE WHEN n.connoinherit THEN 'no inherit' END,
                                               CASE WHEN NOT n.convalidated THEN 'not valid' END) AS form
               FROM pg_catalog.pg_constraint AS n
              WHERE n.contype = 'n' AND (n.connoinherit OR NOT n.convalidated)) AS nn
         ON nn.conrelid = a.attrelid AND nn.column_number = a.attnum
 WHERE (c.relkind IN ('r', 'p', 'f')
        OR (c.relkind IN ('v', 'm')
            AND (a.atthasdef OR nullif(a.attstattarget, -1) IS NOT NULL
                 OR a.attoptions IS NOT NULL OR a.attcompression <> ''
                 OR (a.attstorage <> t.typstorage AND c.relkind = 'm'))))
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
