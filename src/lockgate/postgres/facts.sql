SELECT d.datname,
       d.oid::bigint,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
       pg_catalog.current_setting('port')::int,
       pg_catalog.current_schema()::text,
       pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_backend_pid(),
       current_user::text,
       EXISTS (SELECT 1
                 FROM pg_catalog.pg_class AS c
                 JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                WHERE n.nspname = 'lockgate' AND c.relname = 'mark')
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
