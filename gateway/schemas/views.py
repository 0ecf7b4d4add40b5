"""What can be seen and measured on one ECG."""

from enum import Enum, IntEnum, StrEnum
from typing import Annotated

from fastapi import Header
from pydantic import ConfigDict, Field

from gateway.schemas import RequestSchema, Schema
from gateway.schemas.remarks import Remark


class ViewKind(StrEnum):
    """The ways to look at an ECG."""

    RAW = "raw"
    QRS = "qrs"
    EVENTS = "events"
    MEDIAN_BEATS = "median-beats"
    ALIGNED = "aligned"
    REPRESENTATIVE_BEATS = "representative-beats"


class ViewFormat(StrEnum):
    """What a view is returned as."""

    JSON = "json"
    PNG = "png"
    PDF = "pdf"
    SVG = "svg"
    CSV = "csv"
    NPY = "npy"


class Layout(StrEnum):
    """How twelve leads lie on paper."""

    COLUMNS = "3x4"
    COLUMNS_AND_RHYTHM = "3x4-ii"
    HALVES = "6x2"
    ROWS = "12x1"
    CABRERA = "cabrera"


class Speed(IntEnum):
    """Millimetres per second."""

    USUAL = 25
    FAST = 50


class Gain(IntEnum):
    """Millimetres per millivolt."""

    HALF = 5
    USUAL = 10
    DOUBLE = 20


class Baseline(float, Enum):
    """Where a baseline filter begins, in hertz."""

    DIAGNOSTIC = 0.05
    STRONG = 0.5


class LowPass(IntEnum):
    """Where a low-pass ends, in hertz."""

    DIAGNOSTIC = 150
    STRONG = 40


class Mains(IntEnum):
    """The mains' frequency, in hertz."""

    EUROPE = 50
    AMERICA = 60


class ViewQuery(RequestSchema):
    """What a view is to show, and how it is to be returned."""

    start_s: float = Field(default=0.0, ge=0, le=1_000_000, description="Start of the window in seconds.")
    duration_s: float = Field(
        default=0.0, ge=0, le=60, description="Length of the window in seconds; 0 takes 10, the most that a page holds."
    )
    format: ViewFormat = Field(
        default=ViewFormat.JSON, description="json, npy and csv: the numbers; png, pdf and svg: paper of true size."
    )
    layout: Layout = Field(default=Layout.COLUMNS_AND_RHYTHM, description="Of the raw view on paper.")
    speed_mm_per_s: Speed = Field(
        default=Speed.USUAL, description="Of paper. Single beats are drawn at 50, QRS complexes at 100 mm/s."
    )
    gain_mm_per_mv: Gain = Field(default=Gain.USUAL, description="Of paper.")
    baseline_hz: Baseline | None = Field(
        default=None, description="Raw view only: remove baseline wander below this, with zero phase."
    )
    low_pass_hz: LowPass | None = Field(
        default=None, description="Raw view only: remove what is above this, with zero phase; 40 Hz is not diagnostic."
    )
    notch_hz: Mains | None = Field(default=None, description="Raw view only: remove mains interference.")


IfNoneMatch = Annotated[
    str, Header(max_length=1000, description="The ETag of the view that the caller has: 304 where it still stands.")
]


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
                "filter": "no filter",
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
    filter: str = Field(description='What was done to the signal, e.g. "no filter".')
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
