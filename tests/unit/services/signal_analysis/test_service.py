"""The use cases, with records and signals that lie in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.errors import InvalidRequest, NotFound, TooLarge
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.signal_analysis.compute import Compute
from services.signal_analysis.service import SignalAnalysis
from services.signal_analysis.view import ViewKind
from services.signal_analysis.window import Stretch, Window

ANNA = Caller("cardiology", "anna")
REF = SignalRef("signals/cardiology/d/1.npy", 0, STANDARD_LEADS, 15_000, 500.0)


class OneRecord:
    """Knows record "r" of cardiology, and reads its signal."""

    def __init__(self, signal: Signal, ref: SignalRef = REF) -> None:
        self.ref = ref
        self._signal = signal

    async def signal_of(self, caller: Caller, record_id: str) -> SignalRef:
        if (caller.tenant, record_id) != ("cardiology", "r"):
            raise NotFound(f"There is no record {record_id!r}.")
        return self.ref

    async def read(self, ref: SignalRef) -> Signal:
        return self._signal


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    compute = Compute()
    yield compute
    await compute.close()


@pytest.fixture
def record(make_window: Callable[..., Window]) -> OneRecord:
    return OneRecord(make_window(duration_s=30.0).signal)


async def test_a_view_shows_the_stretch_asked_for(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute)

    view = await service.view(ANNA, "r", ViewKind.RAW, Stretch(start_s=12, duration_s=5))

    assert view.start_s == 12
    assert view.signal is not None
    assert view.signal.shape == (12, 2500)


async def test_the_heart_rate_is_measured_on_the_whole_recording(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute)

    heart_rate, *_ = await service.measurements(ANNA, "r")

    assert heart_rate.name == "heart_rate"
    assert heart_rate.value == pytest.approx(60, rel=0.01)


async def test_a_stretch_outside_the_recording_is_refused(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute)

    with pytest.raises(InvalidRequest, match="30 s long"):
        await service.view(ANNA, "r", ViewKind.QRS, Stretch(start_s=40))


async def test_another_departments_record_is_not_found(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute)

    with pytest.raises(NotFound):
        await service.view(Caller("surgery", "ben"), "r", ViewKind.RAW, Stretch())


async def test_a_recording_too_large_for_memory_is_refused_unread(record: OneRecord, compute: Compute) -> None:
    holter = OneRecord(record._signal, replace(REF, samples=24 * 3600 * 1000))
    service = SignalAnalysis(holter, holter, compute)

    with pytest.raises(TooLarge, match="3955 MiB"):
        await service.view(ANNA, "r", ViewKind.RAW, Stretch())
