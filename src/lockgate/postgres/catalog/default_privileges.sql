-- Privileges that new objects get: no structure, as the privileges of objects are none.
SELECT 'default privileges' AS kind,
       pg_catalog.concat_ws(' ', 'for', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)),
           CASE WHEN d.defaclnamespace <> 0
                THEN 'in schema ' || pg_catalog.quote_ident(n.nspname) END,
           'on', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                                      WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                                      WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE d.defaclobjtype::text END) AS name,
       coalesce((SELECT pg_catalog.string_agg(a::text, ', ' ORDER BY a::text COLLATE "C")
                   FROM pg_catalog.unnest(d.defaclacl) AS a), 'none') AS definition
  FROM pg_catalog.pg_default_acl AS d
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
 WHERE n.oid IS NULL OR n.oid = ANY (%(schemas)s::oid[])
