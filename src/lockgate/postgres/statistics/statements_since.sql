-- How long pg_stat_statements has counted.
SELECT extract(epoch FROM pg_catalog.clock_timestamp() - i.stats_reset)::float8 AS seconds
  FROM {schema}.pg_stat_statements_info AS i
