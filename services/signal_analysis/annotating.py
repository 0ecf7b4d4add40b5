"""What is measured on one record, for other files and other systems."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.signal_analysis.compute import Compute
from services.signal_analysis.fhir import MEDIA_TYPE, SUFFIX, Study, written
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.measuring import PlacedWave
from services.signal_analysis.ports import Signals
from services.signal_analysis.reading import read_whole
from services.signal_analysis.result_file import ResultFile

FHIR: Final = "fhir"


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is measured on a record, and where its waves lie."""

    measurements: tuple[Measurement, ...]
    waves: tuple[PlacedWave, ...]
    source: str


class Studies(Protocol):
    """Knows records."""

    async def study(self, caller: Caller, record_id: str) -> tuple[Study, SignalRef]:
        """Return what a report says of a record, and where its signal lies; raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """How recordings are measured, and which version does it."""

    version: str
    measure: Callable[[Recording], tuple[Measurement, ...]]
    annotate: Callable[[Recording], tuple[tuple[Measurement, ...], tuple[PlacedWave, ...]]]
    """What is measured, and the waves it was measured on, found once for both."""


class Annotator:
    """Measures single records for whoever writes files of them."""

    def __init__(self, studies: Studies, signals: Signals, compute: Compute, engine: Engine) -> None:
        self._studies = studies
        self._signals = signals
        self._compute = compute
        self._engine = engine

    async def annotate(self, caller: Caller, record_id: str) -> Annotations:
        """Return what is measured on a record and where its waves lie; raises NotFound or TooLarge."""
        _, whole = await self._read(caller, record_id)
        measured, waves = await self._compute.run(lambda: self._engine.annotate(whole))
        return Annotations(measured, waves, f"Einthoven {self._engine.version}")

    async def export(self, caller: Caller, record_id: str, form: str) -> ResultFile:
        """Return what is measured on a record as a file; raises NotFound, TooLarge or InvalidRequest."""
        if form != FHIR:
            raise InvalidRequest(f"Measurements are no file of the format {form[:40]!r}. Choose {FHIR}.")
        study, whole = await self._read(caller, record_id)
        measured = await self._compute.run(lambda: self._engine.measure(whole))
        return ResultFile(record_id + SUFFIX, MEDIA_TYPE, written(study, measured, self._engine.version))

    async def _read(self, caller: Caller, record_id: str) -> tuple[Study, Recording]:
        study, ref = await self._studies.study(caller, record_id)
        return study, await read_whole(self._signals, ref)
