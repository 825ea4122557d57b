"""What is in the sky: tables of the schema `sky`."""

from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData(schema="sky")
star = Table(
    "star", metadata, Column("id", Integer, primary_key=True), Column("name", String(40))
)
