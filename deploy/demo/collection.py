"""The labelled ECGs that the demonstration uploads: synthesized ones, or those of a folder of arrays."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.files import WRITERS, write_labels
from deploy.demo.pathologies import PATHOLOGIES, SCP_CODE, TITLE
from deploy.demo.synthesis import synthesize
from services.shared.errors import InvalidRequest

TRAINING_ECGS_PER_PATHOLOGY: Final = 30
VALIDATION_ECGS_PER_PATHOLOGY: Final = 9
SYNTHESIZED_RATE_HZ: Final = 500
SYNTHESIZED_EPOCHS: Final = 8

ARRAY_RATE_HZ: Final = 100
ARRAY_EPOCHS: Final = 10
ARRAY_DIMENSIONS: Final = 3
SIGNALS_SUFFIX: Final = "_signals.npy"
LABELS_SUFFIX: Final = "_labels.csv"


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder of ECG files to be uploaded as one dataset, and their labels."""

    folder: Path
    labels: Path
    """CSV: file_name,label,ICD-10."""


@dataclass(frozen=True, slots=True)
class DemoData:
    """What one run of the demonstration works on."""

    title: str
    training: Collection
    validation: Collection
    declared: Mapping[str, str]
    """What is declared of files that do not say it themselves."""
    preprocessing: str
    max_epochs: int
    label_titles: Mapping[str, str]
    """What each label means, for people."""


def synthesized(folder: Path, *, seed: int = 0) -> DemoData:
    """Synthesize ECGs of every pathology, a third of them in each of three formats."""
    first_validation = TRAINING_ECGS_PER_PATHOLOGY
    last = first_validation + VALIDATION_ECGS_PER_PATHOLOGY
    return DemoData(
        title="Synthesized 12-lead ECGs of seven diagnoses",
        training=_synthesize(folder / "train", seed, range(first_validation)),
        validation=_synthesize(folder / "validation", seed, range(first_validation, last)),
        declared={"sampling_rate_hz": str(SYNTHESIZED_RATE_HZ)},
        preprocessing="exchangeai",
        max_epochs=SYNTHESIZED_EPOCHS,
        label_titles={SCP_CODE[each]: TITLE[each] for each in PATHOLOGIES},
    )


def of_arrays(data: Path, folder: Path) -> DemoData:
    """Take the ECGs of `train_signals.npy` and `val_signals.npy`, (records, 12, samples) at 100 Hz, with their labels.

    Raises InvalidRequest where the folder holds something else.
    """
    training, validation = (_split(data, folder / name, name) for name in ("train", "val"))
    return DemoData(
        title=f"The ECGs of {data.name}",
        training=training,
        validation=validation,
        declared={"sampling_rate_hz": str(ARRAY_RATE_HZ)},
        preprocessing="none",
        max_epochs=ARRAY_EPOCHS,
        label_titles={},
    )


def _synthesize(folder: Path, seed: int, numbers: range) -> Collection:
    folder.mkdir(parents=True)
    labelled = []
    for kind, pathology in enumerate(PATHOLOGIES):
        for number in numbers:
            suffix = tuple(WRITERS)[number % len(WRITERS)]
            path = folder / f"{pathology}_{number:03d}{suffix}"
            recording = synthesize(pathology, seed=seed + 1000 * kind + number, rate_hz=SYNTHESIZED_RATE_HZ)
            WRITERS[suffix](recording, path)
            labelled.append((path.name, pathology))
    return Collection(folder, write_labels(folder.with_suffix(".labels.csv"), labelled))


def _split(data: Path, folder: Path, name: str) -> Collection:
    signals_path, labels_path = data / f"{name}{SIGNALS_SUFFIX}", data / f"{name}{LABELS_SUFFIX}"
    for path in (signals_path, labels_path):
        if not path.is_file():
            raise InvalidRequest(f"{path} is not there. Expected {name}{SIGNALS_SUFFIX} and {name}{LABELS_SUFFIX}.")
    signals = np.load(signals_path, mmap_mode="r", allow_pickle=False)
    rows = list(_labels(labels_path))
    if signals.ndim != ARRAY_DIMENSIONS or len(signals) != len(rows):
        raise InvalidRequest(f"{signals_path} has shape {signals.shape}, but {labels_path} has {len(rows)} rows.")
    folder.mkdir(parents=True)
    return _write(folder, signals, rows)


def _labels(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every row's identifier and the names of the columns that say 1."""
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        first, *classes = table.fieldnames or ["", ""]
        for row in table:
            yield row[first], tuple(name for name in classes if float(row[name]) > 0)


def _write(folder: Path, signals: NDArray[np.floating], rows: list[tuple[str, tuple[str, ...]]]) -> Collection:
    labels = folder.with_suffix(".labels.csv")
    with labels.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file_name", "label", "ICD-10"])
        for signal, (identifier, classes) in zip(signals, rows, strict=True):
            path = folder / f"{identifier}.npy"
            with path.open("wb") as target:
                np.save(target, np.asarray(signal, dtype=np.float32), allow_pickle=False)
            table.writerow([path.name, ";".join(classes), ""])
    return Collection(folder, labels)
