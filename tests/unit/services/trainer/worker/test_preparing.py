"""Snapshots become arrays, once; an ECG that cannot be used costs no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from services.shared.errors import InvalidRequest
from services.shared.model_contract import PRESETS, InputContract
from services.shared.storage.filesystem import FolderStore
from services.trainer.worker.preparing import Preparer, derived_key
from tests.unit.services.trainer.rooms import RATE_HZ, SAMPLES, upload

CONTRACT = InputContract(tensor="ecg", rate_hz=RATE_HZ, samples=SAMPLES)


def preparer(store: FolderStore, folder: Path) -> tuple[Preparer, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    return Preparer(store, folder, lambda done, total: told.append((done, total))), told


def left_over(folder: Path) -> list[Path]:
    return list(folder.glob("*.npy"))


async def test_the_records_come_in_their_order_and_are_kept(store: FolderStore, tmp_path: Path) -> None:
    snapshot = await upload(store, records=70)
    first, told = preparer(store, tmp_path)
    second, untold = preparer(store, tmp_path)

    prepared = await first.prepared("cardiology", snapshot, CONTRACT)
    again = await second.prepared("cardiology", snapshot, CONTRACT)

    key = derived_key("cardiology", snapshot, CONTRACT)
    assert prepared.signals.shape == (70, 12, SAMPLES)
    assert (prepared.signals[1::2, 0].mean(axis=1) > 1).all()
    assert np.array_equal(again.signals, prepared.signals)
    assert (told, untold) == ([(64, 70), (70, 70)], [])
    assert key.startswith("derived/cardiology/d1/3-")
    assert not left_over(tmp_path)
    kept = tmp_path / "objects" / f"{key}.npy"
    assert npy.open_memmap(kept, mode="r").dtype == np.float32


async def test_another_preprocessing_is_another_array(store: FolderStore) -> None:
    snapshot = await upload(store, records=4)
    other = CONTRACT.model_copy(update={"preprocessing": PRESETS["exchangeai"]})
    renamed = CONTRACT.model_copy(update={"tensor": "arg0"})

    keys = {derived_key("cardiology", snapshot, each) for each in (CONTRACT, other, renamed)}

    assert len(keys) == 2


async def test_an_ecg_with_a_gap_is_left_out_with_the_reason(store: FolderStore, tmp_path: Path) -> None:
    snapshot = await upload(store, records=6, gap_in=2)
    first, _ = preparer(store, tmp_path)
    second, _ = preparer(store, tmp_path)

    prepared = await first.prepared("cardiology", snapshot, CONTRACT)
    again = await second.prepared("cardiology", snapshot, CONTRACT)

    assert prepared.kept().tolist() == again.kept().tolist() == [0, 1, 3, 4, 5]
    assert "not recorded" in prepared.excluded[2]


async def test_an_array_that_does_not_fit_is_refused(store: FolderStore, tmp_path: Path) -> None:
    snapshot = await upload(store, records=4)
    first, _ = preparer(store, tmp_path)
    await first.prepared("cardiology", snapshot, CONTRACT)
    key = derived_key("cardiology", snapshot, CONTRACT)
    wrong = tmp_path / "wrong.npy"
    np.save(wrong, np.zeros((1, 12, 3), np.float32))
    await store.put(f"{key}.npy", wrong.read_bytes())

    with pytest.raises(InvalidRequest, match="do not fit"):
        await first.prepared("cardiology", snapshot, CONTRACT)


async def test_an_ecg_that_was_never_judged_is_judged_on_the_way(store: FolderStore, tmp_path: Path) -> None:
    noise = await upload(store, records=3)
    never = replace(noise.records[1], grade=None)
    snapshot = replace(noise, records=(noise.records[0], never, noise.records[2]), floor="poor")
    first, _ = preparer(store, tmp_path)
    second, _ = preparer(store, tmp_path)

    prepared = await first.prepared("cardiology", snapshot, CONTRACT)
    whole = await second.prepared("cardiology", replace(snapshot, floor="any"), CONTRACT)

    assert prepared.excluded == {1: "The quality is unusable; asked for was poor or better."}
    assert whole.excluded == {}
