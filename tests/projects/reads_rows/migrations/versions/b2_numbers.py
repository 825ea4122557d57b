"""magnitudes as numbers, row by row"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"

star = sa.table("star", sa.column("id"), sa.column("magnitude"), sa.column("number"))


def upgrade():
    op.add_column("star", sa.Column("number", sa.Float()))
    bind = op.get_bind()
    for id_, magnitude in bind.execute(sa.select(star.c.id, star.c.magnitude)).all():
        number = 99.0 if magnitude == "faint" else float(magnitude)
        bind.execute(star.update().where(star.c.id == id_).values(number=number))
    op.drop_column("star", "magnitude")


def downgrade():
    op.add_column("star", sa.Column("magnitude", sa.Text()))
    bind = op.get_bind()
    for id_, number in bind.execute(sa.select(star.c.id, star.c.number)).all():
        magnitude = "faint" if number == 99.0 else str(number)
        bind.execute(star.update().where(star.c.id == id_).values(magnitude=magnitude))
    op.drop_column("star", "number")
