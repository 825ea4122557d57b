-- Servers and subscribers that follow this one. Backups come and go on purpose, and so do the
-- walsenders that copy a table for a new subscription (pg_SUBSCRIPTION_sync_TABLE_SYSTEM).
SELECT coalesce(nullif(r.application_name, ''), 'walreceiver')
       || coalesce(' at ' || pg_catalog.host(r.client_addr), ''),
       coalesce(r.state, 'state not visible'),
       extract(epoch FROM r.replay_lag)::float8 * 1000,
       pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()
                                       THEN pg_catalog.pg_last_wal_receive_lsn()
                                       ELSE pg_catalog.pg_current_wal_lsn()
                                  END, r.replay_lsn)::bigint
  FROM pg_catalog.pg_stat_replication AS r
 WHERE r.state IS DISTINCT FROM 'backup'
   AND r.application_name <> 'pg_basebackup'
   AND r.application_name !~ '^pg_[0-9]+_sync_[0-9]+_'
 ORDER BY 1
