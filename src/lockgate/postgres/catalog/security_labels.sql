-- Security labels.
SELECT 'security label' AS kind,
       pg_catalog.format('%%s: %%s %%s', s.provider, i.type, i.identity) AS name,
       s.label AS definition
  FROM pg_catalog.pg_seclabel AS s
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classoid, s.objoid, s.objsubid) AS i
 WHERE s.objoid >= 16384
   AND i.schema IS DISTINCT FROM 'lockgate'
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS e
                    WHERE e.classid = s.classoid AND e.objid = s.objoid AND e.deptype = 'e')
