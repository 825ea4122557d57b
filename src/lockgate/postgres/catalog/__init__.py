"""Reads the Catalog of a database from `pg_catalog`: a query for each kind of object.

Each SQL file beside this module, `scope.sql` apart, is one query, and a new file is all that a new
kind needs. Its columns are `kind`, `name`, perhaps `definition`, and then the properties, each
named by its column and NULL where the object has none. A file `NAME.MAJOR.sql` is for servers of
that major and newer, up to the next such file. The rows are in no order: a Catalog sorts them.

Answers what is there. Leaves comparing to `core.catalog`. docs/catalog.md says what is read.
"""

from lockgate.postgres.catalog.reader import CatalogBroken as CatalogBroken
from lockgate.postgres.catalog.reader import CatalogLocked as CatalogLocked
from lockgate.postgres.catalog.reader import CatalogMoved as CatalogMoved
from lockgate.postgres.catalog.reader import CatalogTooSlow as CatalogTooSlow
from lockgate.postgres.catalog.reader import read_catalog as read_catalog
