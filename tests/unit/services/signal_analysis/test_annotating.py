"""What is measured on one record, for others: asked of the engine once, and of nobody where the signal is too large."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS, Recording, Signal
from services.shared.errors import InvalidRequest, TooLarge
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.signal_analysis.annotating import Annotator, Engine
from services.signal_analysis.compute import Compute
from services.signal_analysis.fhir import Study
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.measuring import PlacedWave

ANNA = Caller("cardiology", "anna")
RATE, QRS = Measurement("heart_rate", 60.0, "/min"), PlacedWave("QRS", 210, 255)


class OneRecord:
    """Knows one record, and reads its signal."""

    def __init__(self, samples: int = 5000) -> None:
        self.ref = SignalRef("signals/cardiology/d/1.npy", 0, STANDARD_LEADS, samples, 500.0)
        self.reads = 0

    async def study(self, caller: Caller, record_id: str) -> tuple[Study, SignalRef]:
        return Study(record_id), self.ref

    async def read(self, ref: SignalRef) -> Signal:
        self.reads += 1
        return np.zeros((len(ref.leads), ref.samples), np.float32)


class Bench:
    """An engine that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def measure(self, recording: Recording) -> tuple[Measurement, ...]:
        self.asked.append("measure")
        return (RATE,)

    def annotate(self, recording: Recording) -> tuple[tuple[Measurement, ...], tuple[PlacedWave, ...]]:
        self.asked.append("annotate")
        return (RATE,), (QRS,)


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    compute = Compute()
    yield compute
    await compute.close()


def annotator(record: OneRecord, compute: Compute, bench: Bench) -> Annotator:
    return Annotator(record, record, compute, Engine("7", bench.measure, bench.annotate))


async def test_measurements_and_waves_come_of_one_call(compute: Compute) -> None:
    record, bench = OneRecord(), Bench()

    found = await annotator(record, compute, bench).annotate(ANNA, "r")

    assert (found.measurements, found.waves, found.source) == ((RATE,), (QRS,), "Einthoven 7")
    assert (bench.asked, record.reads) == (["annotate"], 1)


async def test_a_report_needs_no_waves(compute: Compute) -> None:
    bench = Bench()

    await annotator(OneRecord(), compute, bench).export(ANNA, "r", "fhir")

    assert bench.asked == ["measure"]


async def test_a_recording_of_a_day_is_too_large_for_both(compute: Compute) -> None:
    record, bench = OneRecord(24 * 3600 * 1000), Bench()

    with pytest.raises(TooLarge, match="3955 MiB"):
        await annotator(record, compute, bench).annotate(ANNA, "r")
    with pytest.raises(TooLarge, match="3955 MiB"):
        await annotator(record, compute, bench).export(ANNA, "r", "fhir")

    assert (bench.asked, record.reads) == ([], 0)


async def test_an_unknown_format_is_refused_by_name(compute: Compute) -> None:
    with pytest.raises(InvalidRequest, match="'xlsx'"):
        await annotator(OneRecord(), compute, Bench()).export(ANNA, "r", "xlsx")
