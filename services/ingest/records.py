"""What ingest keeps: datasets, records and labels, and what it says of an upload."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from services.shared.acquisition import Acquisition
from services.shared.ecg import Recording, Remark
from services.shared.quality import Quality
from services.shared.signals import SignalRef

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list."""

    items: tuple[Item, ...]
    next_cursor: str
    """Empty at the end."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A department's collection of ECGs."""

    dataset_id: str
    tenant: str
    name: str
    version: int
    """Grows with every change of its records or labels."""
    records: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Label:
    """One label of one record."""

    name: str
    icd10: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """What a DICOM object calls itself (PS3.3 C.12.1)."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """A DICOM instance and the record that was made of it."""

    instance: Instance
    record_id: str
    patient: str | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Which instances are asked for; what is empty is not asked for."""

    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    patient: str = ""


class InstanceForm(StrEnum):
    """How an instance is told."""

    FILE = "file"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class NewRecord:
    """One ECG that was decoded and whose objects are written; the next transaction makes it a record."""

    record_id: str
    tenant: str
    dataset_id: str
    file_name: str
    format_name: str
    sha256: str
    """Of the original bytes; of several files, of the archive they are kept in."""
    signal: SignalRef
    remarks: tuple[Remark, ...]
    patient: str | None
    age_years: float | None
    sex: str | None
    acquisition: Acquisition
    created_at: datetime
    quality: Quality | None = None
    """None of records that came before it was judged."""
    parts: tuple[str, ...] = ()
    """The sha256 of each file it came from, where they were several."""


@dataclass(frozen=True, slots=True)
class Record(NewRecord):
    """One stored ECG with its labels."""

    labels: tuple[Label, ...] = ()


class Outcome(StrEnum):
    """What became of one file."""

    STORED = "stored"
    STORED_WITH_WARNINGS = "stored_with_warnings"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    COMPANION = "companion"
    UNPACKED = "unpacked"
    """An archive; its files have lines of their own."""
    LEFT_OUT = "left_out"
    """A file that an operating system left in an archive."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the ingest report."""

    file_name: str
    outcome: Outcome
    record: Record | None = None
    error_code: str = ""
    error_detail: str = ""
    instance: Instance | None = None
    """What the file calls itself, where it is a DICOM object that says so."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file that was read and not stored."""

    format_name: str
    recording: Recording
    """At most its first 60 s."""
    quality: Quality
    """Of the whole recording."""


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """What a dataset's labels are after they were replaced."""

    labelled_records: int
    unlabelled_records: int
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a dataset holds."""

    records: int
    unlabelled_records: int
    labels: dict[str, int]
    formats: dict[str, int]
    rates: dict[str, int]
    sexes: dict[str, int]
    grades: dict[str, int]
    """Records per grade of quality; "unknown" of records that came before it was judged."""
    patients: int
    shortest_s: float
    longest_s: float
