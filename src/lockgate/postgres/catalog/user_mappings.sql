-- User mappings. Their options hold passwords and are never asked for.
SELECT 'user mapping' AS kind,
       pg_catalog.format('%%s on %%I', CASE WHEN m.umuser = 0 THEN 'public'
                                            ELSE pg_catalog.quote_ident(m.usename) END, m.srvname)
           AS name
  FROM pg_catalog.pg_user_mappings AS m
