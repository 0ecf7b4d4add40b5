"""What a DICOM waveform object says of how its ECG was recorded, and what its annotations say of it."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.ingest.decoding.claims import compact_time, device, hertz, measurement, measurements, statements
from services.ingest.decoding.dicom_elements import DataSet
from services.shared.acquisition import Acquisition, DeviceMeasurement, Filters, Scale

CODE_VALUE: Final = 0x00080100
CODE_MEANING: Final = 0x00080104
_MAKER: Final = 0x00080070
_MODEL: Final = 0x00081090
_TIME: Final = 0x0008002A
_DATES_AND_TIMES: Final = ((0x00080022, 0x00080032), (0x00080023, 0x00080033), (0x00080020, 0x00080030))
"""Of the acquisition, of the content, of the study."""
_ZONE: Final = 0x00080201
_PEOPLE: Final = (0x00100010, 0x00080090, 0x00081050, 0x00081060, 0x00081070)
"""The patient; referring, performing, reading, operating."""
_HIGH_PASS: Final = 0x003A0220
_LOW_PASS: Final = 0x003A0221
_NOTCH: Final = 0x003A0222
_ANNOTATIONS: Final = 0x0040B020
_MAX_ANNOTATIONS: Final = 2000
"""What holds for the whole ECG comes before what marks each of the beats of a day."""
_CONCEPT: Final = 0x0040A043
_CONCEPT_CODE: Final = 0x0040A168
_CHANNELS: Final = 0x0040A0B0
_RANGE: Final = 0x0040A130
_NUMERIC: Final = 0x0040A30A
_FLOATING: Final = 0x0040A161
_UNITS: Final = 0x004008EA
_TEXT: Final = 0x00700006
_NAMES: Final = {
    "5.10.2.1-3": "rr_interval", "5.13.5-7": "pr_interval", "5.13.5-9": "qrs_duration", "5.13.5-11": "qt_interval",
    "5.10.2.5-5": "qtc_interval", "5.10.3-11": "p_axis", "5.10.3-13": "qrs_axis", "5.10.3-15": "t_axis",
    "2:16770": "heart_rate", "2:16168": "rr_interval", "2:16000": "rr_interval", "2:16184": "p_duration",
    "2:15872": "pr_interval", "2:16144": "pr_interval", "2:16156": "qrs_duration", "2:16160": "qt_interval",
    "2:15876": "qtc_interval", "2:15880": "qtc_interval", "2:15892": "qtc_interval", "2:16128": "p_axis",
    "2:16132": "qrs_axis", "2:16136": "t_axis",
}  # fmt: skip
"""Codes of SCP-ECG (EN 1064), as older objects have them, and of MDC (PS3.16, CID 3227, 3228, 3229)."""
_MEANINGS: Final = {
    "ventricular rate": "heart_rate", "heart rate": "heart_rate", "ventricular heart rate": "heart_rate",
    "rr interval": "rr_interval", "p duration": "p_duration", "pr interval": "pr_interval",
    "pq interval": "pr_interval", "qrs duration": "qrs_duration", "qt interval": "qt_interval",
    "qtc interval": "qtc_interval", "p axis": "p_axis", "qrs axis": "qrs_axis", "t axis": "t_axis",
}  # fmt: skip
"""What vendors with codes of their own write beside them."""


def acquisition_of(dataset: DataSet, channels: Sequence[DataSet], scales: tuple[Scale, ...]) -> Acquisition:
    """Return what is said of the ECG, and of the channels of its rhythm."""
    annotations = dataset.items(_ANNOTATIONS, _MAX_ANNOTATIONS)
    parts = (part for part in (dataset.text(_MAKER), dataset.text(_MODEL)) if part.lower() != "unknown")
    return Acquisition(
        device=device(*parts),
        acquired_at=acquired_at(dataset),
        filters=Filters(*(_common(channels, tag) for tag in (_HIGH_PASS, _LOW_PASS, _NOTCH))),
        scales=scales,
        measurements=measurements(_claimed(each) for each in annotations),
        statements=statements(_stated(annotations), [dataset.text(tag) for tag in _PEOPLE]),
    )


def acquired_at(dataset: DataSet) -> str | None:
    """Return when the ECG was recorded, in ISO 8601."""
    texts = [dataset.text(_TIME), *(dataset.text(date) + dataset.text(time) for date, time in _DATES_AND_TIMES)]
    zone = dataset.text(_ZONE)
    for text in texts:
        found = (compact_time(text + zone) if zone else None) or compact_time(text)
        if found:
            return found
    return None


def _common(channels: Sequence[DataSet], tag: int) -> float | None:
    """Return the frequency that all channels state."""
    stated = {hertz(channel.number(tag)) for channel in channels}
    return stated.pop() if len(stated) == 1 else None


def _claimed(annotation: DataSet) -> DeviceMeasurement | None:
    value = annotation.number(_NUMERIC)
    if value is None:
        value = annotation.number(_FLOATING, "d")
    if value is None or _is_of_one_channel(annotation):
        return None
    concept, unit = annotation.first(_CONCEPT), annotation.first(_UNITS)
    if concept is None:
        return None
    name = _NAMES.get(concept.text(CODE_VALUE)) or _MEANINGS.get(concept.text(CODE_MEANING).lower())
    return measurement(name, value, unit.text(CODE_VALUE) if unit else "") if name else None


def _is_of_one_channel(annotation: DataSet) -> bool:
    """Say whether an annotation names a channel; channel 0 of a group is all of them."""
    return any(annotation.numbers(_CHANNELS, "H")[1::2])


def _stated(annotations: Sequence[DataSet]) -> Iterator[str]:
    """Return texts, and coded findings; what marks a place in the signal is neither."""
    for annotation in annotations:
        if _TEXT in annotation:
            yield annotation.text(_TEXT)
        elif _CONCEPT_CODE in annotation and _RANGE not in annotation:
            finding = annotation.first(_CONCEPT_CODE)
            yield finding.text(CODE_MEANING) if finding else ""
