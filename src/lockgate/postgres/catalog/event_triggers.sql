-- Event triggers that are not lockgate's.
SELECT 'event trigger' AS kind,
       pg_catalog.quote_ident(e.evtname) AS name,
       e.evtevent::text AS event,
       e.evtfoid::pg_catalog.regproc::text AS function,
       (SELECT pg_catalog.string_agg(t, ', ' ORDER BY t COLLATE "C")
          FROM pg_catalog.unnest(e.evttags) AS t) AS tags,
       CASE e.evtenabled WHEN 'O' THEN NULL WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas'
                         WHEN 'A' THEN 'always' END AS enabled
  FROM pg_catalog.pg_event_trigger AS e
 WHERE e.evtname NOT LIKE 'lockgate\_%%'
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
                      AND d.objid = e.oid AND d.deptype = 'e')
