"""The port: something that runs a model on arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]
"""(N, leads, samples), prepared."""
Outputs = Mapping[str, NDArray[np.float32]]
"""One array per output, each with N rows."""


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output of a model."""

    name: str
    datatype: str
    """In the words of the Open Inference Protocol, e.g. "FP32"."""
    shape: tuple[int, ...]
    """-1 where it is free."""


class ModelRuntime(Protocol):
    """One model, loaded; safe to call from several threads."""

    @property
    def inputs(self) -> tuple[TensorFacts, ...]:
        """What it takes."""
        ...

    @property
    def outputs(self) -> tuple[TensorFacts, ...]:
        """What it gives."""
        ...

    @property
    def providers(self) -> tuple[str, ...]:
        """What it really runs on, e.g. "CPUExecutionProvider"."""
        ...

    @property
    def runs_at_once(self) -> int:
        """How many runs beside each other give the best rate."""
        ...

    def run(self, batch: Batch) -> Outputs:
        """Run one batch beside others; blocks. Raises InvalidModel where the model fails on it."""
        ...

    def run_alone(self, batch: Batch) -> Outputs:
        """Run one batch as quickly as can be, where nothing else waits; otherwise like run."""
        ...


class RuntimeLoader(Protocol):
    """Makes a model file into something that runs; blocks."""

    def __call__(self, document: bytes) -> ModelRuntime:
        """Load a model; raises InvalidModel where that cannot be done."""
        ...
