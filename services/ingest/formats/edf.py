"""EDF and EDF+: a header of text, then data records of 16-bit samples, a physical and a digital range per signal.

Physical value = physical minimum + (sample - digital minimum) x physical range / digital range, in the signal's unit.
https://www.edfplus.info/specs/edf.html, edfplus.html, edftexts.html (labels)
"""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.edf_claims import filters_of
from services.ingest.decoding.edf_header import ANNOTATIONS, EdfHeader, EdfSignal, is_edf, parse_edf
from services.ingest.decoding.leads import canonical, is_lead
from services.ingest.decoding.units import millivolt_per, ucum
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Acquisition, Scale
from services.shared.ecg import MAX_ABS_MV, Recording, Remark, Signal
from services.shared.errors import UnreadableFile

NAME = "edf"

ABOUT: Final = About(
    title="EDF and EDF+",
    reads="EDF and continuous EDF+, the signals that are ECG leads; minus signs in labels are turned",
    refuses="BDF, discontinuous EDF+, annotations alone, leads of unequal rates, signals without a unit of voltage",
    units="physical and digital range per signal, in its unit; a range beyond any amplifier is told, and gives way "
    "to a declared gain",
    rate="samples in a data record by its duration",
    proof=(
        "test_edf.py::test_ranges_and_units_give_gain_and_baseline",
        "test_real_files.py::test_edf_and_csv_of_one_recording_agree_where_the_gain_is_declared",
        "test_real_files.py::test_edf_of_annotations_alone_is_refused",
    ),
)

_KIND = re.compile(r"^(?:ECG|EKG)(?:[-_:]\s*|\s+[-_:]\s+|\s+)?(?:lead[\s_]+)?", re.IGNORECASE)
"""In "ECG-aVR" the dash is a separator, in "ECG -aVR" a sign."""
_REFERENCE = re.compile(r"[\s_]*-[\s_]*(?:REF|WCT)$", re.IGNORECASE)


def sniff(file: UploadedFile) -> bool:
    """Recognise the fixed header of text with its numbers."""
    return is_edf(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the ECG signals; other signals and annotations are left out, and those left out are named."""
    header = parse_edf(file.data, declaration)
    if header.is_discontinuous:
        raise UnreadableFile(
            "The EDF+ is discontinuous (EDF+D): there are gaps in it. Export it as EDF+C, or each part as a file."
        )
    remarks: list[Remark] = []
    chosen = _of_one_rate(_ecg(header, remarks), remarks)
    rate_hz = _rate(header, chosen[0])
    remarks += _range_remarks(chosen, declaration)
    signal = _millivolt(_raw(file.data, header, remarks), chosen, declaration)
    names = tuple(_lead(one.label) for one in chosen)
    acquisition = Acquisition(
        device=header.device,
        acquired_at=header.acquired_at,
        filters=filters_of(one.filters for one in chosen),
        scales=tuple(_stated_scale(name, one, declaration) for name, one in zip(names, chosen, strict=True)),
    )
    return assemble(Found(signal, names, rate_hz, tuple(remarks), header.subject, acquisition))


def _lead(label: str) -> str:
    """Return the lead of a label such as "ECG I", "EKG V1" or "ECG aVR-Ref"; else the label itself."""
    lead = _REFERENCE.sub("", _KIND.sub("", label))
    return lead if is_lead(lead) else label


def _is_ecg(label: str) -> bool:
    return bool(_KIND.match(label)) or is_lead(_lead(label))


def _ecg(header: EdfHeader, remarks: list[Remark]) -> list[EdfSignal]:
    """Return the signals that are ECG leads in a unit of voltage; raises UnreadableFile where there is none."""
    signals = [signal for signal in header.signals if signal.label != ANNOTATIONS]
    if not any(signal.per_record for signal in signals):
        raise UnreadableFile("The EDF holds annotations only, no signal; upload the recording that they belong to.")
    leads = [signal for signal in signals if _is_ecg(signal.label) and signal.per_record]
    if not leads:
        raise UnreadableFile(
            f"None of the signals {', '.join(signal.label for signal in signals)[:200]} is an ECG lead; "
            'labels such as "I", "ECG II" or "EKG V1" were expected.'
        )
    volts = [signal for signal in leads if millivolt_per(signal.unit) is not None]
    if not volts:
        raise UnreadableFile(
            f"The signal {leads[0].label} is in {leads[0].unit or 'no unit'}; "
            "a unit of voltage such as uV or mV was expected."
        )
    remarks += _left_out([signal for signal in signals if signal not in volts])
    return volts


def _left_out(others: list[EdfSignal]) -> Iterator[Remark]:
    if others:
        listed = ", ".join(signal.label or "unnamed" for signal in others)[:200]
        yield Remark("other_signals", f"{listed} are no ECG leads in a unit of voltage and were left out.")


def _of_one_rate(leads: list[EdfSignal], remarks: list[Remark]) -> list[EdfSignal]:
    """Return the leads that share the rate of the standard ones; raises UnreadableFile where these differ."""
    standard = [signal for signal in leads if canonical(_lead(signal.label))] or leads
    rates = {signal.per_record for signal in standard}
    if len(rates) > 1:
        listed = ", ".join(f"{signal.label} {signal.per_record}" for signal in standard)[:200]
        raise UnreadableFile(
            f"The leads of the EDF have different rates (samples in each data record: {listed}); "
            "export them with one rate."
        )
    chosen = [signal for signal in leads if signal.per_record in rates]
    if len(chosen) < len(leads):
        others = ", ".join(signal.label for signal in leads if signal not in chosen)[:200]
        remarks.append(Remark("other_rates", f"{others} have another rate than the standard leads: left out."))
    return chosen


def _rate(header: EdfHeader, lead: EdfSignal) -> float:
    if header.record_s <= 0:
        raise UnreadableFile(f"The data records of the EDF last {header.record_s} s: more than 0 were expected.")
    return float(Decimal(lead.per_record) / header.record_s)


def _raw(data: bytes, header: EdfHeader, remarks: list[Remark]) -> NDArray[np.int16]:
    """Return the samples as they are stored (data records, samples of all signals), a view of the file."""
    there = (len(data) - header.header_bytes) // (2 * header.per_record)
    records = header.records
    if records < 0:
        records = there
        remarks.append(Remark("inferred_length", f"The EDF states no length: all {there} data records were taken."))
    if not 0 < records <= there:
        raise UnreadableFile(
            f"The EDF announces {records} data records of {2 * header.per_record} bytes, {there} are there."
        )
    if records < there:
        remarks.append(Remark("trailing_bytes", "Bytes after the announced data records were left out."))
    return np.frombuffer(data, "<i2", records * header.per_record, header.header_bytes).reshape(records, -1)


def _millivolt(raw: NDArray[np.int16], leads: list[EdfSignal], declaration: Declaration) -> Signal:
    signal = np.empty((len(leads), len(raw) * leads[0].per_record), dtype=np.float32)
    for row, lead in enumerate(leads):
        factor, offset = _scale(lead)
        if declaration.gain_adu_per_mv is not None and _is_implausible(lead):
            factor, offset = 1 / declaration.gain_adu_per_mv, 0.0
        samples = raw[:, lead.offset : lead.offset + lead.per_record].reshape(-1)
        with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
            signal[row] = samples * factor + offset
    return signal


def _stated_scale(name: str, lead: EdfSignal, declaration: Declaration) -> Scale:
    """Return how a lead's digits became millivolt; negative where its physical range is upside down."""
    if declaration.gain_adu_per_mv is not None and _is_implausible(lead):
        return Scale(name, 1 / declaration.gain_adu_per_mv, "")
    (low, high), (least, most) = lead.physical, lead.digital
    return Scale(name, (high - low) / (most - least), ucum(lead.unit) or "")


def _scale(lead: EdfSignal) -> tuple[float, float]:
    """Return millivolt per digit, and the millivolt of a zero; a physical range may be upside down."""
    (low, high), (least, most) = lead.physical, lead.digital
    gain = (high - low) / (most - least) if most > least else 0.0
    if gain == 0 or not math.isfinite(gain):
        raise UnreadableFile(
            f"The signal {lead.label} spans {low:g} to {high:g} {lead.unit} in digits {least} to {most}: "
            "no gain follows from that."
        )
    unit = millivolt_per(lead.unit) or 1.0
    return gain * unit, (low - least * gain) * unit


def _is_implausible(lead: EdfSignal) -> bool:
    """Say whether no ECG amplifier has the stated range: writers put one there when they did not know the gain."""
    return abs(lead.physical[1] - lead.physical[0]) * (millivolt_per(lead.unit) or 1.0) >= 2 * MAX_ABS_MV


def _range_remarks(leads: list[EdfSignal], declaration: Declaration) -> Iterator[Remark]:
    wide = ", ".join(lead.label for lead in leads if _is_implausible(lead))[:200]
    gain = declaration.gain_adu_per_mv
    if wide and gain is not None:
        yield Remark(
            "placeholder_range",
            f"{wide}: the stated range of {MAX_ABS_MV:g} mV or more to either side is beyond any ECG amplifier, "
            f"so the declared {gain:g} units per mV were taken instead.",
        )
    elif wide:
        yield Remark(
            "implausible_range",
            f"{wide}: the stated range of {MAX_ABS_MV:g} mV or more to either side is beyond any ECG amplifier, "
            "so the stated gain may be wrong; declare gain_adu_per_mv, the units per millivolt, if it is known.",
        )
