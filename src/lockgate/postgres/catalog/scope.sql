-- Which schemas are read; and what is left out of them: the members of extensions, and the version
-- tables with the sequences that they own.
  WITH version_table AS (
SELECT c.oid
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN ROWS FROM (pg_catalog.unnest(%(version_schemas)s::text[]),
                  pg_catalog.unnest(%(version_names)s::text[])) AS v (schema, name)
    ON v.schema = n.nspname AND v.name = c.relname)
SELECT ARRAY (SELECT n.oid
                FROM pg_catalog.pg_namespace AS n
               WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockgate'))::text
           AS schemas,
       ARRAY (SELECT v.oid FROM version_table AS v)::text AS version_tables,
       ARRAY (SELECT d.objid
                FROM pg_catalog.pg_depend AS d
               WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
               UNION
              SELECT v.oid
                FROM version_table AS v
               UNION
              SELECT d.objid
                FROM pg_catalog.pg_depend AS d
                JOIN version_table AS v ON v.oid = d.refobjid
               WHERE d.deptype IN ('a', 'i')
                 AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)::text
           AS left_out_relations,
       ARRAY (SELECT d.objid
                FROM pg_catalog.pg_depend AS d
               WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass)::text
           AS left_out_types,
       ARRAY (SELECT d.objid
                FROM pg_catalog.pg_depend AS d
               WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)::text
           AS left_out_functions
