"""Stored ECGs."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.schemas import Schema
from gateway.schemas.paging import NEXT_CURSOR
from gateway.schemas.quality import SUMMARY, QualitySummary
from gateway.schemas.remarks import Remark

_RECORD: JsonDict = {
    "record_id": "r-91c0",
    "dataset_id": "d-7f3a",
    "file_name": "0001.csv",
    "format": "csv",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "leads": ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"],
    "samples": 5000,
    "rate_hz": 500.0,
    "duration_s": 10.0,
    "remarks": [{"code": "declared_rate", "text": "The rate of 500 Hz is the caller's."}],
    "labels": [{"name": "normal", "icd10": None}],
    "patient": None,
    "age_years": 61.0,
    "sex": "female",
    "acquisition": {
        "device": "GE MAC55",
        "acquired_at": "2026-01-05T08:12:00",
        "high_pass_hz": 0.05,
        "low_pass_hz": 150.0,
        "notch_hz": None,
        "scales": [{"lead": "I", "resolution": 4.88, "unit": "uV"}],
        "measurements": [{"name": "qrs_duration", "value": 96.0, "unit": "ms"}],
        "statements": ["Sinus rhythm"],
    },
    "quality": SUMMARY,
    "created_at": "2026-01-05T08:30:00Z",
}


class Label(Schema):
    """One label of one record."""

    name: str
    icd10: str | None = None


class LeadScale(Schema):
    """How the stored numbers of a lead became millivolt: one of them is so much of a unit."""

    lead: str
    resolution: float
    unit: str = Field(description='UCUM, e.g. "uV"; empty where millivolt were declared or assumed.')


class DeviceMeasurement(Schema):
    """One measurement as the device states it: its claim, not the platform's."""

    name: str = Field(description='E.g. "qrs_duration".')
    value: float
    unit: str = Field(description='UCUM, e.g. "ms".')


class Acquisition(Schema):
    """How an ECG was recorded, as far as its file says."""

    device: str | None = Field(default=None, description="Manufacturer and model.")
    acquired_at: str | None = Field(
        default=None, description="ISO 8601, in the device's local time where no zone is stated."
    )
    high_pass_hz: float | None = Field(default=None, description="As the device had filtered.")
    low_pass_hz: float | None = None
    notch_hz: float | None = None
    scales: list[LeadScale]
    measurements: list[DeviceMeasurement]
    statements: list[str] = Field(description="The device's interpretation, line by line.")


class Record(Schema):
    """One stored ECG."""

    model_config = ConfigDict(json_schema_extra={"example": _RECORD})

    record_id: str
    dataset_id: str
    file_name: str
    format: str = Field(description='The format that was read, e.g. "dicom".')
    sha256: str = Field(description="Of the original bytes.")
    leads: list[str]
    samples: int = Field(description="Per lead.")
    rate_hz: float
    duration_s: float
    remarks: list[Remark]
    labels: list[Label]
    patient: str | None = Field(default=None, description="A pseudonym.")
    age_years: float | None = None
    sex: str | None = None
    acquisition: Acquisition | None = Field(default=None, description="Null where the file says nothing of it.")
    quality: QualitySummary | None = Field(
        default=None, description="Null of a record that came before quality was judged."
    )
    created_at: datetime


class RecordPage(Schema):
    """Some of a dataset's records, in the order they came."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_RECORD], "next_cursor": None}})

    items: list[Record]
    next_cursor: str | None = Field(default=None, description=NEXT_CURSOR)


class SignalFormat(StrEnum):
    """What a signal can be downloaded as."""

    JSON = "json"
    NPY = "npy"
    CSV = "csv"
    WFDB = "wfdb"
    DICOM = "dicom"
    FHIR = "fhir"


SignalKind = Annotated[SignalFormat, Query(alias="format", description="What the signal is downloaded as.")]
RateHz = Annotated[
    float | None, Query(ge=10, le=100_000, description="Resample to this rate in hertz; absent keeps the native one.")
]
WithAnnotations = Annotated[
    bool, Query(description="Of DICOM: with the platform's measurements and waves as waveform annotations.")
]
