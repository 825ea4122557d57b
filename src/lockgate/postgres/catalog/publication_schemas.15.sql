-- Schemas of publications.
SELECT 'publication schema' AS kind,
       pg_catalog.format('%%I: %%I', p.pubname, n.nspname) AS name
  FROM pg_catalog.pg_publication_namespace AS r
  JOIN pg_catalog.pg_publication AS p ON p.oid = r.pnpubid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.pnnspid
