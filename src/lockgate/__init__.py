"""lockgate takes a change of SQLAlchemy models through DEV to PROD on PostgreSQL."""

__version__ = "0.1.0"
