"""What the package of services sees to."""

import subprocess
import sys

import pytest

from tests.platforms import PYTHONPATH


@pytest.mark.parametrize("module", ["services.inference.runtime.onnx", "services.trainer.worker", "services.trainer"])
def test_onnx_runtime_is_told_to_report_nothing_before_it_is_loaded(module: str) -> None:
    watch = (
        "import os, sys, importlib.abc\n"
        "class Watch(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name != 'onnxruntime' or os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
        "sys.meta_path.insert(0, Watch())\n"
        f"import {module}\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", watch], env={"PYTHONPATH": PYTHONPATH}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
