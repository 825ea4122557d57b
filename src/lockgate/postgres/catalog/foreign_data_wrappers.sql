-- Foreign-data wrappers.
SELECT 'foreign-data wrapper' AS kind,
       pg_catalog.quote_ident(w.fdwname) AS name,
       nullif(w.fdwhandler, 0)::pg_catalog.regproc::text AS handler,
       nullif(w.fdwvalidator, 0)::pg_catalog.regproc::text AS validator,
       w.fdwoptions AS options
  FROM pg_catalog.pg_foreign_data_wrapper AS w
 WHERE w.oid >= 16384
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
                      AND d.objid = w.oid AND d.deptype = 'e')
