"""How good an ECG is: with its record in short, by itself in full."""

from enum import StrEnum

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.schemas import Schema
from gateway.schemas.remarks import Remark

_LEAD: JsonDict = {
    "lead": "V5",
    "flags": ["drift"],
    "is_lost": False,
    "missing_share": 0.0,
    "range_mv": 2.1,
    "flat_s": 0.3,
    "saturated_share": 0.0,
    "mains_mv": 0.002,
    "drift_mv": 0.82,
    "noise_mv": 0.004,
    "spikes": 0.0,
}
GRADED: JsonDict = {
    "grade": "usable",
    "reasons": [{"code": "drift", "text": "V5: the baseline wanders."}],
    "suspected_reversal": None,
    "pacing": "none",
}
SUMMARY: JsonDict = {**GRADED, "leads": [{"lead": "V5", "flags": ["drift"], "is_lost": False}]}


class Grade(StrEnum):
    """How good an ECG is as a whole."""

    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"
    UNUSABLE = "unusable"


class MinQuality(StrEnum):
    """The least grade that a model is asked about or learns from; "any" lets everything through."""

    ANY = "any"
    POOR = "poor"
    USABLE = "usable"
    GOOD = "good"


class Pacing(StrEnum):
    """Whether pacing spikes are there; below 500 Hz that is not judged."""

    SUSPECTED = "suspected"
    NONE = "none"
    NOT_JUDGED = "not_judged"


class Flag(StrEnum):
    """What is wrong with one lead."""

    MISSING = "missing"
    FLAT = "flat"
    SATURATED = "saturated"
    MAINS = "mains"
    DRIFT = "drift"
    NOISE = "noise"
    SPIKES = "spikes"


class FlaggedLead(Schema):
    """One lead with something wrong."""

    lead: str
    flags: list[Flag]
    is_lost: bool = Field(description="Whether a flag is so severe that the lead is of no use.")


class LeadQuality(FlaggedLead):
    """One lead with its indices."""

    model_config = ConfigDict(json_schema_extra={"example": _LEAD})

    missing_share: float = Field(description="Of the samples, 0 to 1.")
    range_mv: float = Field(description="Largest less smallest sample.")
    flat_s: float = Field(description="Longest still run.")
    saturated_share: float = Field(description="Samples at the lead's own extremes in runs, 0 to 1.")
    mains_mv: float | None = Field(description="The larger amplitude of 50 and 60 Hz; null where it cannot be told.")
    drift_mv: float = Field(description="Peak-to-peak movement of the baseline.")
    noise_mv: float = Field(description="Standard deviation.")
    spikes: float = Field(description="Per 10 s, without QRS complexes and pacing.")


class Graded(Schema):
    """The grade of an ECG and its reasons; nothing of an ECG is ever repaired."""

    grade: Grade
    reasons: list[Remark] = Field(description="Why it is no better, and what else its reader should know.")
    suspected_reversal: str | None = Field(description='Which electrodes seem interchanged, e.g. "RA/LA".')
    pacing: Pacing


class EcgQuality(Graded):
    """How good an ECG is as a whole."""

    model_config = ConfigDict(json_schema_extra={"example": GRADED})


class QualitySummary(Graded):
    """How good an ECG is, in short."""

    model_config = ConfigDict(json_schema_extra={"example": SUMMARY})

    leads: list[FlaggedLead] = Field(description="The leads with something wrong.")


class Quality(Graded):
    """How good an ECG is, in full."""

    leads: list[LeadQuality] = Field(description="Every lead.")
    residual_mv: float | None = Field(
        description="The most that III, aVR, aVL and aVF are off what I and II say; null where they are not all there."
    )
    judged_s: float = Field(description="How many seconds were judged; of a long recording, parts.")


class RecordQuality(Schema):
    """How good one stored ECG is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "record_id": "r-91c0",
                "quality": {**GRADED, "leads": [_LEAD], "residual_mv": 0.01, "judged_s": 10.0},
            }
        }
    )

    record_id: str
    quality: Quality | None = Field(description="Null of a record that came before quality was judged.")
