"""Tables of the catalogue: the files, the jobs that make them, the pointings they belong to."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Instrument(enum.StrEnum):
    """Instruments of the Orrery mission."""

    AUREL = "aurel"  # ultraviolet spectral irradiance monitor
    BORA = "bora"  # solar wind ion analyser
    CORVUS = "corvus"  # energetic neutral atom imager
    FLINT = "flint"  # interstellar dust analyser
    MAG = "mag"  # magnetometer
    TARN = "tarn"  # total irradiance monitor


class DataLevel(enum.StrEnum):
    """Processing levels, lowest first."""

    L0 = "L0"  # packets as received
    L1A = "L1A"  # unpacked, in engineering units
    L1B = "L1B"  # calibrated
    L1C = "L1C"  # pointing sets: one file per repointing
    L2 = "L2"  # derived physical quantities


class FileExtension(enum.StrEnum):
    """Formats the archive accepts."""

    PKTS = "pkts"
    CDF = "cdf"
    FITS = "fits"
    CSV = "csv"
    JSON = "json"
    PNG = "png"


class KernelType(enum.StrEnum):
    """SPICE kernel types, by NAIF's names."""

    CK = "ck"
    FK = "fk"
    LSK = "lsk"
    PCK = "pck"
    SCLK = "sclk"
    SPK = "spk"


class JobStatus(enum.StrEnum):
    """Life of a processing job."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


def _enum(of: type[enum.StrEnum], name: str) -> Enum:
    """The PostgreSQL enum that holds the values of `of`, not its member names."""
    return Enum(of, name=name, values_callable=lambda members: [member.value for member in members])


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        DataLevel: _enum(DataLevel, "data_level"),
        FileExtension: _enum(FileExtension, "file_extension"),
        Instrument: _enum(Instrument, "instrument"),
        JobStatus: _enum(JobStatus, "job_status"),
        KernelType: _enum(KernelType, "kernel_type"),
    }


class CatalogueFile:
    """Columns that every catalogued file has."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255), unique=True)
    ingested_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ScienceFile(CatalogueFile, Base):
    """A data product, such as `orrery_mag_l1b_burst_20250101_v001.0002.cdf`."""

    __tablename__ = "science_file"
    __table_args__ = (
        CheckConstraint("ingested_at >= start_time", name="ingested_after_start"),
        CheckConstraint("data_level <> 'L1C' OR repoint_id IS NOT NULL", name="l1c_has_repoint"),
        Index("ix_science_file_ingested_at", "ingested_at"),
    )

    instrument: Mapped[Instrument]
    data_level: Mapped[DataLevel]
    descriptor: Mapped[str] = mapped_column(String(64))
    start_time: Mapped[datetime]
    repoint_id: Mapped[int | None] = mapped_column(ForeignKey("repoint.repoint_id"))
    major_version: Mapped[int]
    minor_version: Mapped[int]
    extension: Mapped[FileExtension]
    size_bytes: Mapped[int] = mapped_column(BigInteger)

    repoint: Mapped[Repoint | None] = relationship()


class QuicklookFile(CatalogueFile, Base):
    """A plot for the operations team, made anew with each pass and never versioned."""

    __tablename__ = "quicklook_file"
    __table_args__ = (Index("ix_quicklook_file_instrument_start_time", "instrument", "start_time"),)

    instrument: Mapped[Instrument]
    descriptor: Mapped[str] = mapped_column(String(64))
    start_time: Mapped[datetime]
    extension: Mapped[FileExtension] = mapped_column(server_default=text("'png'"))


class AncillaryFile(CatalogueFile, Base):
    """An input that is not telemetry, such as a calibration table, valid over days."""

    __tablename__ = "ancillary_file"
    __table_args__ = (
        CheckConstraint("end_date IS NULL OR end_date >= start_date", name="valid_range"),
    )

    instrument: Mapped[Instrument]
    descriptor: Mapped[str] = mapped_column(String(64))
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    major_version: Mapped[int]
    minor_version: Mapped[int]
    extension: Mapped[FileExtension]


class SpiceKernel(CatalogueFile, Base):
    """A SPICE kernel and the ephemeris times it covers, in seconds past J2000 TDB."""

    __tablename__ = "spice_kernel"
    __table_args__ = (Index("ix_spice_kernel_kernel_type_min_et", "kernel_type", "min_et"),)

    kernel_type: Mapped[KernelType]
    version: Mapped[int]
    min_et: Mapped[float | None]
    max_et: Mapped[float | None]
    intervals: Mapped[list[list[float]] | None] = mapped_column(JSONB)


class Repoint(Base):
    """A manoeuvre that turns the spin axis back to the Sun, on the spacecraft clock and in UTC."""

    __tablename__ = "repoint"
    __table_args__ = (
        CheckConstraint("end_time IS NULL OR end_time > start_time", name="ends_after_start"),
    )

    repoint_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start_sclk: Mapped[float]
    end_sclk: Mapped[float | None]
    start_time: Mapped[datetime] = mapped_column(index=True)
    end_time: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Pointing(Base):
    """The attitude between two repointings, as one attitude kernel gives it.

    Each reconstructed kernel that covers a pointing brings a row of its own.
    """

    __tablename__ = "pointing"

    pointing_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kernel_id: Mapped[int] = mapped_column(ForeignKey("spice_kernel.id"), primary_key=True)
    repoint_id: Mapped[int] = mapped_column(ForeignKey("repoint.repoint_id"))
    start_time: Mapped[datetime]
    end_time: Mapped[datetime]
    spin_axis_ra_deg: Mapped[float]
    spin_axis_dec_deg: Mapped[float]

    kernel: Mapped[SpiceKernel] = relationship()
    repoint: Mapped[Repoint] = relationship()


class ReleaseFile(Base):
    """A science file that went out to the public with a numbered data release."""

    __tablename__ = "release_file"

    release_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    science_file_id: Mapped[int] = mapped_column(
        ForeignKey("science_file.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    released_at: Mapped[datetime] = mapped_column(server_default=func.now())

    science_file: Mapped[ScienceFile] = relationship()


class ProcessingJob(Base):
    """A run of an instrument's pipeline for one product; at most one of them runs at a time."""

    __tablename__ = "processing_job"
    __table_args__ = (
        Index(
            "uq_processing_job_active",
            "instrument",
            "data_level",
            "descriptor",
            "start_time",
            unique=True,
            postgresql_where=text("status = 'in_progress'"),
        ),
        UniqueConstraint("batch_job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    instrument: Mapped[Instrument]
    data_level: Mapped[DataLevel]
    descriptor: Mapped[str] = mapped_column(String(64))
    start_time: Mapped[datetime]
    status: Mapped[JobStatus] = mapped_column(server_default=text("'pending'"))
    batch_job_id: Mapped[str | None] = mapped_column(String(128))
    container_image: Mapped[str | None] = mapped_column(String(255))
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    submitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
