"""What is on the ground: tables of the schema `ground`."""

from sqlalchemy import Column, Float, Integer, MetaData, Table

metadata = MetaData(schema="ground")
dome = Table(
    "dome", metadata, Column("id", Integer, primary_key=True), Column("azimuth", Float, index=True)
)
