"""WFDB: a .hea header and the signal files it names (.dat, .mat, …), gain and baseline per signal.

Records of several segments are a header that names others. https://physionet.org/physiotools/wag/header-5.htm
"""

import re
from collections.abc import Iterable
from typing import Final

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import canonical
from services.ingest.decoding.subject import Subject, age_years, sex
from services.ingest.decoding.wfdb_header import Header, is_header, parse_header
from services.ingest.decoding.wfdb_record import read_record
from services.ingest.decoding.wfdb_segments import read_segments, segment_headers
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Acquisition, Scale
from services.shared.ecg import LEAD_LAYOUTS, Recording, Remark

NAME = "wfdb"

ABOUT: Final = About(
    title="WFDB, PhysioNet Challenge",
    reads="a header with its signal files in formats 8, 16, 24, 32, 61, 80, 160, 212, 310, 311 and FLAC 508, 516, "
    "524; `.mat` files of level 4; several segments, fixed and variable layout; headers that write the rate "
    "twice",
    refuses="names with folders, files that are missing or shorter than announced, signals of different rates, "
    "samples per bytes that no compression reaches",
    units="gain and baseline per signal, in its unit; where the header states no gain the declared, else 200 per mV, "
    "and told",
    rate="the header's; else declared, else the standard's 250 Hz, and told",
    proof=(
        "test_wfdb.py::test_what_the_library_writes_is_read_with_its_gains_and_baselines",
        "test_wfdb.py::test_a_header_cannot_reach_outside_the_upload",
        "test_real_files.py::test_ludb_is_read_as_the_reference_library_does",
        "test_real_files.py::test_every_challenge_record_is_read_with_the_gain_of_its_header",
    ),
)

DEFAULT_RATE_HZ: Final = 250.0
"""Where the header states none: the standard's."""
_COMMENT = re.compile(
    r"(?:^\W*|<)(age|sex|gender)\b\W{0,4}(?:\(?(?:in )?years?\)?\W{1,4})?([\w.]+(?:\s+(?:month|week|day)s?\b)?)",
    re.IGNORECASE,
)
_PATIENT = re.compile(r"(?:^\W*|<)(?:subject|patient)[_ ]?(?:id|no)\b\W{1,4}([\w.-]+)", re.IGNORECASE)
_AGE_AND_SEX = re.compile(r"\s*(\d{1,3})\s+([MF])\b")
"""As the comments of the MIT-BIH databases begin."""


def sniff(file: UploadedFile) -> bool:
    """Recognise a header by its record line and signal lines."""
    return is_header(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a header with its signal files and segments, which are the companions of the file."""
    header = parse_header(file.data, file.name)
    comments = header.comments
    if header.segments:
        headers = segment_headers(header, file.companions)
        record = read_segments(header, headers, file.companions, declaration.gain_adu_per_mv)
        comments = (*comments, *(comment for each in headers.values() for comment in each.comments))
    else:
        record = read_record(header, file.companions, declaration.gain_adu_per_mv)
    names, remarks = _names(record.names, declaration)
    rate_hz = header.rate_hz if header.rate_hz is not None else declaration.rate_hz or DEFAULT_RATE_HZ
    scales = (Scale(name, *scale) for name, scale in zip(names, record.resolutions, strict=True))
    return assemble(
        Found(
            record.signal,
            names,
            rate_hz * record.per_frame,
            (*record.remarks, *remarks, *_rate_remarks(header)),
            _subject(comments, declaration),
            Acquisition(acquired_at=header.started_at, scales=tuple(scale for scale in scales if scale.resolution)),
        )
    )


def _rate_remarks(header: Header) -> Iterable[Remark]:
    if header.rate_hz is None:
        yield Remark("default_rate", "The header states no rate: the declared one, or else the standard's, was taken.")
    if header.states_rate_twice:
        yield Remark(
            "repeated_rate", "The header states its rate twice; the number after that was taken for the length."
        )


def _names(names: tuple[str, ...], declaration: Declaration) -> tuple[tuple[str, ...], list[Remark]]:
    """Return lead names; those of a layout where the header names none and has as many signals."""
    layout = LEAD_LAYOUTS[declaration.lead_layout or "standard"]
    if any(map(canonical, names)) or len(names) != len(layout):
        return names, []
    if declaration.lead_layout:
        return layout, []
    return layout, [Remark("assumed_layout", "The header names no leads: the standard order was taken.")]


def _subject(comments: Iterable[str], declaration: Declaration) -> Subject:
    """Return what comments say of the person, whichever says it first; diagnoses are not ours to take."""
    found: dict[str, str] = {}
    for comment in comments:
        if match := _AGE_AND_SEX.match(comment):
            found.setdefault("age", match[1])
            found.setdefault("sex", match[2])
        for key, value in _COMMENT.findall(comment):
            found.setdefault("age" if key.lower() == "age" else "sex", value)
        if match := _PATIENT.search(comment):
            found.setdefault("patient", match[1])
    return Subject(
        age_years=age_years(found.get("age", "")),
        sex=sex(found.get("sex", "")),
        patient=declaration.pseudonym(found.get("patient")),
    )
