import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tree import ROOT

UV: Final = Path(sys.executable).parent / "uv"
ROOMS: Final = {
    "gateway": "gateway",
    "ingest": "services.ingest",
    "signal-analysis": "services.signal_analysis",
    "inference": "services.inference",
    "trainer-cpu": "services.trainer",
    "exchange": "services.exchange",
}
"""Lock and package. The trainer's own process starts without torch: its workers bring it."""


@pytest.mark.parametrize(("lock", "room"), ROOMS.items(), ids=ROOMS)
def test_a_room_starts_with_the_packages_of_its_image_and_no_others(lock: str, room: str, tmp_path: Path) -> None:
    python = tmp_path / "venv/bin/python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv"], check=True)
    install: list[str | Path] = [
        UV,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--python",
        python,
        ROOT / f"locks/{lock}.txt",
    ]
    subprocess.run(install, check=True)

    path = f"{ROOT}:{ROOT / 'proto/gen'}"
    started = subprocess.run(
        [python, "-c", f"import {room}.bootstrap"],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.stderr == ""
