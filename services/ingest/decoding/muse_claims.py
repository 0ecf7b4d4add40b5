"""What a MUSE file says of how its ECG was recorded, and what the device and its readers say of it."""

from collections.abc import Iterator
from typing import Final

from services.ingest.decoding.claims import device, hertz, iso_time, measurement, measurements, moment, statements
from services.ingest.decoding.digits import number_of
from services.ingest.decoding.safe_xml import Element
from services.shared.acquisition import Acquisition, DeviceMeasurement, Filters, Scale

_NAMES: Final = {
    "ventricularrate": "heart_rate",
    "printerval": "pr_interval",
    "qrsduration": "qrs_duration",
    "qtinterval": "qt_interval",
    "qtcorrected": "qtc_interval",
    "paxis": "p_axis",
    "raxis": "qrs_axis",
    "taxis": "t_axis",
}
_HIGH_PASS_PER_UNIT: Final = 0.01
"""A whole number says hundredths of a hertz: 16 is 0.16 Hz."""
_MONTHS: Final = 12
_DATE_PARTS: Final = 3


def acquisition_of(root: Element, waveform: Element, scales: tuple[Scale, ...]) -> Acquisition:
    """Return what is said of the ECG, and of one of its waveforms."""
    test, person = root.at("testdemographics"), root.at("patientdemographics")
    model = test.text_of("acquisitiondevice")
    return Acquisition(
        device=device("GE", model or "MUSE"),
        acquired_at=_time(test.text_of("acquisitiondate"), test.text_of("acquisitiontime")),
        filters=_filters(waveform),
        scales=scales,
        measurements=_measurements(root),
        statements=statements(
            _lines(root.find("diagnosis") or root.at("originaldiagnosis")),
            [person.text_of("patientlastname"), person.text_of("patientfirstname")],
        ),
    )


def _measurements(root: Element) -> tuple[DeviceMeasurement, ...]:
    """Return the measurements, edited before original; the P wave lies between its ends in the median beat."""
    tables = [root.at("restingecgmeasurements"), root.at("originalrestingecgmeasurements")]
    found = [measurement(name, table.text_of(tag)) for table in tables for tag, name in _NAMES.items()]
    found += [measurement("p_duration", _p_duration_ms(table)) for table in tables]
    return measurements([*found, measurement("rr_interval", root.text_of("qrstimestypes", "globalrr"))])


def _p_duration_ms(table: Element) -> float:
    onset, offset, rate = (number_of(table.text_of(tag)) for tag in ("ponset", "poffset", "ecgsamplebase"))
    exponent = number_of(table.text_of("ecgsampleexponent") or "0")
    if not onset or not offset or not rate or exponent != 0:
        return 0.0
    return (offset - onset) * 1000 / rate


def _lines(diagnosis: Element) -> Iterator[str]:
    """Return the lines of a diagnosis; one goes on over several statements until a flag ends it."""
    line: list[str] = []
    for statement in diagnosis.all("diagnosisstatement"):
        line.append(statement.text_of("stmttext"))
        if "ENDSLINE" in (flag.text.upper() for flag in statement.all("stmtflag")):
            yield " ".join(line)
            line = []
    yield " ".join(line)


def _filters(waveform: Element) -> Filters:
    high = waveform.text_of("highpassfilter")
    return Filters(
        high_pass_hz=hertz(high, per_unit=_HIGH_PASS_PER_UNIT if high.isdecimal() else 1.0),
        low_pass_hz=hertz(waveform.text_of("lowpassfilter")),
        notch_hz=hertz(waveform.text_of("acfilter")),
    )


def _time(date: str, time: str) -> str | None:
    """Return a time whose date is month-day-year, as MUSE writes it; day-month-year where it can be nothing else."""
    parts = date.replace("/", "-").replace(".", "-").split("-")
    if len(parts) != _DATE_PARTS or len(parts[0]) > 2:  # noqa: PLR2004 a year has four digits
        return iso_time(date, time)
    first, second, year = parts
    if first.isdecimal() and int(first) > _MONTHS:
        first, second = second, first
    return moment(year, first, second, *time.split(":")[:3])
