-- A computation that asks for no table, to tell how fast a server's processor is: 20,000 digests,
-- sorted. The server times it itself, so that the way there does not count.
EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)
 SELECT count(*)
   FROM (SELECT pg_catalog.md5(n::text) COLLATE "C" AS digest
           FROM pg_catalog.generate_series(1, 20000) AS n
          ORDER BY 1) AS sorted
