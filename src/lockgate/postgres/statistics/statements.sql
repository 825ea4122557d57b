-- What pg_stat_statements has kept of this database, the busiest first, and where the settings of
-- the role that sent it look for names. A role without pg_read_all_stats gets only its own texts.
-- Since when it counts each statement it says from its version 1.11, PostgreSQL 17, on.
SELECT s.query, s.calls, s.mean_exec_time,
       extract(epoch FROM pg_catalog.clock_timestamp()
               - (pg_catalog.to_jsonb(s) ->> 'stats_since')::timestamptz)::float8 AS seconds,
       pg_catalog.pg_get_userbyid(s.userid) AS role,
       coalesce((SELECT o.option_value
                   FROM pg_catalog.pg_db_role_setting AS r,
                        pg_catalog.pg_options_to_table(r.setconfig) AS o
                  WHERE o.option_name = 'search_path'
                    AND r.setdatabase IN (d.oid, 0)
                    AND r.setrole IN (s.userid, 0)
                  ORDER BY r.setrole = 0, r.setdatabase = 0
                  LIMIT 1),
                (SELECT g.boot_val FROM pg_catalog.pg_settings AS g WHERE g.name = 'search_path'))
           AS search_path
  FROM {schema}.pg_stat_statements AS s
  JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
 WHERE d.datname = pg_catalog.current_database()
   AND s.queryid IS NOT NULL
 ORDER BY s.total_exec_time DESC
 LIMIT 2000
