-- The same where the server has no function for it: a superuser may write what ANALYZE wrote. The
-- correlation stands in the slot of kind 3.
UPDATE pg_catalog.pg_statistic AS s
   SET stanullfrac = %(null_fraction)s::real,
       stawidth = %(width)s::integer,
       stadistinct = %(distinct)s::real,
       stanumbers1 = CASE WHEN s.stakind1 = 3 THEN coalesce(n.correlation, s.stanumbers1)
                          ELSE s.stanumbers1 END,
       stanumbers2 = CASE WHEN s.stakind2 = 3 THEN coalesce(n.correlation, s.stanumbers2)
                          ELSE s.stanumbers2 END,
       stanumbers3 = CASE WHEN s.stakind3 = 3 THEN coalesce(n.correlation, s.stanumbers3)
                          ELSE s.stanumbers3 END
  FROM (SELECT CASE WHEN %(correlation)s::real IS NOT NULL
                    THEN ARRAY[%(correlation)s::real] END AS correlation) AS n,
       pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
 WHERE s.starelid = a.attrelid
   AND s.staattnum = a.attnum
   AND s.stainherit = (c.relkind = 'p')
   AND a.attrelid = pg_catalog.to_regclass(%(relation)s)
   AND a.attname = %(column)s::name
   AND NOT a.attisdropped
