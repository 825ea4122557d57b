-- What the databases of the server take together, as far as this role may ask, and of how many it
-- may not.
SELECT coalesce(sum(pg_catalog.pg_database_size(d.oid)) FILTER (WHERE d.readable), 0)::bigint AS bytes,
       count(*) FILTER (WHERE NOT d.readable)::integer AS unreadable,
       pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS sees_wal
  FROM (SELECT a.oid,
               pg_catalog.has_database_privilege(a.oid, 'CONNECT')
               OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS readable
          FROM pg_catalog.pg_database AS a) AS d
