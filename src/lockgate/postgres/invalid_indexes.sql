-- Indexes that are invalid and that nobody is building. Who builds one holds a lock on its table
-- all the while; other columns of the progress view are hidden from roles without pg_monitor.
SELECT i.indexrelid::pg_catalog.regclass::text,
       i.indrelid::pg_catalog.regclass::text
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
 WHERE NOT i.indisvalid
   AND c.relkind = 'i'
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_stat_progress_create_index AS p
                     JOIN pg_catalog.pg_locks AS l ON l.pid = p.pid
                    WHERE l.relation = i.indrelid
                      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                         WHERE d.datname = pg_catalog.current_database()))
 ORDER BY 1
