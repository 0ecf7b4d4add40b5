"""Waveform annotations of DICOM (PS3.3 C.10.10): global measurements and waves, coded as PS3.16 has it.

Measurements are those of TID 3713 (ECG global measurements: CID 3227 to 3229), waves of CID 3335. Channel 0 of a group
stands for all of its channels; positions count from 1.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.ingest.exporting.annotations import Annotations, Value, Wave

_OWN: Final = "99EINTHOVEN"
_GROUP: Final = 1
_ALL_CHANNELS: Final = 0
_CODE_CHARACTERS: Final = 16
_NUMBER_CHARACTERS: Final = 16
_TEXT_CHARACTERS: Final = 64
_VALUES: Final = {
    "heart_rate": ("2:16770", "Heart rate"),
    "rr_mean": ("2:16168", "RR interval global"),
    "p_duration": ("2:16184", "P duration global"),
    "pr_interval": ("2:15872", "PR interval global"),
    "qrs_duration": ("2:16156", "QRS duration global"),
    "qt_interval": ("2:16160", "QT interval global"),
    "qtc_bazett": ("2:15880", "QTc global using Bazett formula"),
    "qtc_fridericia": ("2:15892", "QTc global using Fredericia formula"),
    "p_axis": ("2:16128", "P Axis"),
    "qrs_axis": ("2:16132", "QRS axis"),
    "t_axis": ("2:16136", "T axis"),
}
"""Meanings as PS3.16 spells them. Two formulas of QTc share a code there, so that the others have one of ours."""
_WAVES: Final = {
    "P": ("10:256", "P wave"),
    "QRS": ("10:1600", "Entire QRS (excluding P, T and U)"),
    "T": ("10:1024", "T wave"),
}
_UNITS: Final = {"ms": "millisecond", "/min": "per minute", "deg": "degree", "mV": "millivolt", "1": "no units"}


def items_of(annotations: Annotations, samples: int) -> list[Any]:
    """Return the items of a Waveform Annotation Sequence (pydicom.Dataset) for a group of so many samples."""
    return [
        _said(f"Measured by {annotations.source or 'software'}; research use, no medical device"),
        *(_measurement(value) for value in annotations.values),
        *_waves(annotations.waves, samples),
    ]


def _said(text: str) -> Any:
    item = _item()
    item.UnformattedTextValue = text
    return item


def _measurement(value: Value) -> Any:
    item = _item()
    item.ConceptNameCodeSequence = [_name(value.name)]
    item.NumericValue = f"{value.value:.6g}"[:_NUMBER_CHARACTERS]
    unit = value.unit or "1"
    item.MeasurementUnitsCodeSequence = [_code(unit, "UCUM", _UNITS.get(unit, unit))]
    return item


def _name(name: str) -> Any:
    if name in _VALUES:
        code, meaning = _VALUES[name]
        return _code(code, "MDC", meaning)
    return _code(name.upper()[:_CODE_CHARACTERS], _OWN, name.replace("_", " ")[:_TEXT_CHARACTERS])


def _waves(waves: tuple[Wave, ...], samples: int) -> Iterator[Any]:
    """Yield one item per kind of wave, with the first and the last sample of each of them."""
    for kind, (code, meaning) in _WAVES.items():
        within = [wave for wave in waves if wave.kind == kind and 0 <= wave.onset < wave.offset < samples]
        if within:
            item = _item()
            item.ConceptNameCodeSequence = [_code(code, "MDC", meaning)]
            item.TemporalRangeType = "SEGMENT" if len(within) == 1 else "MULTISEGMENT"
            item.ReferencedSamplePositions = [at + 1 for wave in within for at in (wave.onset, wave.offset)]
            yield item


def _item() -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 a heavy import that not every process needs

    item = Dataset()
    item.ReferencedWaveformChannels = [_GROUP, _ALL_CHANNELS]
    item.AnnotationGroupNumber = 0
    return item


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
