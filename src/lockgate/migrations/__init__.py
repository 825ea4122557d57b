"""Everything that talks to Alembic and runs the team's `env.py`."""
