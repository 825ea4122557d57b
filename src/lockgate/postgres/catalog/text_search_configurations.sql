-- Text search configurations, with the dictionaries that each kind of token is looked up in.
SELECT 'text search configuration' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.cfgname) AS name,
       pg_catalog.format('%%I.%%I', pn.nspname, p.prsname) AS parser,
       (SELECT pg_catalog.string_agg(t.mapping, '; ' ORDER BY t.mapping COLLATE "C")
          FROM (SELECT pg_catalog.format('%%I: %%s', y.alias, pg_catalog.string_agg(
                           m.mapdict::pg_catalog.regdictionary::text, ', ' ORDER BY m.mapseqno))
                  FROM pg_catalog.pg_ts_config_map AS m
                  JOIN pg_catalog.ts_token_type(c.cfgparser) AS y ON y.tokid = m.maptokentype
                 WHERE m.mapcfg = c.oid
                 GROUP BY y.alias) AS t (mapping)) AS mappings
  FROM pg_catalog.pg_ts_config AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.cfgnamespace
  JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser
  JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.prsnamespace
 WHERE c.cfgnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
