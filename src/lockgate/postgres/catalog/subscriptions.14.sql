-- Subscriptions. Their connection strings hold passwords and are never asked for.
SELECT 'subscription' AS kind,
       pg_catalog.quote_ident(s.subname) AS name,
       pg_catalog.array_to_string(s.subpublications, ', ') AS publications,
       s.subslotname::text AS slot,
       s.subbinary::text AS "binary",
       s.substream::text AS streaming,
       s.subsynccommit AS "synchronous commit"
  FROM pg_catalog.pg_subscription AS s
 WHERE s.subdbid = (SELECT d.oid
                      FROM pg_catalog.pg_database AS d
                     WHERE d.datname = pg_catalog.current_database())
