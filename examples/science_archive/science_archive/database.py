"""Where the catalogue's database is: `DATABASE_URL`, in whichever spelling it comes."""

from __future__ import annotations

import os

from sqlalchemy import URL, make_url


def database_url() -> URL:
    """The URL in `DATABASE_URL`, for psycopg 3.

    Hosting platforms write `postgres://` and libpq `postgresql://`, which SQLAlchemy refuses
    or reads as psycopg2.
    """
    text = os.environ.get("DATABASE_URL")
    if not text:
        raise SystemExit("DATABASE_URL is not set: name the database, postgresql://user@host/name")
    return make_url(text).set(drivername="postgresql+psycopg")
