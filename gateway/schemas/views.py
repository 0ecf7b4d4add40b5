"""What can be seen and measured on one ECG."""

from enum import StrEnum
from typing import Annotated

from fastapi import Query
from pydantic import ConfigDict, Field

from gateway.schemas import Schema
from gateway.schemas.remarks import Remark


class ViewKind(StrEnum):
    """The five ways to look at an ECG."""

    RAW = "raw"
    QRS = "qrs"
    EVENTS = "events"
    MEDIAN_BEATS = "median-beats"
    ALIGNED = "aligned"


StartS = Annotated[float, Query(ge=0, le=1_000_000, description="Start of the window in seconds.")]
DurationS = Annotated[float, Query(ge=0, le=60, description="Length of the window in seconds; 0 takes 10.")]


class Signal(Schema):
    """One multi-lead signal."""

    leads: list[str]
    rate_hz: float
    samples: int = Field(description="Per lead.")
    data: list[list[float | None]] = Field(description="Millivolt, (leads, samples); null where nothing was recorded.")


class Beats(Schema):
    """Beats cut out of a signal around their R peaks."""

    leads: list[str]
    rate_hz: float
    peak_index: int = Field(description="Sample of the R peak within a beat.")
    data: list[list[list[float | None]]] = Field(description="Millivolt, (leads, beats, samples).")


class Wave(Schema):
    """One wave of one beat, as samples of the window."""

    kind: str = Field(description='"P", "QRS" or "T".')
    lead: str | None = Field(default=None, description="The lead it was found on; null where it holds for all.")
    onset: int | None = None
    peak: int | None = None
    offset: int | None = None


class View(Schema):
    """One view of one ECG; which parts are set depends on its kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "events",
                "record_id": "r-91c0",
                "start_s": 0.0,
                "heart_rate_bpm": 71.5,
                "remarks": [],
                "signal": {"leads": ["II"], "rate_hz": 500.0, "samples": 3, "data": [[0.01, 0.02, None]]},
                "beats": None,
                "r_peaks": [1],
                "waves": [{"kind": "QRS", "lead": None, "onset": 0, "peak": 1, "offset": 2}],
            }
        }
    )

    kind: ViewKind
    record_id: str
    start_s: float
    heart_rate_bpm: float | None = None
    remarks: list[Remark]
    signal: Signal | None = None
    beats: Beats | None = None
    beat_peak_index: int | None = Field(default=None, description="Sample of the R peak within a median beat.")
    r_peaks: list[int]
    waves: list[Wave]


class Measurement(Schema):
    """One measured value."""

    name: str
    value: float | None = None
    unit: str = Field(description="UCUM.")
    reason: str | None = Field(default=None, description="Why there is no value.")
    lead: str | None = Field(default=None, description="The lead it was measured on; null where it holds for all.")


class Measurements(Schema):
    """What is measured on one ECG."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "record_id": "r-91c0",
                "measurements": [{"name": "heart_rate", "value": 71.5, "unit": "/min", "reason": None, "lead": None}],
            }
        }
    )

    record_id: str
    measurements: list[Measurement]
