"""How many processes a container has room for."""

import os
from pathlib import Path

import pytest

from services.signal_analysis.batch.capacity import PROCESS_BYTES, processes


@pytest.fixture
def sixteen_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


@pytest.mark.usefixtures("sixteen_cores")
@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        ("max 100000", "max", 16),
        ("250000 100000", "max", 3),
        ("max 100000", str(8 * PROCESS_BYTES), 4),
        ("50000 100000", str(PROCESS_BYTES), 1),
    ],
)
def test_a_container_bounds_them(tmp_path: Path, cpu: str, memory: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(cpu + "\n")
    (tmp_path / "memory.max").write_text(memory + "\n")

    assert processes(tmp_path) == expected


@pytest.mark.usefixtures("sixteen_cores")
def test_without_a_container_there_is_one_per_core(tmp_path: Path) -> None:
    assert processes(tmp_path) == 16
