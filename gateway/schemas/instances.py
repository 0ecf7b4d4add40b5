"""DICOM instances, and their places on the web."""

from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import ConfigDict, Field

from gateway.schemas import Schema

UID_PATTERN: Final = r"^[0-9.]{1,64}$"
_FILTER: Final = r"^[0-9.]{0,64}$"
MAX_FOUND: Final = 1000

StudyUid = Annotated[str, Path(pattern=UID_PATTERN, description="Study Instance UID.", examples=["1.2.826.0.1.7"])]
SeriesUid = Annotated[str, Path(pattern=UID_PATTERN, description="Series Instance UID.", examples=["1.2.826.0.1.7.1"])]
SopUid = Annotated[str, Path(pattern=UID_PATTERN, description="SOP Instance UID.", examples=["1.2.826.0.1.7.1.1"])]
StudyMatch = Annotated[str, Query(alias="StudyInstanceUID", pattern=_FILTER, description="Of this study.")]
SeriesMatch = Annotated[str, Query(alias="SeriesInstanceUID", pattern=_FILTER, description="Of this series.")]
SopMatch = Annotated[str, Query(alias="SOPInstanceUID", pattern=_FILTER, description="This instance.")]
PatientMatch = Annotated[
    str, Query(alias="PatientID", max_length=64, description="Of this patient: the pseudonym that records tell.")
]
Found = Annotated[int, Query(ge=1, le=MAX_FOUND, description="At most this many.")]
Offset = Annotated[int, Query(ge=0, le=100_000, description="Leave out this many at the beginning.")]
IntoDataset = Annotated[
    str,
    Query(
        alias="dataset_id",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$",
        description="Where they go; absent, into the department's dataset for DICOM, made on first use.",
    ),
]


class Instance(Schema):
    """What a DICOM object calls itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "study_uid": "1.2.826.0.1.7",
                "series_uid": "1.2.826.0.1.7.1",
                "sop_uid": "1.2.826.0.1.7.1.1",
                "sop_class_uid": "1.2.840.10008.5.1.4.1.1.9.1.1",
            }
        }
    )

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str


class StoredInstance(Schema):
    """An instance and the record that was made of it."""

    instance: Instance
    record_id: str
    patient: str | None
    sex: str


class InstanceQuery(Schema):
    """Which instances are asked for; what is empty is not asked for."""

    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    patient: str = ""


class Attribute(Schema):
    """One attribute of a data set in DICOM JSON (PS3.18 F.2)."""

    vr: str = Field(description="Value representation.")
    Value: list[Any] = Field(default=[], description="Values; data sets where it is a sequence.")


_STORED: Final = {
    "00081190": {"vr": "UR", "Value": ["https://ecg.example/dicomweb/studies/1.2.826.0.1.7"]},
    "00081199": {
        "vr": "SQ",
        "Value": [
            {
                "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.9.1.1"]},
                "00081155": {"vr": "UI", "Value": ["1.2.826.0.1.7.1.1"]},
            }
        ],
    },
}
STORED_ANSWER: Final[dict[str, Any]] = {
    "schema": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Attribute"}},
    "example": _STORED,
}
"""What became of the instances sent: Referenced, Failed and Other Failures Sequence (PS3.18 I.2)."""
DATA_SETS: Final[dict[str, Any]] = {
    "schema": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Attribute"}},
    },
    "example": [{"0020000D": {"vr": "UI", "Value": ["1.2.826.0.1.7"]}}],
}
"""A list of data sets."""
