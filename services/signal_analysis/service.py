"""The use cases: one view of a record, as arrays or as a file, and what is measured on it."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar

from services.shared.caching import ShortMemory
from services.shared.errors import InvalidRequest
from services.shared.identity import Caller
from services.signal_analysis.compute import Compute
from services.signal_analysis.filters import UNFILTERED, Filters, cut_filtered
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.measuring import ENGINE_VERSION, measure_recording
from services.signal_analysis.paper.drawing import Subject
from services.signal_analysis.ports import Known, Records, Signals
from services.signal_analysis.reading import read_whole
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.view_file import Form, ViewFile, written
from services.signal_analysis.views import MAKERS
from services.signal_analysis.window import FIRST, Stretch

VIEWS_VERSION: Final = "2"
"""To be raised with every change of what a view holds or how it is drawn; ENGINE_VERSION is for what is measured."""
ETAG_CHARS: Final = 32
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Look:
    """Which view of a record is asked for."""

    kind: ViewKind
    stretch: Stretch = FIRST
    filters: Filters = UNFILTERED

    def __post_init__(self) -> None:
        if self.filters and self.kind is not ViewKind.RAW:
            raise InvalidRequest(f"Filters are for the view 'raw'; '{self.kind}' takes none.")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Made]):
    """What was asked for, or that the caller has it already."""

    etag: str
    """Changes with what it was made of, how it is made, and what was asked."""
    made: Made | None
    """None where the caller named this etag."""


class SignalAnalysis:
    """Looks at records of the caller's department."""

    def __init__(self, records: Records, signals: Signals, compute: Compute, kept: ShortMemory[Any]) -> None:
        self._records = records
        self._signals = signals
        self._compute = compute
        self._kept = kept

    async def view(self, caller: Caller, record_id: str, look: Look, *, known_etag: str = "") -> Answer[View]:
        """Return one view of a stretch of a record.

        Raises NotFound where the record is not the caller's, InvalidRequest where the stretch is not in it, TooLarge
        where it holds more than one answer carries.
        """
        known = await self._records.known(caller, record_id)
        etag = _etag(caller, record_id, known, look)
        if etag == known_etag:
            return Answer(etag, None)
        return Answer(etag, await self._viewed(known, look, etag))

    async def file(
        self, caller: Caller, record_id: str, look: Look, form: Form, *, known_etag: str = ""
    ) -> Answer[ViewFile]:
        """Return one view as a file; raises as `view` does, and InvalidRequest where the file cannot hold it."""
        known = await self._records.known(caller, record_id)
        form.check(look.kind, look.stretch)
        etag = _etag(caller, record_id, known, look, form)
        if etag == known_etag:
            return Answer(etag, None)
        made: ViewFile | None = self._kept.get(etag)
        if made is None:
            view = await self._viewed(known, look, _etag(caller, record_id, known, look))
            duration_s = known.signal.samples / known.signal.rate_hz
            subject = Subject(record_id, known.recorded, duration_s, known.device_filter)
            made = await self._compute.run(lambda: written(view, subject, form))
            self._kept.put(etag, made, len(made.data))
        return Answer(etag, made)

    async def _viewed(self, known: Known, look: Look, etag: str) -> View:
        kept: View | None = self._kept.get(etag)
        if kept is None:
            whole = await read_whole(self._signals, known.signal)
            kept = await self._compute.run(lambda: MAKERS[look.kind](cut_filtered(whole, look.stretch, look.filters)))
            self._kept.put(etag, kept, kept.nbytes)
        return kept

    async def measurements(self, caller: Caller, record_id: str) -> tuple[Measurement, ...]:
        """Return what is measured on the first minute of a record; raises NotFound where it is not the caller's."""
        whole = await read_whole(self._signals, (await self._records.known(caller, record_id)).signal)
        return await self._compute.run(lambda: measure_recording(whole))


def _etag(caller: Caller, record_id: str, known: Known, *asked: object) -> str:
    """Return a name for what is made of this signal of this department in this way."""
    parts = (VIEWS_VERSION, ENGINE_VERSION, caller.tenant, record_id, known, *asked)
    return sha256(repr(parts).encode()).hexdigest()[:ETAG_CHARS]
