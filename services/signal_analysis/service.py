"""The use cases: one view of a record, and what is measured on it."""

from typing import Final

from services.shared.ecg import Recording
from services.shared.errors import TooLarge
from services.shared.identity import Caller
from services.shared.signals import recording
from services.signal_analysis.compute import Compute
from services.signal_analysis.engine.measuring import measure
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.ports import Records, Signals
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.views import MAKERS
from services.signal_analysis.window import MAX_DURATION_S, Stretch, cut

MAX_ROW_BYTES: Final = 512 << 20
"""The largest recording that is read into memory."""


class SignalAnalysis:
    """Looks at records of the caller's department."""

    def __init__(self, records: Records, signals: Signals, compute: Compute) -> None:
        self._records = records
        self._signals = signals
        self._compute = compute

    async def view(self, caller: Caller, record_id: str, kind: ViewKind, stretch: Stretch) -> View:
        """Return one view of a stretch of a record.

        Raises NotFound where the record is not the caller's, InvalidRequest where the stretch is not in it, TooLarge
        where it holds more than one answer carries.
        """
        whole = await self._read(caller, record_id)
        return await self._compute.run(lambda: MAKERS[kind](cut(whole, stretch)))

    async def measurements(self, caller: Caller, record_id: str) -> tuple[Measurement, ...]:
        """Return what is measured on the first minute of a record; raises NotFound where it is not the caller's."""
        whole = await self._read(caller, record_id)
        stretch = Stretch(duration_s=min(MAX_DURATION_S, whole.duration_s))
        return await self._compute.run(lambda: measure(cut(whole, stretch)))

    async def _read(self, caller: Caller, record_id: str) -> Recording:
        ref = await self._records.signal_of(caller, record_id)
        if ref.row_bytes > MAX_ROW_BYTES:
            raise TooLarge(
                f"A recording of {ref.row_bytes >> 20} MiB cannot be viewed: {MAX_ROW_BYTES >> 20} MiB are the most. "
                "Upload the part of interest as a recording of its own."
            )
        return recording(await self._signals.read(ref), ref)
