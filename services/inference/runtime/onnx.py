"""ONNX Runtime as the runtime of models."""

import os
from typing import Any, Final

import numpy as np
import onnxruntime

from services.inference.runtime.base import Batch, Outputs, TensorFacts
from services.inference.settings import RuntimeSettings
from services.shared.errors import InvalidModel
from services.shared.observability.logs import get_logger

CPU: Final = "CPUExecutionProvider"
ERRORS_ONLY: Final = 3

_DATATYPES: Final = {
    "tensor(float)": "FP32",
    "tensor(float16)": "FP16",
    "tensor(double)": "FP64",
    "tensor(int64)": "INT64",
    "tensor(int32)": "INT32",
    "tensor(bool)": "BOOL",
}
_log = get_logger(__name__)


class OnnxLoader:
    """Makes ONNX files into sessions, on the wanted providers as far as they are there."""

    def __init__(self, settings: RuntimeSettings) -> None:
        there = onnxruntime.get_available_providers()
        absent = [each for each in settings.providers if each not in there]
        if absent:
            _log.warning("execution_provider_absent", wanted=absent, available=there)
        # ONNX Runtime falls back silently; asking only for what is there keeps the report and the run the same.
        self._providers = [*(each for each in settings.providers if each in there and each != CPU), CPU]
        self._threads = settings.threads or usable_cores()
        on_cpu = self._providers == [CPU]
        self.runs_at_once = settings.runs_at_once or (self._threads if on_cpu else 1)
        """How many runs beside each other give the best rate."""

    @property
    def providers(self) -> tuple[str, ...]:
        """What sessions are asked to run on."""
        return tuple(self._providers)

    def __call__(self, document: bytes) -> "OnnxRuntime":
        """Load a model; raises InvalidModel where ONNX Runtime refuses it."""
        beside = self._session(document, max(1, self._threads // self.runs_at_once))
        alone = beside if self.runs_at_once == 1 else self._session(document, self._threads)
        return OnnxRuntime(beside, alone, runs_at_once=self.runs_at_once)

    def _session(self, document: bytes, threads: int) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        # Spinning threads take the cores from preparation and from other models: several times slower when shared.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(document, options, providers=self._providers)
        except Exception as error:
            _log.warning("model_not_loaded", error=type(error).__name__)
            raise InvalidModel("ONNX Runtime cannot load this model. Export it again, or in a lower opset.") from error


class OnnxRuntime:
    """One model in two sessions with threads of their own.

    Several runs of one thread each give a better rate than one run of several threads, which wait for each other in
    every layer; but who comes alone is answered sooner by all cores.
    """

    def __init__(self, beside: Any, alone: Any, *, runs_at_once: int) -> None:
        self._beside = beside
        self._alone = alone
        self.inputs = tuple(_facts(each) for each in alone.get_inputs())
        one_ecg = self.inputs[0].shape[0] == 1
        self.outputs = tuple(_facts(each) for each in alone.get_outputs() if _has_rows(each, one_ecg=one_ecg))
        self.providers: tuple[str, ...] = tuple(alone.get_providers())
        self.runs_at_once = runs_at_once
        self._names = [each.name for each in self.outputs]

    def run(self, batch: Batch) -> Outputs:
        """Run one batch beside others; raises InvalidModel where the model fails on it."""
        return self._run(self._beside, batch)

    def run_alone(self, batch: Batch) -> Outputs:
        """Run one batch with all cores; raises InvalidModel where the model fails on it."""
        return self._run(self._alone, batch)

    def _run(self, session: Any, batch: Batch) -> Outputs:
        try:
            values = session.run(self._names, {self.inputs[0].name: batch})
        except Exception as error:
            _log.warning("model_run_failed", error=type(error).__name__, shape=batch.shape)
            raise InvalidModel(f"ONNX Runtime cannot run this model on an input of shape {batch.shape}.") from error
        return {name: np.asarray(value, np.float32) for name, value in zip(self._names, values, strict=True)}


def usable_cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0))


def _has_rows(value: Any, *, one_ecg: bool) -> bool:
    """Say whether an output is float32 with a row per ECG; other outputs are not asked for."""
    rows = value.shape[0] if value.shape else 0
    return value.type == "tensor(float)" and (not isinstance(rows, int) or (one_ecg and rows == 1))


def _facts(value: Any) -> TensorFacts:
    shape = tuple(each if isinstance(each, int) else -1 for each in value.shape)
    return TensorFacts(value.name, _DATATYPES.get(value.type, value.type), shape)
