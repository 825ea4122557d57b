"""Everything that talks to a PostgreSQL server on connections of lockgate's own."""
