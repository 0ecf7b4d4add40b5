"""What a Philips SierraECG file says of how its ECG was recorded, and what the device and its readers say of it."""

from collections.abc import Iterator
from typing import Final

from services.ingest.decoding.claims import device, hertz, iso_time, measurement, measurements, statements
from services.ingest.decoding.safe_xml import Element
from services.shared.acquisition import Acquisition, DeviceMeasurement, Filters, Scale

_NAMES: Final = {
    "heart_rate": ("heartrate", "meanventrate"),
    "rr_interval": ("rrint", "meanrrint"),
    "p_duration": ("pdur",),
    "pr_interval": ("print", "meanprint"),
    "qrs_duration": ("qrsdur", "meanqrsdur"),
    "qt_interval": ("qtint", "meanqtint"),
    "qtc_interval": ("qtcb", "meanqtc", "qtcf"),
    "p_axis": ("pfrontaxis",),
    "qrs_axis": ("qrsfrontaxis",),
    "t_axis": ("tfrontaxis",),
}
_TABLES: Final = (
    ("interpretations", "interpretation", "globalmeasurements"),
    ("interpretations", "interpretation", "interpretationmeasurements"),
    ("measurements", "globalmeasurements"),
    ("internalmeasurements", "crossleadmeasurements"),
    ("measurements", "groupmeasurements", "groupmeasurement"),
    ("internalmeasurements", "groupmeasurements", "groupmeasurement"),
)
"""Where measurements stand, those of the report first; the first group of beats is the dominant one."""


def acquisition_of(root: Element, waves: Element, signals: Element, scales: tuple[Scale, ...]) -> Acquisition:
    """Return what is said of the ECG; of its waveforms, and of the characteristics of its signals."""
    taken, person = root.at("dataacquisition"), root.at("patient", "generalpatientdata", "name")
    return Acquisition(
        device=device("Philips", taken.text_of("machine")),
        acquired_at=iso_time(taken.attribute("date"), taken.attribute("time")),
        filters=_filters(waves, signals, root.at("reportinfo", "reportbandwidth")),
        scales=scales,
        measurements=_measurements(root),
        statements=statements(
            _lines(root.at("interpretations", "interpretation")),
            [person.text_of(part) for part in ("lastname", "firstname", "middlename")],
        ),
    )


def _measurements(root: Element) -> tuple[DeviceMeasurement, ...]:
    tables = [table for path in _TABLES if (table := root.find(*path))]
    return measurements(
        measurement(name, table.text_of(tag)) for table in tables for name, tags in _NAMES.items() for tag in tags
    )


def _lines(interpretation: Element) -> Iterator[str]:
    """Return statements with their reasons, and the severity; who confirmed them is not taken over."""
    for statement in interpretation.all("statement"):
        parts = (statement.text_of("leftstatement"), statement.text_of("rightstatement"))
        yield ", ".join(part for part in parts if part)
    yield interpretation.text_of("severity").strip("- ")


def _filters(waves: Element, signals: Element, report: Element) -> Filters:
    """Return the filters of the stored samples; those of the report are theirs only where they say so."""
    low, _, high = signals.text_of("signalbandwidth").partition("-")
    passed = report if waves.attribute("filterflag").lower() == "true" else Element.none()
    flag = waves.attribute("notchfiltered") or signals.text_of("notchfiltered")
    notch = waves.attribute("notchfilterfreqs") or signals.text_of("notchfilterfreqs") or signals.text_of("acsetting")
    return Filters(
        _first(waves.attribute("hipass"), signals.text_of("hipass"), passed.text_of("highpassfiltersetting"), low),
        _first(waves.attribute("lowpass"), signals.text_of("lowpass"), passed.text_of("lowpassfiltersetting"), high),
        _first(notch) if flag.lower() == "true" else _first(passed.text_of("notchfiltersetting")),
    )


def _first(*stated: str) -> float | None:
    return next((value for text in stated if (value := hertz(text)) is not None), None)
