-- The settings that decide how long work takes, in bytes where they are sizes.
SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem'))
           AS maintenance_work_mem_bytes,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) AS work_mem_bytes,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) AS shared_buffers_bytes,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')) AS max_wal_size_bytes,
       pg_catalog.current_setting('max_parallel_maintenance_workers')::integer
           AS max_parallel_maintenance_workers,
       pg_catalog.current_setting('max_connections')::integer AS max_connections,
       pg_catalog.current_setting('wal_level') AS wal_level,
       pg_catalog.current_setting('fsync')::boolean AS fsync,
       pg_catalog.current_setting('full_page_writes')::boolean AS full_page_writes
