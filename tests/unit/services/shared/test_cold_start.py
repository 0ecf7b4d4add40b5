"""What a process loads before it is ready: on a cluster, seconds of it are seconds in which nobody takes over."""

import subprocess
import sys

import pytest

from tests.platforms import PYTHONPATH

SLOW = {"torch", "onnxruntime", "onnx", "scipy", "sklearn", "pandas", "neurokit2", "rlign", "matplotlib", "wfdb"}
SLOW |= {"pydicom", "h5py", "alembic", "captum", "kubernetes_asyncio"}
NEEDED = {
    "gateway": set[str](),
    "services.ingest": set[str](),
    "services.exchange": {"onnx"},
    "services.signal_analysis": {"scipy"},
    "services.inference": {"scipy", "onnxruntime"},
    "services.trainer": set[str](),
}
"""What each works with from its first call on."""


@pytest.mark.parametrize("deployable", NEEDED)
def test_a_deployable_loads_nothing_slow_that_it_may_load_later(deployable: str) -> None:
    told = f"import sys, {deployable}.bootstrap; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", told], env={"PYTHONPATH": PYTHONPATH}, capture_output=True, text=True, check=True
    )

    assert SLOW & set(done.stdout.split()) <= NEEDED[deployable]
