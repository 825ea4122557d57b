-- Operator classes, with the operators and functions that each holds.
SELECT 'operator class' AS kind,
       pg_catalog.format('%%I.%%I USING %%I', n.nspname, c.opcname, m.amname) AS name,
       pg_catalog.format_type(c.opcintype, NULL) AS type,
       CASE WHEN c.opcdefault THEN 'yes' END AS "default",
       pg_catalog.format('%%I.%%I', fn.nspname, f.opfname) AS family,
       CASE WHEN c.opckeytype <> 0
            THEN pg_catalog.format_type(c.opckeytype, NULL) END AS storage,
       (SELECT pg_catalog.string_agg(
                   pg_catalog.format('%%s %%s%%s', a.amopstrategy, a.amopopr::pg_catalog.regoperator,
                                     CASE WHEN s.opfname IS NOT NULL
                                          THEN pg_catalog.format(' FOR ORDER BY %%I.%%I',
                                                                 sn.nspname, s.opfname) END), ', '
                   ORDER BY a.amopstrategy, a.amopopr::pg_catalog.regoperator::text COLLATE "C")
          FROM pg_catalog.pg_depend AS d
          JOIN pg_catalog.pg_amop AS a ON a.oid = d.objid
          LEFT JOIN pg_catalog.pg_opfamily AS s ON s.oid = a.amopsortfamily
          LEFT JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.opfnamespace
         WHERE d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass
           AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
           AND d.refobjid = c.oid) AS operators,
       (SELECT pg_catalog.string_agg(
                   pg_catalog.format('%%s (%%s, %%s) %%s', p.amprocnum,
                                     pg_catalog.format_type(p.amproclefttype, NULL),
                                     pg_catalog.format_type(p.amprocrighttype, NULL),
                                     p.amproc::pg_catalog.regprocedure), ', '
                   ORDER BY p.amprocnum, p.amproc::pg_catalog.regprocedure::text COLLATE "C",
                            pg_catalog.format_type(p.amproclefttype, NULL) COLLATE "C",
                            pg_catalog.format_type(p.amprocrighttype, NULL) COLLATE "C")
          FROM pg_catalog.pg_depend AS d
          JOIN pg_catalog.pg_amproc AS p ON p.oid = d.objid
         WHERE d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass
           AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
           AND d.refobjid = c.oid) AS functions
  FROM pg_catalog.pg_opclass AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.opcnamespace
  JOIN pg_catalog.pg_am AS m ON m.oid = c.opcmethod
  JOIN pg_catalog.pg_opfamily AS f ON f.oid = c.opcfamily
  JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace
 WHERE c.opcnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
