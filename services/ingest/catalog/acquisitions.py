"""An acquisition as the JSON of a row, and back; pure."""

from dataclasses import asdict
from typing import Any

from services.shared.acquisition import NOT_STATED, Acquisition, DeviceMeasurement, Filters, Scale


def json_of(acquisition: Acquisition) -> dict[str, Any] | None:
    """Return what a row keeps of an acquisition; None where the file says nothing."""
    return None if acquisition == NOT_STATED else asdict(acquisition)


def acquisition_of(document: dict[str, Any] | None) -> Acquisition:
    """Return the acquisition of a row; a row of before there was one says nothing."""
    if document is None:
        return NOT_STATED
    return Acquisition(
        device=document["device"],
        acquired_at=document["acquired_at"],
        filters=Filters(**document["filters"]),
        scales=tuple(Scale(**scale) for scale in document["scales"]),
        measurements=tuple(DeviceMeasurement(**measurement) for measurement in document["measurements"]),
        statements=tuple(document["statements"]),
    )
