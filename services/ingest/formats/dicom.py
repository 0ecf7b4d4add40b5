"""DICOM waveforms (PS3.3 A.34, C.10.9): the rhythm of a 12-lead, general or ambulatory ECG, never the median beat.

The SOP class is not asked: devices write one and mean another. Groups that were recorded at the same time and hold
different leads are one recording; of several recordings, that with the most standard leads, then the longest, is read.
"""

from typing import Final

import numpy as np

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.dicom_channels import Group, Volts, volts_of
from services.ingest.decoding.dicom_claims import acquired_at, acquisition_of
from services.ingest.decoding.dicom_elements import DataSet, parse_dicom
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.scaling import DEFAULT_GAIN_ADU_PER_MV
from services.ingest.decoding.subject import Subject, age_years, sex, years_between
from services.ingest.formats.base import About, UploadedFile
from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import UnreadableFile

NAME = "dicom"

ABOUT: Final = About(
    title="DICOM waveforms",
    reads="12-Lead, General, Ambulatory and General 32-bit ECG, explicit and implicit VR, deflated; samples of 8, "
    "16 or 32 bits; leads by MDC or SCP-ECG code, or by text; groups of one time joined",
    refuses="a median beat alone, companded samples, channels or samples announced and not there, lead names that "
    "occur twice, other objects",
    units="sensitivity × correction + baseline, per channel, in its unit of voltage; 1000 per mV where a channel "
    "states no sensitivity, and told",
    rate="sampling frequency of the group",
    proof=(
        "test_dicom.py::test_sensitivity_correction_baseline_and_unit_are_used",
        "test_real_files.py::test_dicom_el250",
        "test_real_files.py::test_dicom_implicit_vr_with_a_padding_value_of_zero",
    ),
)
MAX_INFLATED_BYTES: Final = 64 << 20
"""What a deflated object may grow to."""

_MAGIC_AT: Final = 128
_MAGIC: Final = b"DICM"
_WITHOUT_PREAMBLE: Final = (b"\x08\x00", b"\x02\x00")
_FIRST_TYPES: Final = frozenset({b"UL", b"CS", b"UI", b"DA", b"TM", b"DT", b"SH", b"LO", b"IS", b"OB"})
_GROUP_LENGTH_BYTES: Final = 4
_MAX_UID: Final = 64
_MODALITY: Final = 0x00080060
_PATIENT_ID: Final = 0x00100020
_BIRTH_DATE: Final = 0x00100030
_SEX: Final = 0x00100040
_AGE: Final = 0x00101010
_WAVEFORMS: Final = 0x54000100


def sniff(file: UploadedFile) -> bool:
    """Recognise the magic bytes after the preamble, or a data set that begins without one."""
    data = file.data
    return data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC or _begins_bare(data)


def _begins_bare(data: bytes) -> bool:
    """Say whether the first element is one that objects begin with: two samples alone may look like its tag."""
    if not data.startswith(_WITHOUT_PREAMBLE) or data[3:4] != b"\0":
        return False
    if data[4:6] in _FIRST_TYPES:
        return True
    length = int.from_bytes(data[4:8], "little")
    if data[2:4] == b"\0\0":
        return length == _GROUP_LENGTH_BYTES
    value = data[8 : 8 + length]
    return 0 < length <= _MAX_UID and length % 2 == 0 and value.strip(b" \0").decode("latin-1").isprintable()


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the rhythm group of a waveform object, or the groups that make it up."""
    dataset = parse_dicom(file.data, MAX_INFLATED_BYTES)
    groups = [Group(item) for item in dataset.items(_WAVEFORMS)]
    if not groups:
        kind = quoted(dataset.text(_MODALITY), 16) or "unknown"
        raise UnreadableFile(f"The DICOM object holds no waveform (modality {kind}); a 12-lead ECG was expected.")
    originals = [group for group in groups if not group.is_beat]
    if not originals:
        raise UnreadableFile("The DICOM object holds a median beat only; the rhythm recording was expected.")
    chosen = _rhythm(originals)
    remarks = _told_of(chosen, originals)
    gain = declaration.gain_adu_per_mv or DEFAULT_GAIN_ADU_PER_MV
    parts = [_part(group, gain, remarks) for group in chosen]
    names = tuple(each.stated.lead for _, volts in parts for each in volts)
    scales = tuple(each.stated for _, volts in parts for each in volts)
    channels = [channel for group in chosen for channel in group.channels]
    return assemble(
        Found(
            np.concatenate([signal for signal, _ in parts]) if len(parts) > 1 else parts[0][0],
            names,
            chosen[0].rate_hz,
            tuple(dict.fromkeys(remarks)),
            _subject(dataset, declaration),
            acquisition_of(dataset, channels, scales),
        )
    )


def _rhythm(originals: list[Group]) -> list[Group]:
    """Return the groups of one recording: those of one time that together hold the most leads, the longest of them."""
    together: dict[tuple[float, int, float], list[list[Group]]] = {}
    for group in originals:
        sets = together.setdefault(group.clock, [])
        fitting = next(
            (one for one in sets if not {*group.names} & {name for each in one for name in each.names}), None
        )
        if fitting is None:
            sets.append([group])
        else:
            fitting.append(group)
    candidates = [one for sets in together.values() for one in sets]
    return max(candidates, key=lambda one: (sum(group.standard for group in one), one[0].duration_s))


def _told_of(chosen: list[Group], originals: list[Group]) -> list[Remark]:
    remarks = []
    if len(chosen) > 1:
        remarks.append(
            Remark("groups_joined", f"{len(chosen)} multiplex groups of the same time were read as one recording.")
        )
    others = len(originals) - len(chosen)
    if others:
        remarks.append(
            Remark("other_signals", f"{others} other multiplex groups were not read: only one recording was.")
        )
    return remarks + [skew for group in chosen if (skew := group.skew())]


def _part(group: Group, gain: float, remarks: list[Remark]) -> tuple[Signal, list[Volts]]:
    """Return the leads of a group in millivolt, and their scales."""
    raw, padding = group.raw(), group.padding()
    stated = [volts_of(channel, name, gain) for channel, name in zip(group.channels, group.names, strict=True)]
    rows = [row for row, each in enumerate(stated) if each is not None]
    volts = [each for each in stated if each is not None]
    if not volts:
        raise UnreadableFile("No channel of the waveform is a voltage; an ECG in units such as uV or mV was expected.")
    if len(volts) < len(stated):
        left = ", ".join(name for name, each in zip(group.names, stated, strict=True) if each is None)
        remarks.append(Remark("other_channels", f"{left[:200]} were left out: they are no voltages."))
    if any(each.is_assumed for each in volts):
        remarks.append(Remark("default_gain", f"A channel states no sensitivity: {gain:g} units per mV were taken."))
    signal = np.empty((len(rows), group.samples), dtype=np.float32)
    for at, (row, each) in enumerate(zip(rows, volts, strict=True)):
        with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
            signal[at] = raw[row] * each.per_unit_mv + each.zero_mv
        if padding is not None:
            signal[at][raw[row] == padding] = np.nan
    return signal, volts


def _subject(dataset: DataSet, declaration: Declaration) -> Subject:
    stated = age_years(dataset.text(_AGE))
    born = dataset.text(_BIRTH_DATE)
    return Subject(
        age_years=stated if stated is not None else years_between(born, (acquired_at(dataset) or "").replace("-", "")),
        sex=sex(dataset.text(_SEX)),
        patient=declaration.pseudonym(dataset.text(_PATIENT_ID)),
    )
