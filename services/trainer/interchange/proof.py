"""The proof that an ONNX model and a network are the same function."""

from typing import Final

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from onnxruntime.capi import onnxruntime_pybind11_state as failures
from torch import nn

from services.shared.errors import InvalidModel
from services.shared.observability.logs import get_logger
from services.trainer.interchange.reading import graph_input

TOLERANCE: Final = 1e-4
BATCHES: Final = (1, 3)

_RUNTIME_ERRORS: Final = (
    failures.EPFail,
    failures.Fail,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NotImplemented,
    failures.RuntimeException,
)
"""ONNX Runtime's errors have no base of their own."""

_log = get_logger(__name__)


def prove_same(model: ModelProto, network: nn.Module, signals: NDArray[np.float32]) -> float:
    """Return the greatest difference between ONNX Runtime and torch on signals (n, leads, samples), n at least 3.

    Compared on the CPU in batches of one and of three; raises InvalidModel where they differ by more than 1e-4.
    """
    greatest = 0.0
    network = network.to("cpu").eval()
    try:
        session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        for size in BATCHES:
            batch = np.ascontiguousarray(signals[-size:], np.float32)
            (theirs,) = session.run(None, {graph_input(model.graph).name: batch})
            with torch.inference_mode():
                ours = network(torch.from_numpy(batch)).numpy()
            greatest = max(greatest, _difference(theirs, ours))
    except (*_RUNTIME_ERRORS, RuntimeError) as error:
        _log.warning("model_does_not_run", exc_info=error)
        raise InvalidModel(
            "The model does not run for both one and three ECGs at a time; export it with a dynamic batch."
        ) from error
    if not greatest <= TOLERANCE:
        raise InvalidModel(
            f"ONNX Runtime and torch differ by {greatest:.2g} on the same ECGs; at most {TOLERANCE:g} is accepted."
        )
    return greatest


def noise(leads: int, samples: int) -> NDArray[np.float32]:
    """Return three random signals (3, leads, samples) of about one millivolt, always the same."""
    return np.random.default_rng(0).standard_normal((max(BATCHES), leads, samples)).astype(np.float32)


def _difference(theirs: NDArray[np.float32], ours: NDArray[np.float32]) -> float:
    if theirs.shape != ours.shape:
        raise InvalidModel(f"ONNX Runtime answers in the shape {theirs.shape}, torch in {ours.shape}.")
    return float(np.abs(theirs - ours).max())
