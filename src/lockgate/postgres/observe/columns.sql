-- Columns of the tables that this session has locked and others see, in order, with what a value
-- of each may be.
SELECT c.oid::pg_catalog.int8 AS oid,
       a.attname AS attribute,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed,
       CASE b.typcategory
            WHEN 'A' THEN '''{}''' WHEN 'B' THEN 'true' WHEN 'D' THEN 'pg_catalog.now()'
            WHEN 'T' THEN '''0''' WHEN 'I' THEN '''::1''' WHEN 'N' THEN '1' WHEN 'S' THEN '''1'''
            WHEN 'R' THEN '''empty''' WHEN 'V' THEN '''1'''
            WHEN 'E' THEN (SELECT pg_catalog.quote_literal(e.enumlabel)
                             FROM pg_catalog.pg_enum AS e
                            WHERE e.enumtypid = b.oid ORDER BY e.enumsortorder LIMIT 1)
            ELSE CASE WHEN b.typname = 'uuid' THEN 'pg_catalog.gen_random_uuid()'
                      WHEN b.typname IN ('json', 'jsonb') THEN '''{}''' ELSE '''''' END
       END AS value
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_type AS b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
   AND l.mode = 'AccessExclusiveLock' AND c.oid >= 16384 AND c.relkind = 'r'
   AND n.nspname <> 'pg_toast'
   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
 ORDER BY c.oid, a.attnum
