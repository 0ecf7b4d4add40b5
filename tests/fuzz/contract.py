"""What a reader owes every file: a sound recording or a sentence, in little time and memory, nothing else touched."""

import contextlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from services.ingest.catalog import acquisitions, qualities
from services.ingest.convert import decoded_to_pb
from services.ingest.decoding.statements import impersonal
from services.ingest.formats.base import MAX_DECODED_BYTES, Format, UploadedFile
from services.ingest.records import ReadFile
from services.shared.ecg import MAX_ABS_MV, Recording
from services.shared.errors import Internal, PlatformError
from services.shared.quality import assess_recording
from tests.fuzz.samples import Sample

MAX_SECONDS: Final = 2.0
MAX_GROWN_BYTES: Final = 2 * MAX_DECODED_BYTES
"""What a file of less than a mebibyte may cost in memory: what is inflated, and its samples once more in millivolt."""
MAX_DETAIL: Final = 1000
TRIES: Final = 3
"""How often a slow case is timed before it counts as slow: other processes share these processors."""
_FORBIDDEN: Final = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "pickle.", "urllib.", "ctypes.dlopen")
_OPENING: Final = ("open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    outcome: str
    """"read", "refused", or what the fault is called."""
    detail: str
    seconds: float
    grown_bytes: int

    @property
    def is_fault(self) -> bool:
        """Say whether the reader broke the contract."""
        return self.outcome not in {"read", "refused"}


class Watch:
    """Sees what is opened, run or unpickled while it looks; one for a process, since none can be taken away again."""

    def __init__(self) -> None:
        self._seen: list[str] | None = None
        roots = {sys.prefix, sys.base_prefix, tempfile.gettempdir(), os.path.dirname(os.__file__)}  # noqa: PTH120 for its text
        self._allowed = (*roots, *(path for path in sys.path if path), os.getcwd(), "/dev/null")  # noqa: PTH109 likewise
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def looking(self) -> Iterator[list[str]]:
        """Collect what is done that no reader may do."""
        seen: list[str] = []
        self._seen = seen
        try:
            yield seen
        finally:
            self._seen = None

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        seen = self._seen
        if seen is None:
            return
        if event.startswith(_FORBIDDEN):
            seen.append(event)
        elif event in _OPENING and isinstance(arguments[0], str | bytes) and not self._is_allowed(arguments[0]):
            seen.append(f"{event} {arguments[0]!r}")

    def _is_allowed(self, path: str | bytes) -> bool:
        return os.path.realpath(os.fsdecode(path)).startswith(self._allowed)


def judge(known: Format, sample: Sample, watch: Watch) -> Verdict:
    """Have a reader read a file as if it were of its format, whatever it is; a slow one again, to be sure of it."""
    verdict = _judged(known, sample, watch)
    for _ in range(TRIES - 1):
        if verdict.outcome != "slow":
            break
        verdict = _judged(known, sample, watch)
    return verdict


def _judged(known: Format, sample: Sample, watch: Watch) -> Verdict:
    peak = _peak_bytes()
    started = time.perf_counter()
    with watch.looking() as seen:
        outcome, detail = _outcome(known, sample)
    seconds, grown = time.perf_counter() - started, _peak_bytes() - peak
    if outcome in {"read", "refused"}:
        if seen:
            outcome, detail = "touched", "; ".join(seen)
        elif grown > MAX_GROWN_BYTES:
            outcome, detail = "greedy", f"{grown >> 20} MiB"
        elif seconds > MAX_SECONDS:
            outcome, detail = "slow", f"{seconds:.1f} s, {detail}"
    return Verdict(outcome, detail, seconds, grown)


def _outcome(known: Format, sample: Sample) -> tuple[str, str]:
    file: UploadedFile = sample.file
    try:
        known.sniff(file)
    except Exception as error:  # noqa: BLE001 whatever it is, it is a fault
        return f"sniff raised {type(error).__name__}", str(error)
    try:
        recording = known.read(file, sample.declaration)
    except Internal as error:
        return "raised Internal", error.detail
    except PlatformError as error:
        return _sentence(error.detail)
    except BaseException as error:  # noqa: BLE001 likewise, down to a library's own exit
        return f"raised {type(error).__name__}", f"{error} at {_place(error)}"
    outcome, detail = _soundness(recording)
    return (outcome, detail) if outcome != "read" else _afterlife(known.NAME, recording)


def _sentence(detail: str) -> tuple[str, str]:
    if len(detail) > MAX_DETAIL:
        return "long-winded", f"{len(detail)} characters: {detail[:100]}"
    if not _is_text(detail):
        return "unsayable", repr(detail)
    return "refused", detail


def _soundness(recording: Recording) -> tuple[str, str]:
    """Check what a recording promises."""
    largest = np.nanmax(np.abs(recording.signal), initial=0)
    if not largest <= 2 * MAX_ABS_MV:  # a derived lead is the difference of two
        return "absurd", f"{largest} mV"
    if recording.age_years is not None and not 0 <= recording.age_years <= 200:
        return "absurd", f"{recording.age_years} years"
    texts = [*recording.leads, *(f"{remark.code} {remark.text}" for remark in recording.remarks)]
    acquisition = asdict(recording.acquisition)
    texts += [recording.patient or "", recording.sex or "", *_texts_in(acquisition)]
    bad = [text for text in texts if not _is_text(text)]
    if bad:
        return "unsayable", repr(bad[0])
    return "read", ""


def _afterlife(name: str, found: Recording) -> tuple[str, str]:
    """Check that a recording can be judged, sent and stored."""
    try:
        recording = impersonal(found)
        datetime.fromisoformat(recording.acquisition.acquired_at or "2000-01-01")
        quality = assess_recording(recording)
        json.dumps([acquisitions.json_of(recording.acquisition), qualities.json_of(quality)], allow_nan=False)
        decoded_to_pb(ReadFile(name, recording, quality)).SerializeToString()
    except Exception as error:  # noqa: BLE001 whatever it is, the recording is lost on its way
        return f"cannot be kept: {type(error).__name__}", f"{error} at {_place(error)}"
    return "read", ""


def _texts_in(value: object) -> Iterator[str]:
    """Yield every text in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)


def _is_text(text: str) -> bool:
    """Say whether a text can be sent as UTF-8 and stored by a database, which takes no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
