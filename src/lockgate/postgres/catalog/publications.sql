-- Publications.
SELECT 'publication' AS kind,
       pg_catalog.quote_ident(p.pubname) AS name,
       CASE WHEN p.puballtables THEN 'yes' END AS "all tables",
       pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
                                  CASE WHEN p.pubupdate THEN 'update' END,
                                  CASE WHEN p.pubdelete THEN 'delete' END,
                                  CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
       CASE WHEN p.pubviaroot THEN 'yes' END AS "via root",
       -- A column from PostgreSQL 18 on.
       CASE WHEN pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's' THEN 'stored' END
           AS "generated columns"
  FROM pg_catalog.pg_publication AS p
 WHERE NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_publication'::pg_catalog.regclass
                      AND d.objid = p.oid AND d.deptype = 'e')
