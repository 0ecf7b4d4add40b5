"""The use cases, with records and signals that lie in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.shared.caching import ShortMemory
from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.errors import InvalidRequest, NotFound, TooLarge
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.signal_analysis.compute import Compute
from services.signal_analysis.filters import Filters
from services.signal_analysis.paper.drawing import Paper
from services.signal_analysis.ports import Known
from services.signal_analysis.service import Look, SignalAnalysis
from services.signal_analysis.view import ViewKind
from services.signal_analysis.view_file import FileFormat, Form
from services.signal_analysis.window import Stretch, Window

ANNA = Caller("cardiology", "anna")
REF = SignalRef("signals/cardiology/d/1.npy", 0, STANDARD_LEADS, 15_000, 500.0)


class OneRecord:
    """Knows record "r" of cardiology, and reads its signal."""

    def __init__(self, signal: Signal, ref: SignalRef = REF) -> None:
        self.ref = ref
        self.sha256 = "ab"
        self.erased = False
        self.reads = 0
        self._signal = signal

    async def known(self, caller: Caller, record_id: str) -> Known:
        if self.erased or (caller.tenant, record_id) != ("cardiology", "r"):
            raise NotFound(f"There is no record {record_id!r}.")
        return Known(self.ref, self.sha256, "2026-01-05T08:12:00", "from 0.05 Hz to 150 Hz")

    async def read(self, ref: SignalRef) -> Signal:
        self.reads += 1
        return self._signal


def memory() -> ShortMemory[Any]:
    return ShortMemory(max_bytes=1 << 24, seconds=60)


PNG = Form(FileFormat.PNG, Paper())


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    compute = Compute()
    yield compute
    await compute.close()


@pytest.fixture
def record(make_window: Callable[..., Window]) -> OneRecord:
    return OneRecord(make_window(duration_s=30.0).signal)


async def test_a_view_shows_the_stretch_asked_for(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    view = (await service.view(ANNA, "r", Look(ViewKind.RAW, Stretch(start_s=12, duration_s=5)))).made

    assert view is not None
    assert view.start_s == 12
    assert view.signal is not None
    assert view.signal.shape == (12, 2500)


async def test_the_heart_rate_is_measured_on_the_whole_recording(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    heart_rate, *_ = await service.measurements(ANNA, "r")

    assert heart_rate.name == "heart_rate"
    assert heart_rate.value == pytest.approx(60, rel=0.01)


async def test_a_stretch_outside_the_recording_is_refused(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    with pytest.raises(InvalidRequest, match="30 s long"):
        await service.view(ANNA, "r", Look(ViewKind.QRS, Stretch(start_s=40)))


async def test_another_departments_record_is_not_found(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    with pytest.raises(NotFound):
        await service.view(Caller("surgery", "ben"), "r", Look(ViewKind.RAW, Stretch()))


async def test_a_recording_too_large_for_memory_is_refused_unread(record: OneRecord, compute: Compute) -> None:
    holter = OneRecord(record._signal, replace(REF, samples=24 * 3600 * 1000))
    service = SignalAnalysis(holter, holter, compute, memory())

    with pytest.raises(TooLarge, match="3955 MiB"):
        await service.view(ANNA, "r", Look(ViewKind.RAW, Stretch()))


async def test_a_view_is_made_once_and_named_by_what_it_is_made_of(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())
    look = Look(ViewKind.RAW)

    first = await service.view(ANNA, "r", look)
    second = await service.view(ANNA, "r", look)
    known = await service.view(ANNA, "r", look, known_etag=first.etag)
    other = await service.view(ANNA, "r", Look(ViewKind.RAW, filters=Filters(low_pass_hz=40)))

    assert second.made is first.made
    assert known.made is None
    assert (second.etag, known.etag) == (first.etag, first.etag)
    assert other.etag != first.etag


async def test_an_erased_record_has_no_view_though_one_is_kept(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())
    etag = (await service.view(ANNA, "r", Look(ViewKind.RAW))).etag

    record.erased = True

    with pytest.raises(NotFound):
        await service.view(ANNA, "r", Look(ViewKind.RAW), known_etag=etag)
    with pytest.raises(NotFound):
        await service.file(ANNA, "r", Look(ViewKind.RAW), PNG)


async def test_other_content_is_another_view(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())
    etag = (await service.view(ANNA, "r", Look(ViewKind.RAW))).etag

    record.sha256 = "cd"
    answer = await service.view(ANNA, "r", Look(ViewKind.RAW), known_etag=etag)

    assert answer.etag != etag
    assert answer.made is not None


async def test_a_file_is_made_once_and_its_signal_read_once(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    first = await service.file(ANNA, "r", Look(ViewKind.RAW), PNG)
    second = await service.file(ANNA, "r", Look(ViewKind.RAW), PNG)
    await service.file(ANNA, "r", Look(ViewKind.RAW), Form(FileFormat.SVG, Paper()))

    assert second.made is first.made
    assert first.made is not None
    assert first.made.name == "r-raw-0s.png"
    assert record.reads == 1


async def test_a_filtered_file_is_named_after_its_filter(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())
    look = Look(ViewKind.RAW, filters=Filters(0.5, 150, 50))

    answer = await service.file(ANNA, "r", look, Form(FileFormat.CSV, Paper()))

    assert answer.made is not None
    assert answer.made.name == "r-raw-0s-0.5-150-hz-50-hz-notch.csv"


async def test_a_page_holds_ten_seconds(record: OneRecord, compute: Compute) -> None:
    service = SignalAnalysis(record, record, compute, memory())

    with pytest.raises(InvalidRequest, match="A page holds 10 s"):
        await service.file(ANNA, "r", Look(ViewKind.RAW, Stretch(duration_s=20)), PNG)


def test_only_the_raw_view_takes_filters() -> None:
    with pytest.raises(InvalidRequest, match="'qrs' takes none"):
        Look(ViewKind.QRS, filters=Filters(notch_hz=50))
