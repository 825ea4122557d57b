-- Operator families, with the operators and functions that no class of theirs holds.
SELECT 'operator family' AS kind,
       pg_catalog.format('%%I.%%I USING %%I', n.nspname, f.opfname, m.amname) AS name,
       (SELECT pg_catalog.string_agg(
                   pg_catalog.format('%%s %%s%%s', a.amopstrategy, a.amopopr::pg_catalog.regoperator,
                                     CASE WHEN s.opfname IS NOT NULL
                                          THEN pg_catalog.format(' FOR ORDER BY %%I.%%I',
                                                                 sn.nspname, s.opfname) END), ', '
                   ORDER BY a.amopstrategy, a.amopopr::pg_catalog.regoperator::text COLLATE "C")
          FROM pg_catalog.pg_amop AS a
          LEFT JOIN pg_catalog.pg_opfamily AS s ON s.oid = a.amopsortfamily
          LEFT JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.opfnamespace
         WHERE a.amopfamily = f.oid
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass
                              AND d.objid = a.oid
                              AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass))
           AS operators,
       (SELECT pg_catalog.string_agg(
                   pg_catalog.format('%%s (%%s, %%s) %%s', p.amprocnum,
                                     pg_catalog.format_type(p.amproclefttype, NULL),
                                     pg_catalog.format_type(p.amprocrighttype, NULL),
                                     p.amproc::pg_catalog.regprocedure), ', '
                   ORDER BY p.amprocnum, p.amproc::pg_catalog.regprocedure::text COLLATE "C",
                            pg_catalog.format_type(p.amproclefttype, NULL) COLLATE "C",
                            pg_catalog.format_type(p.amprocrighttype, NULL) COLLATE "C")
          FROM pg_catalog.pg_amproc AS p
         WHERE p.amprocfamily = f.oid
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass
                              AND d.objid = p.oid
                              AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass))
           AS functions
  FROM pg_catalog.pg_opfamily AS f
  JOIN pg_catalog.pg_namespace AS n ON n.oid = f.opfnamespace
  JOIN pg_catalog.pg_am AS m ON m.oid = f.opfmethod
 WHERE f.opfnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass
                      AND d.objid = f.oid AND d.deptype = 'e')
