-- Which tables a query over a view locks, views over views followed; a materialized view has rows
-- of its own.
  WITH RECURSIVE over (view, relation) AS (
SELECT DISTINCT r.ev_class, d.refobjid
  FROM pg_catalog.pg_rewrite AS r
  JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class AND v.relkind = 'v'
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
   AND d.objid = r.oid
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjid <> r.ev_class
  JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
 WHERE n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'lockgate')),
       deep (view, relation) AS (
SELECT o.view, o.relation FROM over AS o
 UNION
SELECT p.view, o.relation
  FROM deep AS p
  JOIN over AS o ON o.view = p.relation)
SELECT pg_catalog.format('%I.%I', vn.nspname, v.relname) AS view,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation
  FROM deep AS d
  JOIN pg_catalog.pg_class AS v ON v.oid = d.view
  JOIN pg_catalog.pg_namespace AS vn ON vn.oid = v.relnamespace
  JOIN pg_catalog.pg_class AS c ON c.oid = d.relation AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 ORDER BY 1, 2
