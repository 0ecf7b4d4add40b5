"""The judge itself: every way in which a reader could break its contract is seen."""

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Acquisition, DeviceMeasurement
from services.shared.ecg import Recording, Remark
from services.shared.errors import Internal, UnreadableFile
from tests.fuzz import contract
from tests.fuzz.contract import Watch, judge
from tests.fuzz.samples import Sample

FILE = Sample(UploadedFile("a", b"x"))
SIGNAL = np.zeros((1, 9), np.float32)


@dataclass
class Reader:
    """A format whose reader does what a test says."""

    act: Callable[[], object]
    NAME = "planted"
    ABOUT = About("", "", "", "", "", ())

    def sniff(self, file: UploadedFile) -> bool:
        return True

    def read(self, file: UploadedFile, declaration: Declaration) -> Recording:
        found = self.act()
        return found if isinstance(found, Recording) else Recording(SIGNAL, ("I",), 500)


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


def refusing(detail: str, kind: type[BaseException] = UnreadableFile) -> Callable[[], object]:
    def refuse() -> object:
        raise kind(detail)

    return refuse


def recording(**more: object) -> Callable[[], object]:
    return lambda: Recording(**({"signal": SIGNAL, "leads": ("I",), "rate_hz": 500} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (lambda: None, "read"),
        (refusing("It is no ECG."), "refused"),
        (refusing("oops", ValueError), "raised ValueError"),
        (refusing("oops", SystemExit), "raised SystemExit"),
        (refusing("oops", Internal), "raised Internal"),
        (refusing("a\0b"), "unsayable"),
        (refusing("x" * 2000), "long-winded"),
        (recording(signal=np.full((1, 9), 1e9, np.float32)), "absurd"),
        (recording(signal=np.full((1, 9), np.inf, np.float32)), "absurd"),
        (recording(age_years=900.0), "absurd"),
        (recording(remarks=(Remark("a", "b\ud800"),)), "unsayable"),
        (recording(acquisition=Acquisition(statements=("Sinus\0",))), "unsayable"),
        (recording(acquisition=Acquisition(acquired_at="yesterday")), "cannot be kept: ValueError"),
        (
            recording(acquisition=Acquisition(measurements=(DeviceMeasurement("p_axis", float("nan"), "deg"),))),
            "cannot be kept: ValueError",
        ),
        (lambda: Path("/etc/hostname").read_bytes(), "touched"),
        (lambda: os.listdir("/"), "touched"),  # noqa: PTH208 what a library would call
        (lambda: pickle.loads(pickle.dumps(Declaration())), "touched"),  # noqa: S301 to see that it is seen
    ],
)
def test_what_a_reader_does_is_judged(watch: Watch, act: Callable[[], object], outcome: str) -> None:
    assert judge(Reader(act), FILE, watch).outcome == outcome


def test_a_slow_reader_is_seen_unless_it_is_quick_at_another_try(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "MAX_SECONDS", -1.0)
    calls: list[int] = []

    assert judge(Reader(lambda: calls.append(1)), FILE, watch).outcome == "slow"
    assert len(calls) == contract.TRIES


def test_a_greedy_reader_is_seen(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "MAX_GROWN_BYTES", -1)

    assert judge(Reader(lambda: None), FILE, watch).outcome == "greedy"
