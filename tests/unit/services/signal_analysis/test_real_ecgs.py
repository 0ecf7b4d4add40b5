"""Real ECGs: LUDB with its cardiologists' annotations, devices' files with the heart rates that they printed."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import wfdb
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from services.signal_analysis import rhythm
from services.signal_analysis.delineation import delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.window import Window


def ludb(folder: Path, number: int) -> Window:
    record = wfdb.rdrecord(str(folder / "ludb" / str(number)))
    return Window(np.ascontiguousarray(record.p_signal.T, np.float32), STANDARD_LEADS, record.fs)


def annotated(folder: Path, number: int, symbol: str) -> NDArray[np.int64]:
    marks = wfdb.rdann(str(folder / "ludb" / str(number)), "ii")
    return np.array([at for at, found in zip(marks.sample, marks.symbol, strict=True) if found == symbol], np.int64)


def test_ludb_beats_are_found_and_few_others(data_dir: Path) -> None:
    found = missed = false = 0

    for number in range(1, 101):
        window = ludb(data_dir, number)
        peaks, marks = np.array(rhythm.find(window).r_peaks), annotated(data_dir, number, "N")
        reach = 0.075 * window.rate_hz
        near = np.abs(peaks[:, None] - marks) <= reach
        missed += int((~near.any(axis=0)).sum())
        found += int(near.any(axis=0).sum())
        # Only what lies between the first and the last annotated beat was looked at by the cardiologists.
        inner = (peaks >= marks[0] - reach) & (peaks <= marks[-1] + reach)
        false += int((inner & ~near.any(axis=1)).sum())

    assert found / (found + missed) >= 0.99
    assert found / (found + false) >= 0.99


def test_ludb_p_waves_are_found_in_sinus_rhythm_and_not_in_fibrillation(data_dir: Path) -> None:
    sinus, fibrillation = (1, 2, 9, 16, 22, 57, 70, 97), (8, 38, 44, 51, 88, 90, 93, 95)

    for number in sinus:
        window = ludb(data_dir, number)
        waves = delineate(window, find_beats(window)).waves
        peaks = np.array([wave.peak for wave in waves if wave.kind == "P"])
        near = np.abs(peaks[:, None] - annotated(data_dir, number, "p")).min(axis=0) <= 0.05 * window.rate_hz
        assert near.mean() >= 0.8, number
    for number in fibrillation:
        window = ludb(data_dir, number)
        waves = delineate(window, find_beats(window)).waves
        assert "P" not in {wave.kind for wave in waves}, number


def test_the_mean_rr_interval_that_a_device_printed_is_found(data_dir: Path) -> None:
    group = pydicom.dcmread(data_dir / "formats" / "dicom" / "pydicom_waveform_ecg.dcm").WaveformSequence[0]
    raw = np.frombuffer(group.WaveformData, "<i2").reshape(-1, group.NumberOfWaveformChannels).T
    window = Window((raw * 0.00125).astype(np.float32), STANDARD_LEADS, float(group.SamplingFrequency))

    found = rhythm.find(window)

    assert np.diff(found.r_peaks).mean() == pytest.approx(982, abs=2)
    assert found.heart_rate_bpm == pytest.approx(60_000 / 982, rel=0.01)
