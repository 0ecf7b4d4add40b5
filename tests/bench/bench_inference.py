"""How much the platform adds to bare ONNX Runtime: over a dataset, and for a single file.

Everything is asked over REST, of the embedded platform in a process of its own. The floor runs the same model on the
same arrays, already prepared, with the same threads, in turns with the platform, because machines drift.
"""

import functools
import io
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS, Recording
from services.shared.model_contract import Manifest
from services.shared.preprocessing import prepare
from services.trainer.architectures import build
from services.trainer.interchange.onnx_export import architecture_to_onnx
from tests.bench.embedded import platform
from tests.bench.row import Row

RECORDS = 400
RECORDS_PER_UPLOAD = 100
RATE_HZ = 500
FLOOR_RECORDS = 128
BATCHES = (1, 2, 4, 8, 16, 32)
ROUNDS = 3
CALLS = 60
GOAL_RATIO = 0.6
GOAL_MS = 15.0
USUAL = "inception_time"
"""What the demonstration trains."""
LIGHTEST = "xception_time"
"""What leaves the least time for everything around the model."""


@dataclass(frozen=True)
class Bench:
    """A platform that has a model and a dataset, and the same model bare."""

    client: httpx.Client
    dataset_id: str
    file: bytes
    prepared: NDArray[np.float32]
    session: Any

    def answer(self, method: str, path: str, **more: Any) -> Any:
        """Make one call and return its JSON."""
        return _answer(self.client, method, path, **more)


def predict_dataset() -> Row:
    """Measure predictions per second over a dataset against the best rate of bare ONNX Runtime."""
    return _with_bench(functools.partial(_predict_dataset, "predict_dataset"), USUAL)


def predict_dataset_lightest() -> Row:
    """Measure the same with the lightest architecture."""
    return _with_bench(functools.partial(_predict_dataset, "predict_dataset_lightest"), LIGHTEST)


def predict_one() -> Row:
    """Measure what one inline prediction takes more than one bare run."""
    return _with_bench(_predict_one, LIGHTEST)


def _predict_dataset(row: str, bench: Bench) -> Row:
    # What is measured are random walks, whatever their quality.
    wanted = {"model": {"name": "bench"}, "dataset_id": bench.dataset_id, "min_quality": "any"}
    bench.answer("POST", "/predictions", json=wanted)
    value = floor = 0.0
    for _ in range(ROUNDS):
        floor = max(floor, *(_bare_rate(bench, size) for size in BATCHES))
        started = time.perf_counter()
        rows = bench.answer("POST", "/predictions", json=wanted)["predictions"]
        value = max(value, len(rows) / (time.perf_counter() - started))
        if len(rows) != RECORDS or any(row["error"] for row in rows):
            raise RuntimeError("Not every record was predicted.")
    ratio = value / floor
    return Row(row, value, "ECG/s", f"ratio >= {GOAL_RATIO}", ratio >= GOAL_RATIO, floor, ratio)


def _predict_one(bench: Bench) -> Row:
    fields = {"model": "bench", "version": "1", "sampling_rate_hz": str(RATE_HZ), "min_quality": "any"}
    parts = {"file": ("ecg.npy", bench.file, "application/octet-stream")}
    name = bench.session.get_inputs()[0].name
    call = functools.partial(bench.answer, "POST", "/predictions", data=fields, files=parts)
    bare = functools.partial(bench.session.run, None, {name: bench.prepared[:1]})
    call()
    bare()
    value, floor = _medians_ms(call, bare)
    holds = value - floor <= GOAL_MS
    return Row("predict_one", value, "ms", f"value - floor <= {GOAL_MS:g} ms", holds, floor, value / floor)


def _medians_ms(*measured: Callable[[], object]) -> list[float]:
    taken: list[list[float]] = [[] for _ in measured]
    for _ in range(CALLS):
        for times, each in zip(taken, measured, strict=True):
            started = time.perf_counter()
            each()
            times.append(1000 * (time.perf_counter() - started))
    return [statistics.median(times) for times in taken]


def _bare_rate(bench: Bench, size: int) -> float:
    name = bench.session.get_inputs()[0].name
    bench.session.run(None, {name: bench.prepared[:size]})
    started = time.perf_counter()
    for start in range(0, len(bench.prepared), size):
        bench.session.run(None, {name: bench.prepared[start : start + size]})
    return len(bench.prepared) / (time.perf_counter() - started)


def _with_bench(measure: Callable[[Bench], Row], architecture: str) -> Row:
    document = architecture_to_onnx(build(architecture, leads=12, samples=1000, outputs=5), 12, 1000)
    model = document.SerializeToString()
    rng = np.random.default_rng(0)
    signals = np.cumsum(rng.normal(0, 0.02, (RECORDS, 12, 10 * RATE_HZ)), axis=2).astype(np.float32)
    with platform() as client:
        imported = _answer(client, "POST", "/models", data={"name": "bench"}, files={"file": ("bench.onnx", model)})
        dataset_id = _answer(client, "POST", "/datasets", json={"name": "bench"})["dataset_id"]
        _upload(client, dataset_id, signals)
        contract = Manifest.model_validate(imported["manifest"]).input
        recordings = [Recording(signal, STANDARD_LEADS, RATE_HZ) for signal in signals[:FLOOR_RECORDS]]
        prepared = np.stack([prepare(recording, contract).signal for recording in recordings])
        return measure(Bench(client, dataset_id, _npy(signals[0]), prepared, _session(model)))


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _upload(client: httpx.Client, dataset_id: str, signals: NDArray[np.float32]) -> None:
    for start in range(0, len(signals), RECORDS_PER_UPLOAD):
        parts = [
            ("files", (f"{start + index}.npy", _npy(signal), "application/octet-stream"))
            for index, signal in enumerate(signals[start : start + RECORDS_PER_UPLOAD])
        ]
        fields = {"sampling_rate_hz": str(RATE_HZ)}
        report = _answer(client, "POST", f"/datasets/{dataset_id}/records", data=fields, files=parts)
        if report["refused"]:
            raise RuntimeError(f"{report['refused']} records were refused.")


def _answer(client: httpx.Client, method: str, path: str, **more: Any) -> Any:
    response = client.request(method, path, **more)
    response.raise_for_status()
    return response.json()


def _npy(signal: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, signal)
    return buffer.getvalue()


BENCHES = {
    "predict_dataset": predict_dataset,
    "predict_dataset_lightest": predict_dataset_lightest,
    "predict_one": predict_one,
}
